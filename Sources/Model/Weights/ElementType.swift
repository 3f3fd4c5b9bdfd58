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
        guard self != .int64 else { throw .tensor(name: name, reason: "it holds integers") }
        let table = Kernels.available[0].table.pointee
        return [Float](unsafeUninitializedCapacity: bytes.count / size) { floats, count in
            count = bytes.count / size
            guard let target = floats.baseAddress, count > 0 else { return }
            if self == .float32 {
                UnsafeMutableRawBufferPointer(floats).copyMemory(from: bytes)
                return
            }
            // Copied first where a tensor lies at an odd place.
            let halves = [UInt16](unsafeUninitializedCapacity: count) { halves, halfCount in
                UnsafeMutableRawBufferPointer(halves).copyMemory(from: bytes)
                halfCount = count
            }
            if self == .bfloat16 {
                table.bf16_widen(halves, target, count)
            } else {
                table.f16_widen(halves, target, count)
            }
        }
    }
}
