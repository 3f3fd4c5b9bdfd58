extension ImagingError {
    /// A stable name: the last part of a problem's type.
    public var code: String {
        switch self {
        case .empty: "image-empty"
        case .notJPEG: "image-not-jpeg"
        case .unsupportedJPEG: "image-unsupported"
        case .damaged: "image-damaged"
        case .tooManyPixels: "image-too-many-pixels"
        case .tooManyScans: "image-too-complex"
        }
    }

    /// What is wrong with the file and what to do about it, for the person who chose it.
    public var advice: String {
        switch self {
        case .empty:
            "The file is empty. Take or choose the photo again."
        case .notJPEG(.heic?), .notJPEG(.avif?):
            "The photo is a HEIC or AVIF file; only JPEG is read. On an iPhone choose Settings, Camera, Formats, Most Compatible, "
                + "or send the photo as JPEG."
        case .notJPEG(.dicom?):
            "The file is a DICOM object; only JPEG is read. Export the picture as JPEG."
        case .notJPEG(let other?):
            "The file is a \(other.rawValue) file; only JPEG is read. Save or export the picture as JPEG; take no screenshot of it."
        case .notJPEG(nil):
            "The file is not a JPEG photo. Choose a JPEG (.jpg) as a camera makes it."
        case .unsupportedJPEG(let reason):
            "This kind of JPEG is not read: \(reason). Save the picture as an ordinary 8-bit JPEG."
        case .damaged(let reason):
            "The photo is damaged: \(reason). Send it again, or take it again."
        case .tooManyPixels(let width, let height, let limit):
            "The photo has \(width) x \(height) pixels; at most \(limit / 1_000_000) megapixels are read. Save it smaller."
        case .tooManyScans(let limit):
            "The photo is stored in more than \(limit) scans. Save it as an ordinary JPEG."
        }
    }
}
