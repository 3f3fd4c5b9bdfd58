import CTurboJPEG

/// Takes everything but the picture out of a JPEG file, and turns it upright, without decoding the picture. tjTransform.
///
/// Whatever else the file held (EXIF, GPS, XMP, thumbnails, colour profiles, comments, bytes behind its end) is not copied. The pixels are the
/// same; where turning would need a block that is cut off at the edge, that strip of at most 15 pixels is lost.
public struct JPEGCleaner: Sendable {
    public var limits: ImageLimits

    public init(limits: ImageLimits = ImageLimits()) {
        self.limits = limits
    }

    /// - Parameter bytes: a file that `JPEGDecoder` accepts.
    /// - Throws: `ImagingError`; `.unsupportedJPEG` for a subsampling that hardly any camera has.
    public func clean(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> [UInt8] {
        let header = try JPEGDecoder(limits: limits).header(of: bytes)
        guard let handle = tjInitTransform() else { throw .damaged("the decoder could not be started") }
        defer { tjDestroy(handle) }
        var transform = tjtransform()
        transform.op = Int32(header.orientation.operation.rawValue)
        transform.options = TJXOPT_COPYNONE | TJXOPT_TRIM
        var output: UnsafeMutablePointer<UInt8>?
        var count: UInt = 0
        defer { tjFree(output) }
        let status = tjTransform(
            handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), 1, &output, &count, &transform,
            TJFLAG_LIMITSCANS)
        guard status == 0 || tjGetErrorCode(handle) == TJERR_WARNING.rawValue, let output, count > 0 else {
            // The decoder takes any subsampling, tjTransform the usual ones only.
            if String(cString: tjGetErrorStr2(handle)).contains("subsampling") {
                throw .unsupportedJPEG("its colours are stored in a way that can't be turned upright without loss")
            }
            throw .damaged("its picture data are corrupt")
        }
        return Array(UnsafeBufferPointer(start: output, count: Int(count)))
    }
}

extension Orientation {
    /// How the stored picture is turned upright.
    fileprivate var operation: TJXOP {
        switch self {
        case .upright: TJXOP_NONE
        case .mirrored: TJXOP_HFLIP
        case .rotated180: TJXOP_ROT180
        case .flipped: TJXOP_VFLIP
        case .transposed: TJXOP_TRANSPOSE
        case .rotated90Clockwise: TJXOP_ROT90
        case .transversed: TJXOP_TRANSVERSE
        case .rotated90CounterClockwise: TJXOP_ROT270
        }
    }
}
