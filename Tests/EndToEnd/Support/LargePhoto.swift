import Foundation

/// A photo of the size that a phone takes: 4032 x 3024 pixels in about six megabytes.
///
/// Made without an encoder: in a JPEG with restart markers each interval stands alone (T.81, E.1.4), so the intervals
/// of a small photo, repeated, are the picture of a large one. Its comments are bytes that occur nowhere else.
enum LargePhoto {
    static let (width, height) = (4032, 3024)
    /// Units of 16 x 16 pixels in one interval of the small photo.
    private static let unitsPerInterval = 3

    /// The same seed gives the same photo. `comment` stands in it as text.
    static func make(comment: String = "", seed: UInt64 = 1) throws -> Data {
        let small = [UInt8](try Fixture.photo("restart-markers.jpg"))
        guard let frame = index(of: 0xC0, in: small), let scan = index(of: 0xDA, in: small) else {
            throw HarnessError("the small photo is not a baseline JPEG")
        }
        let data = scan + 2 + Int(small[scan + 2]) << 8 + Int(small[scan + 3])
        var intervals: [ArraySlice<UInt8>] = []
        var start = data
        for position in data..<(small.count - 1)
        where small[position] == 0xFF && (0xD0...0xD7).contains(small[position + 1]) {
            intervals.append(small[start..<position])
            start = position + 2
        }
        guard intervals.count > 2 else { throw HarnessError("the small photo has no restart markers") }

        var head = Array(small[..<scan])
        head.replaceSubrange((frame + 5)..<(frame + 9), with: [height, width].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        var photo = Data(head)
        photo += self.comment(Data(comment.utf8))
        var state = seed
        for _ in 0..<64 { photo += self.comment(Data((0..<8_000).flatMap { _ in bytes(&state) })) }
        photo += Data(small[scan..<data])
        let count = (width / 16) * (height / 16) / unitsPerInterval
        for number in 0..<count {
            photo += Data(intervals[number % intervals.count])
            if number < count - 1 { photo += Data([0xFF, 0xD0 + UInt8(number % 8)]) }
        }
        return photo + Data([0xFF, 0xD9])
    }

    /// Where the marker stands; the small photo has no such bytes inside a segment.
    private static func index(of marker: UInt8, in bytes: [UInt8]) -> Int? {
        bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == marker }
    }

    private static func comment(_ bytes: Data) -> Data {
        let length = bytes.count + 2
        return Data([0xFF, 0xFE, UInt8(length >> 8), UInt8(length & 255)]) + bytes
    }

    /// SplitMix64.
    private static func bytes(_ state: inout UInt64) -> [UInt8] {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return withUnsafeBytes(of: mixed) { Array($0) }
    }
}
