import CJPEG

/// Decodes the centre square of JPEG files through libjpeg-turbo, within limits that hold before memory is spent.
///
/// The pixels equal those of OpenCV's `imread`: accurate integer DCT, smooth chroma upsampling, grey widened to three channels,
/// CMYK and YCCK turned to RGB by OpenCV's own integer formula. Of the metadata only the EXIF orientation survives.
public struct JPEGDecoder: Sendable {
    public var limits: ImageLimits

    public init(limits: ImageLimits = ImageLimits()) {
        self.limits = limits
    }

    /// Decodes a file held in memory. It is read to its end, though only the square is kept.
    ///
    /// Data that are missing or corrupt are an error, although libjpeg would fill them in with grey; surplus bytes before the
    /// end marker, which some phones write, are not.
    /// - Parameter threads: two take 0.7 to 0.85 of one's time, for 1.2 to 1.5 times the processor time. More are not used, nor for a photo
    ///   that is small or stored in several scans.
    /// - Throws: `ImagingError`.
    public func decode(_ bytes: UnsafeRawBufferPointer, threads: Int = 1) throws(ImagingError) -> Image {
        try decode(bytes, header: header(of: bytes), threads: threads)
    }

    /// The same for a file whose header was read before, by `header(of:)`.
    public func decode(_ bytes: UnsafeRawBufferPointer, header: JPEGHeader, threads: Int) throws(ImagingError) -> Image {
        try decode(bytes, header: header, upperShare: Self.upperShare(of: header, threads: threads))
    }

    /// What the file says of itself, within the limits. Nothing is decoded, and hardly any memory taken.
    /// - Throws: `ImagingError`.
    public func header(of bytes: UnsafeRawBufferPointer) throws(ImagingError) -> JPEGHeader {
        let header = try JPEGHeader(bytes)
        guard header.pixels <= limits.maximumPixels else {
            throw .tooManyPixels(width: header.width, height: header.height, limit: limits.maximumPixels)
        }
        guard header.scans <= limits.maximumScans else { throw .tooManyScans(limit: limits.maximumScans) }
        return header
    }

    /// The share of the upper rows, the first of two threads; 0 if one decodes all. The second must read the entropy-coded data of these rows as well, about
    /// half of what they cost: so with two thirds both take as long. Small photos take some milliseconds, and of several scans all are read
    /// before the first row.
    static func upperShare(of header: JPEGHeader, threads: Int) -> Double {
        threads > 1 && header.isInOneScan && header.pixels >= 1_000_000 ? 2.0 / 3 : 0
    }

    /// - Parameters:
    ///   - header: the file's own, within the limits.
    ///   - upperShare: of the square's rows, the upper ones, which a thread of their own decodes; 0 for a single thread.
    func decode(
        _ bytes: UnsafeRawBufferPointer, header: JPEGHeader, upperShare: Double
    ) throws(ImagingError) -> Image {
        let crop = header.storedSquare
        func decodeSquare(_ channels: Int, _ output: UnsafeMutableBufferPointer<UInt8>) throws(ImagingError) {
            guard let file = bytes.baseAddress, let output = output.baseAddress else { throw .empty }
            var square = mela_jpeg_square(
                file: file.assumingMemoryBound(to: UInt8.self), file_bytes: bytes.count, width: UInt32(header.width),
                height: UInt32(header.height), left: UInt32(crop.x), top: UInt32(crop.y), side: UInt32(crop.side),
                maximum_scans: Int32(limits.maximumScans), channels: Int32(channels), output: output)
            if let error = ImagingError(mela_jpeg_decode(&square, UInt32(Double(crop.side) * upperShare)), limits: limits) {
                throw error
            }
        }
        let pixels = try PrivateBytes(count: crop.side * crop.side * 3) { rgb throws(ImagingError) in
            guard header.components == 4 else { return try decodeSquare(3, rgb) }
            let cmyk = try PrivateBytes(count: crop.side * crop.side * 4) { cmyk throws(ImagingError) in try decodeSquare(4, cmyk)
            }
            cmyk.withBytes { Self.convertInvertedCMYK($0, to: rgb) }
        }
        return Image(
            storedWidth: header.width, storedHeight: header.height, orientation: header.orientation,
            isGreyscale: header.components == 1, square: pixels)
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

extension JPEGHeader {
    /// The centre square, where it is stored.
    var storedSquare: Crop {
        let swaps = orientation.swapsAxes
        let upright = Crop.centre(width: swaps ? height : width, height: swaps ? width : height)
        return orientation.stored(upright, width: width, height: height)
    }
}

extension ImagingError {
    /// Nil if the photo was decoded.
    fileprivate init?(_ result: mela_jpeg_result, limits: ImageLimits) {
        switch result {
        case MELA_JPEG_DECODED: return nil
        case MELA_JPEG_CUT_SHORT: self = .damaged("it is cut short")
        case MELA_JPEG_UNSUPPORTED: self = .unsupportedJPEG("its colours are stored in a way that is not read")
        case MELA_JPEG_OTHER_SIZE: self = .damaged("its headers contradict each other")
        case MELA_JPEG_TOO_MANY_SCANS: self = .tooManyScans(limit: limits.maximumScans)
        default: self = .damaged("its picture data are corrupt")
        }
    }
}
