import Imaging

/// One of the eight ways to look at a square: optionally transposed, then flipped.
///
/// The order is the contest winners' `get_trans`: 4...7 are transposed first; then by the number modulo 4: as it is, rows
/// reversed, columns reversed, both.
struct View: Equatable, Sendable {
    var index: Int

    private var transposes: Bool { index >= 4 }
    private var flipsRows: Bool { index % 4 == 1 || index % 4 == 3 }
    private var flipsColumns: Bool { index % 4 >= 2 }

    /// Writes some rows of the view of a square as normalised floats, (side, 3) each; row 0 at `output`, rows `stride` floats apart.
    func write(
        rows: Range<Int>, of square: UnsafePointer<UInt8>, side: Int, normalized: Normalization,
        to output: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        // Source position of target (0, 0), and the steps in the source for one step in the target.
        let last = side - 1
        let startRow = flipsRows ? last : 0
        let startColumn = flipsColumns ? last : 0
        let rowStep = flipsRows ? -1 : 1
        let columnStep = flipsColumns ? -1 : 1
        let (start, down, across) =
            transposes
            ? (startColumn * side + startRow, rowStep, columnStep * side)
            : (startRow * side + startColumn, rowStep * side, columnStep)
        normalized.withTable { table in
            for y in rows {
                var source = square + 3 * (start + y * down)
                var target = output + y * stride
                for _ in 0..<side {
                    target[0] = table[Int(source[0])]
                    target[1] = table[256 + Int(source[1])]
                    target[2] = table[512 + Int(source[2])]
                    target += 3
                    source += 3 * across
                }
            }
        }
    }
}

extension View {
    /// The same of a photo's square.
    func write(
        rows: Range<Int>, of square: PixelSquare, normalized: Normalization, to output: UnsafeMutablePointer<Float>, stride: Int
    ) {
        square.withBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            write(rows: rows, of: base, side: square.side, normalized: normalized, to: output, stride: stride)
        }
    }
}

/// (pixel / 255 - mean) / deviation for each channel, as a table of the 256 values.
struct Normalization: Sendable {
    private let table: [Float]

    init(mean: [Double], std: [Double]) {
        table = (0..<3).flatMap { channel in
            (0..<256).map { Float((Double($0) / 255 - mean[channel]) / std[channel]) }
        }
    }

    func withTable(_ body: (UnsafePointer<Float>) -> Void) {
        table.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { body(base) }
        }
    }
}
