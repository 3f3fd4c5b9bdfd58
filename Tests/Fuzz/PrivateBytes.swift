/// Stands in for Imaging's `PrivateBytes`: on the heap, where the address sanitizer sees each byte past the end.
final class PrivateBytes: @unchecked Sendable {
    /// One thread fuzzes.
    nonisolated(unsafe) private static var fill: UInt8 = 0
    let count: Int
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init<Failure: Error>(
        count: Int, filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        bytes = .allocate(capacity: count)
        // What is not written differs from one to the next.
        Self.fill &+= 1
        bytes.initialize(repeating: Self.fill)
        try fill(bytes)
    }

    deinit { bytes.deallocate() }

    func withBytes<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let base = bytes.baseAddress else { fatalError("allocate gives an address") }
        return try body(base)
    }
}
