/// The entries of a zip file that PyTorch wrote: stored, not compressed, each a stretch of the file's own bytes.
///
/// After APPNOTE.TXT 6.3.10, zip64 included. Only the central directory is believed, and only where it agrees with the local
/// headers: entries lie inside the file, before the directory, and do not overlap.
struct ZipArchive {
    struct Entry {
        /// Of the file.
        var range: Range<Int>
        /// 0 where the writer computed none.
        var crc: UInt32
    }

    /// A network of a thousand tensors with an optimizer's state has four thousand.
    private static let mostEntries = 20_000
    private static let mostNameBytes = 512

    private let bytes: UnsafeRawBufferPointer
    private(set) var entries: [String: Entry] = [:]

    static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 4 && bytes.loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x0403_4B50)
    }

    /// - Throws: `CheckpointError`.
    init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        self.bytes = bytes
        let directory = try Self.directory(of: bytes)
        var cursor = try ByteCursor(
            UnsafeRawBufferPointer(rebasing: bytes[..<directory.range.upperBound]), at: directory.range.lowerBound)
        var spans: [Range<Int>] = []
        for _ in 0..<directory.count {
            let (name, entry, span) = try Self.entry(&cursor, in: bytes, before: directory.range.lowerBound)
            guard entries.updateValue(entry, forKey: name) == nil else { throw .damaged("two entries of its zip have one name") }
            spans.append(span)
        }
        spans.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
        for (one, next) in zip(spans, spans.dropFirst()) where next.lowerBound < one.upperBound {
            throw .damaged("entries of its zip overlap")
        }
    }

    /// The bytes of an entry, after its checksum.
    /// - Throws: `CheckpointError.damaged`.
    func checked(_ entry: Entry) throws(CheckpointError) -> UnsafeRawBufferPointer {
        let content = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
        #if !FUZZING  // a fuzzer would spend its life on checksums
            guard entry.crc == 0 || CRC32.checksum(content) == entry.crc else { throw .damaged("a checksum of its zip is wrong") }
        #endif
        return content
    }

    // MARK: - Parsing

    /// Finds the end record, which has a comment of up to 65,535 bytes behind it, and what it says of the directory.
    private static func directory(of bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> (range: Range<Int>, count: Int) {
        var end = bytes.count - 22
        let lowest = max(0, end - 65_535)
        while end >= lowest, bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self) != UInt32(littleEndian: 0x0605_4B50) {
            end -= 1
        }
        guard end >= lowest, end >= 0 else { throw .damaged("its zip has no end") }
        var cursor = try ByteCursor(bytes, at: end + 4)
        let disks = try cursor.number(UInt32.self)
        let countHere = try cursor.number(UInt16.self)
        var count = UInt64(try cursor.number(UInt16.self))
        var size = UInt64(try cursor.number(UInt32.self))
        var start = UInt64(try cursor.number(UInt32.self))
        var limit = end
        if disks == 0xFFFF_FFFF || countHere == 0xFFFF || count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            (count, size, start, limit) = try directory64(of: bytes, before: end)
        } else if disks != 0 || UInt64(countHere) != count {
            throw .unsupported("its zip is spread over several files")
        }
        guard size <= UInt64(limit), start <= UInt64(limit) - size, count <= UInt64(mostEntries), count * 46 <= size else {
            throw .damaged("its zip's directory can't be where it is said to be")
        }
        return (Int(start)..<Int(start + size), Int(count))
    }

    private static func directory64(
        of bytes: UnsafeRawBufferPointer, before end: Int
    ) throws(CheckpointError) -> (count: UInt64, size: UInt64, start: UInt64, limit: Int) {
        guard end >= 20 else { throw .damaged("its zip64 record is missing") }
        var locator = try ByteCursor(bytes, at: end - 20)
        guard try locator.number(UInt32.self) == 0x0706_4B50, try locator.number(UInt32.self) == 0,
            let record = Int(exactly: try locator.number(UInt64.self)), record <= end - 20
        else { throw .damaged("its zip64 record is missing") }
        var cursor = try ByteCursor(bytes, at: record)
        guard try cursor.number(UInt32.self) == 0x0606_4B50 else { throw .damaged("its zip64 record is missing") }
        _ = try cursor.take(8 + 2 + 2 + 4 + 4)  // size, versions, disks
        let here = try cursor.number(UInt64.self)
        let count = try cursor.number(UInt64.self)
        guard here == count else { throw .unsupported("its zip is spread over several files") }
        return (count, try cursor.number(UInt64.self), try cursor.number(UInt64.self), record)
    }

    private static func entry(
        _ cursor: inout ByteCursor, in bytes: UnsafeRawBufferPointer, before limit: Int
    ) throws(CheckpointError) -> (name: String, entry: Entry, span: Range<Int>) {
        guard try cursor.number(UInt32.self) == 0x0201_4B50 else { throw .damaged("its zip's directory is broken") }
        _ = try cursor.take(4)  // versions
        let flags = try cursor.number(UInt16.self)
        let method = try cursor.number(UInt16.self)
        _ = try cursor.take(4)  // time
        let crc = try cursor.number(UInt32.self)
        var stored = UInt64(try cursor.number(UInt32.self))
        var size = UInt64(try cursor.number(UInt32.self))
        let nameCount = Int(try cursor.number(UInt16.self))
        let extraCount = Int(try cursor.number(UInt16.self))
        let commentCount = Int(try cursor.number(UInt16.self))
        _ = try cursor.take(8)  // disk, attributes
        var header = UInt64(try cursor.number(UInt32.self))
        let name = try cursor.take(nameCount)
        let extra = try cursor.take(extraCount)
        _ = try cursor.take(commentCount)
        guard nameCount <= mostNameBytes else { throw .damaged("a name in its zip is too long") }
        guard flags & 1 == 0 else { throw .unsupported("its zip is encrypted") }
        guard method == 0 else {
            throw .unsupported(
                "its zip is compressed, which PyTorch never does; unpack the checkpoint from the archive around it")
        }
        try widen(&size, &stored, &header, from: UnsafeRawBufferPointer(rebasing: bytes[extra]))
        guard size == stored, let start = Int(exactly: header), start <= limit, let count = Int(exactly: size) else {
            throw .damaged("an entry of its zip can't be where it is said to be")
        }
        var local = try ByteCursor(bytes, at: start)
        guard try local.number(UInt32.self) == 0x0403_4B50 else {
            throw .damaged("an entry of its zip is not where it is said to be")
        }
        _ = try local.take(22)
        let localName = Int(try local.number(UInt16.self))
        let localExtra = Int(try local.number(UInt16.self))
        let localRange = try local.take(localName)
        guard bytes[localRange].elementsEqual(bytes[name]) else { throw .damaged("its zip's directory and entries differ") }
        _ = try local.take(localExtra)
        guard local.position <= limit, count <= limit - local.position else {
            throw .damaged("an entry of its zip can't be where it is said to be")
        }
        let range = local.position..<(local.position + count)
        return (String(decoding: bytes[name], as: UTF8.self), Entry(range: range, crc: crc), start..<range.upperBound)
    }

    /// The zip64 extra field: 64-bit values for those that are all ones, in this order.
    private static func widen(
        _ size: inout UInt64, _ stored: inout UInt64, _ header: inout UInt64, from extra: UnsafeRawBufferPointer
    ) throws(CheckpointError) {
        var cursor = try ByteCursor(extra)
        while cursor.remaining >= 4 {
            let tag = try cursor.number(UInt16.self)
            let field = try cursor.take(Int(try cursor.number(UInt16.self)))
            guard tag == 1 else { continue }
            var values = try ByteCursor(UnsafeRawBufferPointer(rebasing: extra[field]))
            if size == 0xFFFF_FFFF { size = try values.number(UInt64.self) }
            if stored == 0xFFFF_FFFF { stored = try values.number(UInt64.self) }
            if header == 0xFFFF_FFFF { header = try values.number(UInt64.self) }
        }
    }
}
