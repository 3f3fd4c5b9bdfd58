extension Image {
    /// The centred square alone, reduced to (side, side): each pixel the mean of those under it, at their edges by the share that lies under
    /// it.
    ///
    /// OpenCV's `resize(…, INTER_AREA)` on 8-bit pixels, within a level, as sums are in another order. `training/opencv_area.py` is the Python
    /// twin. Each stored byte is read once: whole rows are summed as whole numbers, many pixels at a time.
    func reducedByArea(side: Int) -> Image {
        let source = centreSquare.side
        precondition(side > 0 && side <= source)
        let taps = AreaTap.all(source: source, target: side)
        // OpenCV rounds halves up at exactly this reduction, and to even numbers at all others.
        let rounding: FloatingPointRoundingRule = source == 2 * side ? .toNearestOrAwayFromZero : .toNearestOrEven
        let reduced = withStoredSquare { rows in
            PrivateBytes(count: side * side * 3) { output in
                var line = AreaLine(count: source * 3)
                defer { line.free() }
                for (y, tap) in taps.enumerated() {
                    line.sum(rows, tap)
                    for (x, column) in taps.enumerated() { line.write(column, to: output, at: (y * side + x) * 3, rounding) }
                }
            }
        }
        return Image(
            storedWidth: side, storedHeight: side, orientation: orientation, isGreyscale: isGreyscale, square: reduced)
    }
}

/// The source positions under one target position: some whole ones, and one at each end, of which a part lies under it.
private struct AreaTap {
    var first: (position: Int, share: Float)
    var whole: Range<Int>
    var last: (position: Int, share: Float)
    /// 1 / the width of all of them.
    var scale: Float

    /// OpenCV's `computeResizeAreaTab`.
    static func all(source: Int, target: Int) -> [AreaTap] {
        let scale = Double(source) / Double(target)
        return (0..<target).map { index in
            let (start, end) = (Double(index) * scale, Double(index) * scale + scale)
            let last = min(Int(end.rounded(.down)), source - 1)
            let first = min(Int(start.rounded(.up)), last)
            let (before, after) = (Double(first) - start, min(end - Double(last), 1))
            // A sliver of a pixel is left out, as OpenCV does.
            return AreaTap(
                first: (max(first - 1, 0), before > 1e-3 ? Float(before) : 0), whole: first..<last,
                last: (last, after > 1e-3 ? Float(after) : 0), scale: Float(1 / min(scale, Double(source) - start)))
        }
    }
}

/// One row of the result on its way: the sums over the rows under it, a number for each stored byte of a row.
private struct AreaLine {
    /// Rows whose sum fits into 16 bits.
    private static let rowsAtATime = 257

    private let count: Int
    private let sums: UnsafeMutablePointer<Float>
    private let whole: UnsafeMutablePointer<UInt16>
    private var scale: Float = 1

    init(count: Int) {
        self.count = count
        sums = .allocate(capacity: count)
        whole = .allocate(capacity: count)
        sums.initialize(repeating: 0, count: count)
        whole.initialize(repeating: 0, count: count)
    }

    /// Nothing of the photo stays in memory that is given back.
    func free() {
        sums.update(repeating: 0, count: count)
        whole.update(repeating: 0, count: count)
        sums.deallocate()
        whole.deallocate()
    }

    /// - Parameter rows: `count` bytes each, one behind the other.
    mutating func sum(_ rows: UnsafePointer<UInt8>, _ tap: AreaTap) {
        let (first, last) = (rows + tap.first.position * count, rows + tap.last.position * count)
        for index in 0..<count {
            sums[index] = tap.first.share * Float(first[index]) + tap.last.share * Float(last[index])
        }
        var next = tap.whole.lowerBound
        while next < tap.whole.upperBound {
            let end = min(next + Self.rowsAtATime, tap.whole.upperBound)
            whole.update(repeating: 0, count: count)
            var row = next
            // Four at a time: the sums are read and written as often as all pixels together.
            while row + 4 <= end {
                let (one, two) = (rows + row * count, rows + (row + 1) * count)
                let (three, four) = (rows + (row + 2) * count, rows + (row + 3) * count)
                for index in 0..<count {
                    whole[index] &+= UInt16(one[index]) &+ UInt16(two[index]) &+ UInt16(three[index]) &+ UInt16(four[index])
                }
                row += 4
            }
            while row < end {
                let pixels = rows + row * count
                for index in 0..<count { whole[index] &+= UInt16(pixels[index]) }
                row += 1
            }
            for index in 0..<count { sums[index] += Float(whole[index]) }
            next = end
        }
        scale = tap.scale
    }

    /// One pixel of the result.
    func write(
        _ tap: AreaTap, to output: UnsafeMutableBufferPointer<UInt8>, at place: Int, _ rounding: FloatingPointRoundingRule
    ) {
        for channel in 0..<3 {
            var sum =
                tap.first.share * sums[3 * tap.first.position + channel] + tap.last.share * sums[3 * tap.last.position + channel]
            for position in tap.whole { sum += sums[3 * position + channel] }
            let mean = (sum * (tap.scale * scale)).rounded(rounding)
            output[place + channel] = UInt8(min(max(mean, 0), 255))
        }
    }
}
