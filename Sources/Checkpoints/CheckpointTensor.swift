/// A tensor of a checkpoint: a window on the file's own bytes, checked to lie inside of its storage.
public struct CheckpointTensor: @unchecked Sendable {
    public let type: StorageType
    /// Elements by dimension.
    public let shape: [Int]
    /// Elements between neighbours of each dimension; 0 repeats one element.
    public let strides: [Int]
    /// The storage's bytes, from this tensor's first element on. Valid as long as the file's bytes are.
    let bytes: UnsafeRawBufferPointer

    /// What a pickle says of a tensor's place in its storage, in elements.
    struct Window {
        var offset: Int
        var shape: [Int]
        var strides: [Int]
    }

    /// Elements that a tensor may have: no layer of an EfficientNet comes near.
    private static let mostElements = 1 << 28

    public var count: Int { shape.reduce(1, *) }

    /// - Throws: `CheckpointError.damaged` if an element lies outside of the storage.
    init(_ window: Window, type: StorageType, in storage: UnsafeRawBufferPointer) throws(CheckpointError) {
        self.type = type
        shape = window.shape
        // Where there is nothing to step to, a stride may be any number.
        let isEmpty = shape.contains(0)
        strides = zip(shape, window.strides).map { isEmpty || $0 == 1 ? 0 : $1 }
        var count = 1
        var last = window.offset
        guard window.offset >= 0 else { throw .damaged("a tensor in it begins before its storage") }
        for (extent, stride) in zip(shape, strides) {
            let (product, isTooLarge) = count.multipliedReportingOverflow(by: extent)
            guard extent >= 0, stride >= 0, !isTooLarge, product <= Self.mostElements else {
                throw .damaged("a tensor in it has an impossible shape")
            }
            count = product
            let (reach, reachOverflows) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflows) = last.addingReportingOverflow(reach)
            guard !reachOverflows, !sumOverflows else { throw .damaged("a tensor in it has an impossible shape") }
            last = sum
        }
        let available = storage.count / type.size
        guard count == 0 ? window.offset <= available : last < available else {
            throw .damaged("a tensor in it reaches beyond its storage")
        }
        bytes = UnsafeRawBufferPointer(rebasing: storage[(window.offset * type.size)...])
    }

    /// Calls `body` with the place of each element, in bytes from the first, row by row.
    func forEachOffset(_ body: (Int) -> Void) {
        let count = count
        guard count > 0 else { return }
        let size = type.size
        let inner = shape.last ?? 1
        let innerStep = (strides.last ?? 1) * size
        var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
        var row = 0
        for _ in 0..<(count / inner) {
            for column in 0..<inner { body(row + column * innerStep) }
            for dimension in index.indices.reversed() {
                index[dimension] += 1
                row += strides[dimension] * size
                if index[dimension] < shape[dimension] { break }
                row -= index[dimension] * strides[dimension] * size
                index[dimension] = 0
            }
        }
    }

    /// The elements row by row, as fp32; doubles are rounded to the nearest.
    /// - Throws: `CheckpointError.unsupported` for integers.
    public func floats() throws(CheckpointError) -> [Float] {
        guard type.isFloating else { throw .unsupported("a tensor of weights in it holds integers") }
        return [Float](unsafeUninitializedCapacity: count) { target, written in
            guard let base = target.baseAddress else { return }
            switch type {
            case .float32:
                fill(base) { Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))) }
            case .bfloat16:
                fill(base) {
                    Float(
                        bitPattern: UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self))) << 16)
                }
            case .float16:
                fill(base) {
                    Float(Float16(bitPattern: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self))))
                }
            default:
                fill(base) {
                    Float(Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))))
                }
            }
            written = count
        }
    }

    @inline(__always)
    private func fill(_ target: UnsafeMutablePointer<Float>, _ element: (Int) -> Float) {
        var next = target
        forEachOffset { offset in
            next.initialize(to: element(offset))
            next += 1
        }
    }
}
