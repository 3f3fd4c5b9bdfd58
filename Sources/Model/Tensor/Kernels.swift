import CKernels

/// The C kernels of one instruction set.
public struct Kernels: @unchecked Sendable {
    /// A static table of functions; never written.
    let table: UnsafePointer<mela_kernels>

    /// "avx512", "avx2", "baseline" or "reference".
    public var name: String { String(cString: table.pointee.name) }

    /// Every table this processor can run, fastest first, the plain reference last.
    public static let available: [Kernels] = {
        var tables: [Kernels] = []
        while let table = mela_kernels_at(tables.count) { tables.append(Kernels(table: table)) }
        return tables
    }()

    /// The fastest, or the one named.
    /// - Throws: `ModelError.kernels` if this processor has none of that name.
    public static func choose(_ name: String? = nil) throws(ModelError) -> Kernels {
        guard let name else { return available[0] }
        guard let kernels = available.first(where: { $0.name == name }) else { throw .kernels(name) }
        return kernels
    }
}

/// The function applied to each element after a convolution.
public enum Activation: Sendable {
    case identity
    case relu6
    case silu

    var kernel: mela_activation {
        switch self {
        case .identity: MELA_IDENTITY
        case .relu6: MELA_RELU6
        case .silu: MELA_SILU
        }
    }
}
