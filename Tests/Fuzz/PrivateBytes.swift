/// Stands in for Imaging's `PrivateBytes`: on the heap, where the address sanitizer sees each byte past the end.
final class PrivateBytes: @unchecked Sendable {
    let count: Int
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init<Failure: Error>(
        count: Int, filledBy fill: (UnsafeMutableBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self.count = count
        bytes = .allocate(capacity: count)
        bytes.initialize(repeating: 0)
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
