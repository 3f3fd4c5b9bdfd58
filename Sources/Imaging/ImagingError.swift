/// Why a file could not be read as a photo. A message never holds the file's name or any of its bytes.
public enum ImagingError: Error, Equatable, Sendable {
    /// The file has no bytes.
    case empty
    /// The file is not a JPEG; what it looks like instead, if that is known.
    case notJPEG(OtherFormat?)
    /// A kind of JPEG that is not read (12-bit, lossless, arithmetic coding, a colour space other than grey, YCbCr, RGB, CMYK, YCCK).
    case unsupportedJPEG(String)
    /// The file ends early or its data are corrupt.
    case damaged(String)
    /// More pixels than the limit.
    case tooManyPixels(width: Int, height: Int, limit: Int)
    /// More scans than the limit: a progressive file made to take very long.
    case tooManyScans(limit: Int)

    /// A file format that a phone or a browser may send in place of a JPEG.
    public enum OtherFormat: String, Sendable {
        case png = "PNG"
        case heic = "HEIC"
        case webp = "WebP"
        case gif = "GIF"
        case tiff = "TIFF"
        case bmp = "BMP"
        case avif = "AVIF"
        case pdf = "PDF"
        case dicom = "DICOM"
    }
}
