import Testing

@testable import Imaging

@Suite struct OrientationTests {
    /// An APP1 payload with one entry in IFD0.
    private func payload(
        littleEndian: Bool = true, tag: UInt16 = 0x0112, type: UInt16 = 3, count: UInt32 = 1, value: UInt16 = 6,
        offset: UInt32 = 8
    ) -> [UInt8] {
        func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: littleEndian ? value.littleEndian : value.bigEndian) { Array($0) }
        }
        return Array("Exif".utf8) + [0, 0] + Array((littleEndian ? "II" : "MM").utf8) + bytes(UInt16(42)) + bytes(offset)
            + bytes(UInt16(1)) + bytes(tag) + bytes(type) + bytes(count) + bytes(value) + bytes(UInt16(0)) + bytes(UInt32(0))
    }

    private func orientation(_ payload: [UInt8]) -> Orientation {
        payload.withUnsafeBytes { Orientation(exif: $0) }
    }

    @Test(arguments: [true, false])
    func `the tag is read in both byte orders`(littleEndian: Bool) {
        #expect(orientation(payload(littleEndian: littleEndian)) == .rotated90Clockwise)
    }

    @Test func `what makes no sense leaves the photo upright`() {
        #expect(orientation(payload(value: 0)) == .upright)
        #expect(orientation(payload(value: 9)) == .upright)
        #expect(orientation(payload(littleEndian: false, type: 4, value: 0)) == .upright)
        #expect(orientation(payload(offset: .max)) == .upright)
        #expect(orientation(payload(tag: 0x0100)) == .upright)
        #expect(orientation([]) == .upright)
        let whole = payload()
        for count in whole.indices { _ = orientation(Array(whole.prefix(count))) }
    }

    /// Of a picture stored as 3 x 2, its pixels numbered row by row: the upright picture, by the definition in EXIF 2.32.
    private static let upright: [(orientation: Orientation, rows: [[UInt8]])] = [
        (.upright, [[0, 1, 2], [3, 4, 5]]), (.mirrored, [[2, 1, 0], [5, 4, 3]]), (.rotated180, [[5, 4, 3], [2, 1, 0]]),
        (.flipped, [[3, 4, 5], [0, 1, 2]]), (.transposed, [[0, 3], [1, 4], [2, 5]]),
        (.rotated90Clockwise, [[3, 0], [4, 1], [5, 2]]), (.transversed, [[5, 2], [4, 1], [3, 0]]),
        (.rotated90CounterClockwise, [[2, 5], [1, 4], [0, 3]]),
    ]

    @Test(arguments: upright)
    func `each orientation puts the stored corner where it belongs`(orientation: Orientation, rows: [[UInt8]]) {
        let upright = Crop.centre(width: rows[0].count, height: rows.count)
        #expect(upright.side == 2)
        let stored = orientation.stored(upright, width: 3, height: 2)
        let square = PrivateBytes(count: 12) { buffer in
            for index in 0..<12 {
                let (x, y) = (stored.x + index / 3 % 2, stored.y + index / 6)
                buffer[index] = UInt8(3 * y + x)
            }
        }
        let image = Image(storedWidth: 3, storedHeight: 2, orientation: orientation, isGreyscale: false, square: square)
        #expect(image.width == rows[0].count && image.height == rows.count)
        image.withGrid { grid in
            for y in 0..<2 {
                for x in 0..<2 { #expect(grid[x, y][0] == rows[upright.y + y][upright.x + x], "(\(x), \(y))") }
            }
        }
    }
}
