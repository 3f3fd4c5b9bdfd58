/// The packed weights of one plan: in memory of this process, or in a file that all processes share.
final class PackedWeights: @unchecked Sendable {
    let start: UnsafeRawPointer
    /// Keeps the bytes alive.
    private let owner: AnyObject

    /// Takes them from the cache; else packs them and, if there is a cache, leaves them there for the next start.
    /// - Throws: `ModelError`, if weights are missing or misshapen. That a cache can't be read or written is no error.
    init(_ packing: Packing, cache: PackedCache?, key: String) throws(ModelError) {
        if let file = cache?.open(key, byteCount: packing.byteCount) {
            (start, owner) = file
            return
        }
        let memory = PageBuffer(byteCount: packing.byteCount)
        for recipe in packing.recipes { try recipe.write(to: memory.start) }
        if let cache {
            cache.store(memory.bytes, key)
            if let file = cache.open(key, byteCount: packing.byteCount) {
                (start, owner) = file
                return
            }
        }
        (start, owner) = (UnsafeRawPointer(memory.start), memory)
    }
}

/// Bytes with one owner, from the start of a page on.
final class PageBuffer: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
    static let pageSize = 4096

    init(byteCount: Int) {
        self.byteCount = byteCount
        start = .allocate(byteCount: max(byteCount, 1), alignment: Self.pageSize)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: byteCount) }

    deinit {
        start.deallocate()
    }
}
