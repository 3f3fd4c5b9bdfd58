import FoundationEssentials

/// A safetensors file: a JSON header with names, types, shapes and byte ranges, then the tensors' bytes.
///
/// Matches the format's description in huggingface/safetensors: eight bytes little-endian for the header's length; ranges lie within the file, do not overlap and leave no holes. Read through the mapping; nothing is copied until a
/// tensor is asked for.
public struct Safetensors: WeightSource, Sendable {
    struct Entry: Equatable {
        var type: ElementType
        var shape: [Int]
        /// Bytes, from the end of the header.
        var range: Range<Int>
    }

    public let file: MappedFile
    /// Bytes; the largest EfficientNet's takes 150,000.
    private static let longestHeader = 4_000_000
    private let name: String
    private let entries: [String: Entry]
    private let dataStart: Int

    /// - Throws: `ModelError.unreadable` or `.weights`.
    public init(path: String, name: String) throws(ModelError) {
        try self.init(MappedFile(path: path, name: name), name: name)
    }

    public init(_ file: MappedFile, name: String) throws(ModelError) {
        self.file = file
        self.name = name
        let bytes = file.bytes
        guard bytes.count >= 8 else { throw .weights(file: name, reason: "it is cut short") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= Self.longestHeader, length <= UInt64(bytes.count - 8) else {
            throw .weights(file: name, reason: "its header's length is impossible")
        }
        dataStart = 8 + Int(length)
        entries = try Self.parse(
            UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart]), dataCount: bytes.count - dataStart, file: name)
    }

    /// The number format of the tensors with two or more dimensions, if they all share one: "fp32", "fp16", "bf16"; else "mixed".
    /// Batch norms and biases may be stored wider.
    public var precision: String {
        let types = Set(entries.values.filter { $0.shape.count > 1 }.map(\.type))
        return types.count == 1 ? types.first?.precision ?? "mixed" : "mixed"
    }

    /// The names of all tensors.
    public var names: some Collection<String> { entries.keys }

    /// Elements of all tensors.
    public var count: Int { entries.values.reduce(0) { $0 + $1.range.count / $1.type.size } }

    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    public func values(of name: String, shape: [Int]) throws(ModelError) -> [Float] {
        let (type, bytes) = try content(of: name, shape: shape)
        return try type.floats(bytes, name: name)
    }

    private func content(of name: String, shape: [Int]) throws(ModelError) -> (type: ElementType, bytes: UnsafeRawBufferPointer) {
        guard let entry = entries[name] else { throw .tensor(name: name, reason: "it is missing") }
        guard entry.shape == shape else {
            throw .tensor(name: name, reason: "its shape is \(entry.shape), not \(shape)")
        }
        return (
            entry.type,
            UnsafeRawBufferPointer(
                rebasing: file.bytes[(dataStart + entry.range.lowerBound)..<(dataStart + entry.range.upperBound)])
        )
    }

    private static func parse(
        _ header: UnsafeRawBufferPointer, dataCount: Int, file: String
    ) throws(ModelError) -> [String: Entry] {
        let decoded: [String: HeaderEntry]
        do {
            decoded = try JSONDecoder().decode([String: HeaderEntry].self, from: Data(header))
        } catch {
            throw .weights(file: file, reason: "its header is not the JSON it should be")
        }
        var entries: [String: Entry] = [:]
        for (name, entry) in decoded where name != "__metadata__" {
            guard let dtype = entry.dtype, let shape = entry.shape, let offsets = entry.dataOffsets else {
                throw .weights(file: file, reason: "tensor \(name) lacks its type, shape or offsets")
            }
            guard let type = ElementType(rawValue: dtype) else {
                throw .weights(file: file, reason: "tensor \(name) has the type \(dtype); F32, F16 and BF16 are read")
            }
            var size = type.size
            for extent in shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: extent)
                guard extent >= 0, !overflow else {
                    throw .weights(file: file, reason: "tensor \(name) has an impossible shape")
                }
                size = product
            }
            guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount,
                offsets[1] - offsets[0] == size
            else { throw .weights(file: file, reason: "tensor \(name) does not fit its byte range") }
            entries[name] = Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
        }
        var end = 0
        for range in entries.values.map(\.range).sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            guard range.lowerBound == end else { throw .weights(file: file, reason: "its tensors overlap or leave holes") }
            end = range.upperBound
        }
        guard end == dataCount else { throw .weights(file: file, reason: "bytes are left over behind its tensors") }
        return entries
    }
}

/// One tensor of the header; all optional so that `__metadata__` (a map of strings) decodes too.
private struct HeaderEntry: Decodable {
    var dtype: String?
    var shape: [Int]?
    var dataOffsets: [Int]?

    private enum CodingKeys: String, CodingKey {
        case dtype, shape
        case dataOffsets = "data_offsets"
    }
}
