#if canImport(Glibc)
    import Glibc
#endif

/// Bytes of a patient's photo, with one owner: in pages of their own (large ones where the system has them), left out of core dumps,
/// zeroed and given back to the system when the owner lets go.
///
/// Written once, by the closure given to `init`; read-only from then on, hence `Sendable`. mmap, madvise, munmap.
public final class PrivateBytes: @unchecked Sendable {
    public let count: Int
    private let base: UnsafeMutableRawPointer
    private var mapped: Int { max(count, 1) }

    /// - Parameter count: bytes; what was asked for is there, or the process ends, as with any other allocation.
    /// - Throws: what `fill` throws.
    public init<Failure: Error>(
        count: Int, filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        guard let pages = mmap(nil, max(count, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            pages != MAP_FAILED
        else { fatalError("no memory for the \(count) bytes of a photo; lower MELASCAN_QUEUE, or give the service more memory") }
        base = pages
        madvise(base, mapped, Int32(MADV_DONTDUMP))
        // A 12-megapixel photo's square is 6,700 small pages: each costs a fault, together a third of the decoding. A kernel without large
        // pages refuses the advice, and small ones serve as well.
        madvise(base, mapped, Int32(MADV_HUGEPAGE))
        try fill(UnsafeMutableBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count))
    }

    deinit {
        explicit_bzero(base, count)
        munmap(base, mapped)
    }

    /// Calls `body` with the first of the bytes.
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafePointer(base.assumingMemoryBound(to: UInt8.self)))
    }
}
