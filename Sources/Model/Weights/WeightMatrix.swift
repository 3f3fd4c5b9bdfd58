/// A matrix of weights where it lies, row by row, in the format it is stored in: in a mapped file, or in memory of its own.
///
/// What lies in a file is shared by all processes that use it and costs no memory of this one.
public struct WeightMatrix: @unchecked Sendable {
    /// fp32, fp16 or bf16; aligned to its size.
    let type: ElementType
    let count: Int
    let start: UnsafeRawPointer
    /// Keeps the bytes alive.
    private let owner: AnyObject

    /// - Parameter bytes: owned by `owner`, aligned to the type's size.
    init(type: ElementType, bytes: UnsafeRawBufferPointer, start: UnsafeRawPointer, owner: AnyObject) {
        self.type = type
        count = bytes.count / type.size
        self.start = start
        self.owner = owner
    }

    init(_ values: [Float]) {
        let buffer = FloatBuffer(values)
        type = .float32
        count = values.count
        start = UnsafeRawPointer(buffer.pointer)
        owner = buffer
    }

    /// A pass needs room for `count` floats to use it.
    var isNarrow: Bool { type != .float32 }

    /// The elements as fp32: where they lie, or widened into `room`, which a narrow matrix needs.
    func floats(in room: UnsafeMutablePointer<Float>?, _ kernels: Kernels) -> UnsafePointer<Float> {
        guard isNarrow, let room else { return start.assumingMemoryBound(to: Float.self) }
        let halves = start.assumingMemoryBound(to: UInt16.self)
        if type == .bfloat16 {
            kernels.table.pointee.bf16_widen(halves, room, count)
        } else {
            kernels.table.pointee.f16_widen(halves, room, count)
        }
        return UnsafePointer(room)
    }
}
