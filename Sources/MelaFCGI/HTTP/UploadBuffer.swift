import Imaging

/// A request's body in memory; zeroed and given back when its owner lets go of it.
final class UploadBuffer {
    private let body: PrivateBytes

    /// Reads exactly `count` bytes.
    ///
    /// - Throws: `Problem` if the body ends before or goes on behind that.
    init(reading body: any BodySource, count: Int) throws(Problem) {
        self.body = try PrivateBytes(count: count) { buffer throws(Problem) in
            guard body.read(into: UnsafeMutableRawBufferPointer(buffer)) == count else {
                throw Problem(.bodyShort, "Only a part of the photo arrived. Check the connection and send it again.")
            }
        }
        var surplus: UInt8 = 0
        guard withUnsafeMutableBytes(of: &surplus, { body.read(into: $0) }) == 0 else {
            throw Problem(.bodyLong, "The request holds more bytes than its Content-Length says. Send it again.")
        }
    }

    /// Calls `read` with the whole body.
    func withBytes<Result, Failure: Error>(
        _ read: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body.withBytes { base throws(Failure) in try read(UnsafeRawBufferPointer(start: base, count: body.count)) }
    }
}
