extension Image {
    /// The centred square, resized to (side, side, 3) RGB bytes.
    ///
    /// Equal to the bit to OpenCV's `resize(…, INTER_LINEAR)` on 8-bit pixels (no antialiasing): 11-bit weights, two truncating
    /// products per pass. `training/opencv_linear.py` is the Python twin.
    func linearCentreSquare(side: Int) -> PixelSquare {
        precondition(side > 0)
        return withGrid { grid in
            let columns = LinearTap.columns(source: grid.side, target: side)
            let rows = LinearTap.rows(source: grid.side, target: side)
            let pixels = PrivateBytes(count: side * side * 3) { output in
                // Along the stored rows, also where they stand upright: the other way each pixel is a miss of the cache.
                let rowsStandUpright = abs(grid.stepAcross) > abs(grid.stepDown)
                for outer in 0..<side {
                    for inner in 0..<side {
                        let (x, y) = rowsStandUpright ? (outer, inner) : (inner, outer)
                        let (column, row) = (columns[x], rows[y])
                        let upperLeft = grid[column.first, row.first]
                        let upperRight = grid[column.second, row.first]
                        let lowerLeft = grid[column.first, row.second]
                        let lowerRight = grid[column.second, row.second]
                        for channel in 0..<3 {
                            let upper =
                                Int32(upperLeft[channel]) * column.firstWeight
                                + Int32(upperRight[channel]) * column.secondWeight
                            let lower =
                                Int32(lowerLeft[channel]) * column.firstWeight
                                + Int32(lowerRight[channel]) * column.secondWeight
                            let sum = ((upper >> 4) * row.firstWeight) >> 16 + ((lower >> 4) * row.secondWeight) >> 16
                            output[(y * side + x) * 3 + channel] = UInt8(truncatingIfNeeded: (sum + 2) >> 2)
                        }
                    }
                }
            }
            return PixelSquare(side: side, pixels: pixels)
        }
    }
}

/// The two source positions under one target position, with their weights in units of 1/2048.
private struct LinearTap {
    var first: Int
    var second: Int
    var firstWeight: Int32
    var secondWeight: Int32

    /// Columns: outside the picture the weight goes to the edge pixel alone.
    static func columns(source: Int, target: Int) -> [LinearTap] {
        (0..<target).map { index in
            var (floor, fraction) = position(index, source: source, target: target)
            if floor < 0 { (floor, fraction) = (0, 0) }
            if floor >= source - 1 { (floor, fraction) = (source - 1, 0) }
            return LinearTap(first: floor, second: min(floor + 1, source - 1), fraction: fraction)
        }
    }

    /// Rows: OpenCV clamps the row numbers and keeps the weights.
    static func rows(source: Int, target: Int) -> [LinearTap] {
        (0..<target).map { index in
            let (floor, fraction) = position(index, source: source, target: target)
            let rows = (first: max(0, min(floor, source - 1)), second: max(0, min(floor + 1, source - 1)))
            return LinearTap(first: rows.first, second: rows.second, fraction: fraction)
        }
    }

    private init(first: Int, second: Int, fraction: Float) {
        self.first = first
        self.second = second
        self.firstWeight = Int32(((1 - fraction) * 2048).rounded(.toNearestOrEven))
        self.secondWeight = Int32((fraction * 2048).rounded(.toNearestOrEven))
    }

    private static func position(_ index: Int, source: Int, target: Int) -> (floor: Int, fraction: Float) {
        // 1 / (target / source), not source / target: the last bit can differ.
        let scale = 1.0 / (Double(target) / Double(source))
        let position = Float((Double(index) + 0.5) * scale - 0.5)
        let floor = position.rounded(.down)
        return (Int(floor), position - floor)
    }
}

/// A square of 8-bit RGB pixels, (side, side, 3), row by row.
public final class PixelSquare: Sendable {
    public let side: Int
    private let pixels: PrivateBytes

    init(side: Int, pixels: PrivateBytes) {
        self.side = side
        self.pixels = pixels
    }

    /// Calls `body` with the side * side * 3 bytes.
    public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        pixels.withBytes { body(UnsafeBufferPointer(start: $0, count: pixels.count)) }
    }
}
