import FoundationEssentials
import Model

/// Writes a member's weights as safetensors, under the checkpoint's own names.
///
/// Layout after the format's description in huggingface/safetensors. fp32 tensors come first, so that every tensor is aligned to
/// its element's size; the data begin at a multiple of 64 bytes.
struct SafetensorsWriter {
    private struct Tensor {
        var parameter: ParameterList.Parameter
        var isNarrow: Bool
        var count: Int { parameter.shape.reduce(1, *) }
        var bytes: Int { count * (isNarrow ? 2 : 4) }
    }

    private struct Header: Encodable {
        var dtype: String
        var shape: [Int]
        var offsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    private let recognition: Recognition
    private let storage: ImportOptions.Storage
    private let tensors: [Tensor]

    init(_ recognition: Recognition, storage: ImportOptions.Storage) {
        self.recognition = recognition
        self.storage = storage
        let tensors = recognition.parameters.map { parameter in
            Tensor(
                parameter: parameter,
                isNarrow: storage != .fp32 && parameter.shape.count > 1 && !parameter.name.contains("meta."))
        }
        self.tensors = tensors.filter { !$0.isNarrow } + tensors.filter(\.isNarrow)
    }

    /// Bytes of all tensors.
    var size: Int { tensors.reduce(0) { $0 + $1.bytes } }

    /// - Parameter written: called with the bytes of each tensor written; throws to stop.
    /// - Returns: the file's SHA-256.
    func write(to path: String, written: (Int) throws(ImportError) -> Void) throws(ImportError) -> String {
        let file = try OutputFile(path: path)
        try file.write(header())
        for tensor in tensors {
            let name = tensor.parameter.name
            let values = try recognition.file.values(of: name, shape: tensor.parameter.shape)
            guard values.allSatisfy(\.isFinite) else {
                throw .network(file: recognition.file.name, reason: "\(name) holds something that is not a number.")
            }
            if tensor.isNarrow {
                try file.write(try narrowed(values, name: name))
            } else {
                try file.write(values)
            }
            try written(tensor.bytes)
        }
        return try file.finish()
    }

    private func header() -> [UInt8] {
        var entries: [String: Header] = [:]
        var offset = 0
        let narrow = storage == .fp16 ? "F16" : "BF16"
        for tensor in tensors {
            entries[tensor.parameter.name] = Header(
                dtype: tensor.isNarrow ? narrow : "F32", shape: tensor.parameter.shape, offsets: [offset, offset + tensor.bytes])
            offset += tensor.bytes
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = (try? encoder.encode(entries)).map { [UInt8]($0) } ?? []
        while (8 + json.count) % 64 != 0 { json.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + json
    }

    /// Rounded to the nearest, ties to even.
    private func narrowed(_ values: [Float], name: String) throws(ImportError) -> [UInt16] {
        guard storage == .fp16 else {
            return values.map { value in
                let bits = value.bitPattern
                return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
            }
        }
        let largest = Float(Float16.greatestFiniteMagnitude)
        guard values.allSatisfy({ $0.magnitude <= largest }) else {
            throw .network(
                file: recognition.file.name, reason: "\(name) holds numbers too large for fp16. Take --storage bf16 or fp32.")
        }
        return values.map { Float16($0).bitPattern }
    }
}
