/// Why an ensemble could not be loaded or an analysis not be made. Messages name files of the bundle, never a photo or a patient.
public enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file of the bundle could not be opened or read.
    case unreadable(file: String, reason: String)
    /// The manifest is not what the bundle format asks for.
    case manifest(String)
    /// A weights file's SHA-256 differs from the manifest's.
    case checksum(file: String)
    /// A weights file is malformed.
    case weights(file: String, reason: String)
    /// A tensor is missing or has another shape than the architecture asks for.
    case tensor(name: String, reason: String)
    /// No architecture of this name.
    case architecture(String)
    /// The self-test's result differs from the stored one.
    case selfTest(member: String, difference: Double)
    /// A value of the request lies outside its limits.
    case option(field: String, reason: String)
    /// The caller no longer wants the result.
    case cancelled
    /// No kernel table of this name on this processor.
    case kernels(String)
    /// These kernels do not compute in this number format.
    case precision(Precision, kernels: String)

    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .manifest(let reason): "ensemble.json: \(reason)"
        case .checksum(let file):
            "\(file): its SHA-256 differs from the one in ensemble.json; the file was changed or is incomplete, install it anew"
        case .weights(let file, let reason): "\(file) is not a usable safetensors file: \(reason)"
        case .tensor(let name, let reason): "tensor \(name): \(reason)"
        case .architecture(let name): "\(name) is not an architecture that is known (efficientnet_b0…b8, lite0…4, also tf_)"
        case .selfTest(let member, let difference):
            "the self-test of \(member) differs from the stored result by \(difference); do not use this installation"
        case .option(let field, let reason): "\(field) \(reason)"
        case .cancelled: "cancelled"
        case .kernels(let name): "there are no kernels named \(name) for this processor"
        case .precision(let precision, let kernels):
            "the \(kernels) kernels of this processor do not compute in \(precision.rawValue); leave the precision to the ensemble, or take fp32"
        }
    }
}
