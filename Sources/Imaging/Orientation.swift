/// How a stored picture must be turned to stand upright: the eight values of EXIF's tag 0x0112.
public enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case rotated180 = 3
    case flipped = 4
    case transposed = 5
    case rotated90Clockwise = 6
    case transversed = 7
    case rotated90CounterClockwise = 8

    /// True if width and height change places.
    public var swapsAxes: Bool { rawValue >= 5 }

    /// The orientation named by an APP1 segment's payload, which starts with "Exif\0\0".
    ///
    /// Upright if there is none or it makes no sense: a photo is not refused because of its metadata. Only the first directory
    /// (IFD0) is read, as EXIF 2.32 places the tag there.
    init(exif payload: UnsafeRawBufferPointer) {
        self = Self.parse(payload) ?? .upright
    }

    private static func parse(_ payload: UnsafeRawBufferPointer) -> Orientation? {
        guard payload.count > 6, payload.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) else { return nil }
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: payload[6...]))
        switch reader.unsigned16() {
        case 0x4949: reader.isLittleEndian = true  // "II"
        case 0x4D4D: reader.isLittleEndian = false  // "MM"
        default: return nil
        }
        guard reader.unsigned16() == 42, let directory = reader.unsigned32(), reader.seek(directory),
            let count = reader.unsigned16()
        else { return nil }
        for _ in 0..<count {
            guard let tag = reader.unsigned16(), reader.unsigned16() != nil, reader.unsigned32() != nil,
                let value = reader.unsigned16(), reader.unsigned16() != nil
            else { return nil }
            // Type and count are not looked at, as in OpenCV: what else but one short number could stand here?
            if tag == 0x0112 { return Orientation(rawValue: value) }
        }
        return nil
    }
}
