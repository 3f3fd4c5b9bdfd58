#if canImport(Glibc)
    import Glibc
#endif

/// The packed weights of one plan: in memory of this process, or in a file that all processes share.
final class PackedWeights: @unchecked Sendable {
    let start: UnsafeRawPointer
    private let bytes: UnsafeMutableRawPointer

    /// Fills memory of this process.
    /// - Throws: `ModelError`.
    init(_ packing: Packing) throws(ModelError) {
        bytes = .allocate(byteCount: max(packing.byteCount, 64), alignment: 4096)
        start = UnsafeRawPointer(bytes)
        for recipe in packing.recipes { try recipe.write(to: bytes) }
    }

    deinit {
        bytes.deallocate()
    }
}
