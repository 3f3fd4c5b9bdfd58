import CKernels

/// The function applied to each element after a convolution.
public enum Activation: Sendable {
    case identity
    case relu6
    case silu
    case sigmoid

    var kernel: mela_activation {
        switch self {
        case .identity: MELA_IDENTITY
        case .relu6: MELA_RELU6
        case .silu: MELA_SILU
        case .sigmoid: MELA_SIGMOID
        }
    }
}
