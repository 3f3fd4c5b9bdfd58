/// A cursor over untrusted bytes: every read is checked, and one past the end gives nil.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    var isLittleEndian = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var remaining: Int { bytes.count - position }

    mutating func byte() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func unsigned16() -> Int? {
        guard let first = byte(), let second = byte() else { return nil }
        return isLittleEndian ? Int(second) << 8 | Int(first) : Int(first) << 8 | Int(second)
    }

    mutating func unsigned32() -> Int? {
        guard let first = unsigned16(), let second = unsigned16() else { return nil }
        return isLittleEndian ? second << 16 | first : first << 16 | second
    }

    /// Moves to an offset from the start; false (and no move) if it lies outside.
    mutating func seek(_ offset: Int) -> Bool {
        guard offset >= 0, offset <= bytes.count else { return false }
        position = offset
        return true
    }
}
