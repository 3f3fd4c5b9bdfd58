import Checkpoints
import Model

/// Why no bundle was made. Each text says what to do.
public enum ImportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file can't be used.
    case checkpoint(file: String, CheckpointError)
    /// A file holds something else than the network that was asked for.
    case network(file: String, reason: String)
    /// The options contradict each other or the files.
    case options(String)
    /// The bundle can't be written.
    case output(String)
    /// The bundle was made, but its check failed; nothing was kept.
    case model(ModelError)
    /// Somebody stopped it; nothing was kept.
    case stopped

    public var description: String {
        switch self {
        case .checkpoint(let file, let error): "\(file) \(error)."
        case .network(let file, let reason): "\(file): \(reason)"
        case .options(let reason): reason
        case .output(let reason): reason
        case .model(let error): "\(error)"
        case .stopped: "Stopped. Nothing was kept."
        }
    }
}
