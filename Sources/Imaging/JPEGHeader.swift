#if canImport(Glibc)
    import Glibc
#endif

/// What the markers of a JPEG file say, read without decoding it: size, kind, number of scans, orientation.
///
/// Matches ITU-T T.81 (markers, annex B) and EXIF 2.32 (APP1).
public struct JPEGHeader: Equatable, Sendable {
    var width: Int
    var height: Int
    var components: Int
    var scans: Int
    /// True if all colours of all rows come together, so that rows can be decoded one after the other. T.81, annex A.2.
    var isInOneScan: Bool

    /// Of the whole picture.
    public var pixels: Int { width * height }

    var orientation: Orientation

    /// Reads all markers up to the end of the file.
    ///
    /// - Throws: `ImagingError.empty`, `.notJPEG`, `.unsupportedJPEG` or `.damaged`. What lies behind the first scan's header is
    ///   only counted here; whether it decodes is the decoder's to find out.
    init(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.starts(with: [0xFF, 0xD8, 0xFF]) else { throw .notJPEG(.init(firstBytesOf: bytes)) }
        var reader = ByteReader(bytes)
        reader.position = 2
        var frame: (width: Int, height: Int, components: Int)?
        var orientation: Orientation?
        var scans = 0
        var isProgressive = false
        var componentsInScan = 0
        while let marker = Self.nextMarker(&reader) {
            if marker == 0xD9 { break }  // end of image
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }  // no length follows
            let start = reader.position
            guard let length = reader.unsigned16(), start + length <= bytes.count else { break }
            guard length >= 2 else { throw .damaged("a part of it has no length") }
            switch marker {
            case 0xC0, 0xC1, 0xC2:
                guard frame == nil else { throw .damaged("it has two frame headers") }
                frame = try Self.readFrame(&reader)
                isProgressive = marker == 0xC2
            case 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF:
                throw .unsupportedJPEG("it is lossless, hierarchical or arithmetic-coded")
            case 0xDA:
                scans += 1
                componentsInScan = reader.byte().map(Int.init) ?? 0
            case 0xE1 where orientation == nil:
                let payload = UnsafeRawBufferPointer(rebasing: bytes[(start + 2)..<(start + length)])
                if payload.starts(with: [0x45, 0x78, 0x69, 0x66]) { orientation = Orientation(exif: payload) }
            default:
                break
            }
            reader.position = start + length
        }
        guard let frame else { throw .damaged("it ends before the picture starts") }
        guard scans > 0 else { throw .damaged("it holds no picture data") }
        self.width = frame.width
        self.height = frame.height
        self.components = frame.components
        self.scans = scans
        self.isInOneScan = scans == 1 && !isProgressive && componentsInScan == frame.components
        self.orientation = orientation ?? .upright
    }

    /// The next marker's code; skips entropy-coded data, stuffed zeros and fill bytes.
    private static func nextMarker(_ reader: inout ByteReader) -> UInt8? {
        while let base = reader.bytes.baseAddress, let found = memchr(base + reader.position, 0xFF, reader.remaining) {
            reader.position = UnsafeRawPointer(found) - base + 1
            var code = reader.byte()
            while code == 0xFF { code = reader.byte() }
            if let code, code != 0 { return code }
        }
        return nil
    }

    private static func readFrame(
        _ reader: inout ByteReader
    ) throws(ImagingError) -> (width: Int, height: Int, components: Int) {
        guard let precision = reader.byte(), let height = reader.unsigned16(), let width = reader.unsigned16(),
            let components = reader.byte()
        else { throw .damaged("its frame header is cut short") }
        guard precision == 8 else { throw .unsupportedJPEG("it has \(precision) bits a sample, not 8") }
        guard width > 0, height > 0 else { throw .damaged("it states a size of zero") }
        guard [1, 3, 4].contains(components) else { throw .unsupportedJPEG("it has \(components) colour components") }
        return (width, height, Int(components))
    }
}

extension ImagingError.OtherFormat {
    /// Guesses a format by its signature.
    init?(firstBytesOf bytes: UnsafeRawBufferPointer) {
        func at(_ offset: Int, _ text: StaticString) -> Bool {
            let end = offset + text.utf8CodeUnitCount
            guard bytes.count >= end else { return false }
            return bytes[offset..<end].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
        if at(1, "PNG\r\n") {
            self = .png
        } else if at(4, "ftypavif") || at(4, "ftypavis") {
            self = .avif
        } else if at(4, "ftyp") {
            self = .heic
        } else if at(0, "RIFF") && at(8, "WEBP") {
            self = .webp
        } else if at(0, "GIF8") {
            self = .gif
        } else if at(0, "II*\u{0}") || at(0, "MM\u{0}*") {
            self = .tiff
        } else if at(0, "BM") {
            self = .bmp
        } else if at(0, "%PDF") {
            self = .pdf
        } else if at(128, "DICM") {
            self = .dicom
        } else {
            return nil
        }
    }
}
