/// A place in untrusted bytes that moves forward and never beyond their end. Numbers are little-endian.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    /// - Throws: `CheckpointError.damaged` if `position` lies outside of the bytes.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(CheckpointError) {
        guard (0...bytes.count).contains(position) else { throw .damaged("a part is said to lie behind its end") }
        self.bytes = bytes
        self.position = position
    }

    var remaining: Int { bytes.count - position }

    /// The range of the next bytes, which are passed over.
    mutating func take(_ count: Int) throws(CheckpointError) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw .damaged("it ends too early") }
        defer { position += count }
        return position..<(position + count)
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(CheckpointError) -> Number {
        let range = try take(MemoryLayout<Number>.size)
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: Number.self))
    }

    /// A length that must fit what is left.
    mutating func length<Number: FixedWidthInteger>(_ type: Number.Type) throws(CheckpointError) -> Int {
        let number = try number(type)
        guard let count = Int(exactly: number), count >= 0, count <= remaining else { throw .damaged("it ends too early") }
        return count
    }

    /// The bytes up to the next line feed, which is passed over.
    mutating func line(longest: Int) throws(CheckpointError) -> Range<Int> {
        let start = position
        while position < bytes.count, position - start <= longest {
            position += 1
            if bytes[position - 1] == UInt8(ascii: "\n") { return start..<(position - 1) }
        }
        throw .damaged("a name in it has no end")
    }
}
