import CTurboJPEG

/// Decodes JPEG files through libjpeg-turbo, within limits that hold before memory is spent.
///
/// The pixels equal those of OpenCV's `imread`: accurate integer DCT, smooth chroma upsampling, grey widened to three channels,
/// CMYK and YCCK turned to RGB by OpenCV's own integer formula. Of the metadata only the EXIF orientation survives.
public struct JPEGDecoder: Sendable {
    public var limits: ImageLimits

    public init(limits: ImageLimits = ImageLimits()) {
        self.limits = limits
    }

    /// Decodes a whole file held in memory.
    ///
    /// Data that are missing or corrupt are an error, although libjpeg would fill them in with grey; surplus bytes before the
    /// end marker, which some phones write, are not.
    /// - Throws: `ImagingError`.
    public func decode(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> Image {
        let header = try JPEGHeader(bytes)
        guard header.width * header.height <= limits.maximumPixels else {
            throw .tooManyPixels(width: header.width, height: header.height, limit: limits.maximumPixels)
        }
        guard header.scans <= limits.maximumScans else { throw .tooManyScans(limit: limits.maximumScans) }
        let session = try TurboJPEG()
        try session.readHeader(bytes, expecting: header)
        let pixels = try PrivateBytes(count: header.width * header.height * 3) { rgb throws(ImagingError) in
            if header.components == 4 {
                let cmyk = try PrivateBytes(count: header.width * header.height * 4) { cmyk throws(ImagingError) in
                    try session.decode(bytes, into: cmyk, header: header, format: TJPF_CMYK)
                }
                cmyk.withBytes { Self.convertInvertedCMYK($0, to: rgb) }
            } else {
                try session.decode(bytes, into: rgb, header: header, format: TJPF_RGB)
            }
        }
        return Image(
            storedWidth: header.width, storedHeight: header.height, orientation: header.orientation,
            isGreyscale: header.components == 1, pixels: pixels)
    }

    /// Adobe's inverted CMYK (255 = no ink) to RGB, as OpenCV's `icvCvt_CMYK2BGR_8u_C4C3R` computes it.
    private static func convertInvertedCMYK(_ cmyk: UnsafePointer<UInt8>, to rgb: UnsafeMutableBufferPointer<UInt8>) {
        for pixel in 0..<(rgb.count / 3) {
            let key = Int(cmyk[4 * pixel + 3])
            for channel in 0..<3 {
                rgb[3 * pixel + channel] = UInt8(key - ((255 - Int(cmyk[4 * pixel + channel])) * key) >> 8)
            }
        }
    }
}

/// One decompressor of TurboJPEG. tjInitDecompress, tjDestroy.
private final class TurboJPEG {
    private let handle: tjhandle

    init() throws(ImagingError) {
        guard let handle = tjInitDecompress() else { throw .damaged("the decoder could not be started") }
        self.handle = handle
    }

    deinit {
        tjDestroy(handle)
    }

    /// Holds libjpeg's reading of the header against ours, so that the size which was checked is the size which is decoded.
    func readHeader(_ bytes: UnsafeRawBufferPointer, expecting header: JPEGHeader) throws(ImagingError) {
        var width: Int32 = 0
        var height: Int32 = 0
        var subsampling: Int32 = 0
        var colorspace: Int32 = 0
        let status = tjDecompressHeader3(
            handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &width, &height, &subsampling,
            &colorspace)
        guard status == 0 || tjGetErrorCode(handle) == TJERR_WARNING.rawValue else { throw failure }
        guard Int(width) == header.width, Int(height) == header.height else {
            throw .damaged("its headers contradict each other")
        }
    }

    func decode(
        _ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>, header: JPEGHeader, format: TJPF
    ) throws(ImagingError) {
        func run(flags: Int32) -> Bool {
            tjDecompress2(
                handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), output.baseAddress,
                Int32(header.width), 0, Int32(header.height), Int32(format.rawValue), flags) == 0
        }
        if run(flags: TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) { return }
        // Padding in front of the end marker loses nothing: all rows are there. Any other warning means lost data.
        if message.contains("extraneous bytes before marker 0xd9") {
            if run(flags: TJFLAG_LIMITSCANS) || tjGetErrorCode(handle) == TJERR_WARNING.rawValue { return }
        }
        throw failure
    }

    private var message: String { String(cString: tjGetErrorStr2(handle)) }

    /// libjpeg's complaint in our words; its own text is fixed phrases with numbers, nothing of the picture.
    private var failure: ImagingError {
        let text = message
        if text.contains("Premature end") || text.contains("Unexpected end") || text.contains("EOI") {
            return .damaged("it is cut short")
        }
        if text.contains("color") || text.contains("subsampling") || text.contains("Unsupported") {
            return .unsupportedJPEG("its colours are stored in a way that is not read")
        }
        return .damaged("its picture data are corrupt")
    }
}
