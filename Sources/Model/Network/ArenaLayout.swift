/// Places buffers of known lifetimes in one stretch of memory, so that those alive at the same time never overlap.
///
/// Greedy by size, largest first, each at the lowest offset that is free during its life (Pisarchyk and Lee 2020,
/// arXiv 2001.03288, "greedy by size for offset calculation").
struct ArenaLayout {
    private struct Buffer {
        var count: Int
        var life: ClosedRange<Int>?
    }

    /// Floats in a cache line: every offset is a multiple of it.
    private static let alignment = 16
    private var buffers: [Buffer] = []

    /// Returns the new buffer's number.
    mutating func add(count: Int) -> Int {
        buffers.append(Buffer(count: (count + Self.alignment - 1) / Self.alignment * Self.alignment))
        return buffers.count - 1
    }

    /// The buffer is read or written by this step; its life spans its first to its last use.
    mutating func use(_ buffer: Int, at step: Int) {
        if let life = buffers[buffer].life {
            buffers[buffer].life = min(life.lowerBound, step)...max(life.upperBound, step)
        } else {
            buffers[buffer].life = step...step
        }
    }

    /// An offset for each buffer, by number, and the size of the whole.
    func offsets() -> (offsets: [Int], count: Int) {
        var offsets = [Int](repeating: 0, count: buffers.count)
        var placed: [Int] = []
        var end = 0
        for index in buffers.indices.sorted(by: { (buffers[$1].count, $0) < (buffers[$0].count, $1) }) {
            guard let life = buffers[index].life else { continue }
            let neighbours = placed.filter { buffers[$0].life?.overlaps(life) == true }.sorted { offsets[$0] < offsets[$1] }
            var offset = 0
            for neighbour in neighbours where offsets[neighbour] + buffers[neighbour].count > offset {
                if offsets[neighbour] >= offset + buffers[index].count { break }
                offset = offsets[neighbour] + buffers[neighbour].count
            }
            offsets[index] = offset
            placed.append(index)
            end = max(end, offset + buffers[index].count)
        }
        return (offsets, end)
    }
}
