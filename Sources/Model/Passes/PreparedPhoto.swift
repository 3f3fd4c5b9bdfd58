import Imaging

/// A photo made ready for the members: its centred square at each input size. The large picture is no longer needed.
public struct PreparedPhoto: Sendable {
    public let facts: PhotoFacts
    /// By their side in pixels.
    let squares: [Int: PixelSquare]

    /// - Parameter threads: that share the sides.
    init(_ image: Image, sides: Set<Int>, by resize: Resize, threads: Int) {
        let sides = sides.sorted()
        let made = Parallel.map(count: sides.count, threads: threads) {
            image.resizedCentreSquare(side: sides[$0], by: resize)
        }
        squares = Dictionary(uniqueKeysWithValues: zip(sides, made))
        facts = PhotoFacts(
            width: image.width, height: image.height, crop: image.centreSquare, isGreyscale: image.isGreyscale,
            contrast: squares.max { $0.key < $1.key }.map { Self.contrast(of: $0.value) } ?? 0)
    }

    private static func contrast(of square: PixelSquare) -> Double {
        square.withBytes { bytes in
            var sum = 0
            var squares = 0
            let count = bytes.count / 3
            for pixel in 0..<count {
                // Rec. 601 luma in integers: 77, 150 and 29 of 256 parts.
                let red = 77 * Int(bytes[3 * pixel])
                let luma = (red + 150 * Int(bytes[3 * pixel + 1]) + 29 * Int(bytes[3 * pixel + 2])) >> 8
                sum += luma
                squares += luma * luma
            }
            let mean = Double(sum) / Double(count)
            return max(Double(squares) / Double(count) - mean * mean, 0).squareRoot()
        }
    }
}
