#if canImport(Glibc)
    import Glibc
#endif

/// Floats with one owner, aligned to a cache line, zeroed at first.
final class FloatBuffer: @unchecked Sendable {
    let count: Int
    let pointer: UnsafeMutablePointer<Float>
    private static let largePage = 2 << 20

    init(count: Int) {
        self.count = count
        let byteCount = max(count, 1) * MemoryLayout<Float>.stride
        let isLarge = byteCount >= Self.largePage
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? Self.largePage : 64)
        // Tiles and windows touch dozens of rows at a time, each on a page of its own: more small pages than the processor remembers.
        if isLarge { madvise(raw, byteCount, Int32(MADV_HUGEPAGE)) }
        pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
    }

    /// The first so many.
    func values(_ count: Int) -> [Float] { (0..<count).map { pointer[$0] } }

    deinit {
        UnsafeMutableRawPointer(pointer).deallocate()
    }
}
