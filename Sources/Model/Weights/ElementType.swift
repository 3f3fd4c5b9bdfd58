/// A number format that weights are stored in, by its name in safetensors.
enum ElementType: String, Sendable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    /// Only `num_batches_tracked`, which inference does not need.
    case int64 = "I64"

    /// Bytes an element.
    var size: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .int64: 8
        }
    }

    var precision: String {
        switch self {
        case .float32: "fp32"
        case .float16: "fp16"
        case .bfloat16: "bf16"
        case .int64: "int64"
        }
    }

    /// Little-endian elements as fp32; exact for every format but integers, which are refused.
    func floats(_ bytes: UnsafeRawBufferPointer, name: String) throws(ModelError) -> [Float] {
        let count = bytes.count / size
        switch self {
        case .float32:
            return (0..<count).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        case .bfloat16:
            return (0..<count).map {
                let bits = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))
                return Float(bitPattern: UInt32(bits) << 16)
            }
        case .float16:
            return (0..<count).map {
                Float(Float16(bitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))))
            }
        case .int64:
            throw .tensor(name: name, reason: "it holds integers")
        }
    }
}
