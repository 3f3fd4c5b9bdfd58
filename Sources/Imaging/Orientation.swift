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

    /// True if the upright picture's first pixel is stored in the last column.
    var startsRight: Bool { [.mirrored, .rotated180, .transversed, .rotated90CounterClockwise].contains(self) }

    /// True if the upright picture's first pixel is stored in the last row.
    var startsBelow: Bool { [.rotated180, .flipped, .rotated90Clockwise, .transversed].contains(self) }

    /// Where a square of the upright picture lies in the stored one.
    /// - Parameters:
    ///   - width: of the stored picture, in pixels.
    ///   - height: likewise.
    func stored(_ upright: Crop, width: Int, height: Int) -> Crop {
        let (x, y) = swapsAxes ? (upright.y, upright.x) : (upright.x, upright.y)
        return Crop(
            x: startsRight ? width - x - upright.side : x, y: startsBelow ? height - y - upright.side : y, side: upright.side)
    }

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
