import CKernels
import COpenBLAS

/// The C kernels of one instruction set.
public struct Kernels: @unchecked Sendable {
    /// A static table of functions; never written.
    let table: UnsafePointer<mela_kernels>

    /// "amx", "avx512bf16", "avx512", "avx2", "baseline" or "reference".
    public var name: String { String(cString: table.pointee.name) }

    /// Every table this processor can run, fastest first, the plain reference last.
    public static let available: [Kernels] = {
        var tables: [Kernels] = []
        while let table = mela_kernels_at(tables.count) { tables.append(Kernels(table: table)) }
        return tables
    }()

    /// The fastest, of those that have the precision if one has; or the one named.
    /// - Throws: `ModelError.kernels` if this processor has none of that name.
    public static func choose(_ name: String? = nil, for precision: Precision? = nil) throws(ModelError) -> Kernels {
        guard let name else { return available.dropLast().first { precision.map($0.has) ?? true } ?? available[0] }
        guard let kernels = available.first(where: { $0.name == name }) else { throw .kernels(name) }
        return kernels
    }

    /// Whether networks can be run in this precision.
    public func has(_ precision: Precision) -> Bool { precision == .fp32 || table.pointee.bf16 != nil }

    /// The functions of a precision that it has.
    func format(_ precision: Precision) -> mela_format {
        guard precision == .bf16 else { return table.pointee.f32.pointee }
        guard let bf16 = table.pointee.bf16 else { preconditionFailure("these kernels have no bf16") }
        return bf16.pointee
    }

    /// So many steps of the depth that a product takes at once; 0: one after the other.
    func tileDepth(_ precision: Precision) -> Int { precision == .bf16 ? table.pointee.tile_depth : 0 }

    /// Whether rows that a depthwise convolution reads are planes, one for each vector of channels; else they are as a library's product
    /// writes them, pixel by pixel.
    var readsPlanes: Bool { table.pointee.prefers_library == 0 }

    /// A pointwise convolution; by OpenBLAS where that is faster than what we could write. cblas_sgemm.
    func product(_ step: inout mela_product, _ precision: Precision) {
        guard precision == .fp32, table.pointee.prefers_library != 0, step.input_stride >= step.depth,
            step.vector_stride == Int(MELA_CHANNELS), step.rows > 1
        else {
            return format(precision).product(&step)
        }
        _ = Self.useOneThread
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(step.rows), Int32(step.width), Int32(step.depth), 1,
            step.input.assumingMemoryBound(to: Float.self), Int32(step.input_stride),
            step.panel.assumingMemoryBound(to: Float.self), Int32(step.width), 0, step.output, Int32(step.output_stride))
        table.pointee.f32_finish(
            step.output, step.output_stride, step.bias, step.residual, step.rows, step.width, step.activation)
    }

    /// Run once, before the first product: OpenBLAS must not start threads of its own.
    private static let useOneThread: Void = openblas_set_num_threads(1)
}
