/// Why a file could not be read as a PyTorch checkpoint. The texts complete the sentence "FILE …".
public enum CheckpointError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It is something else.
    case notACheckpoint(String)
    /// Its parts contradict each other, or it ends too early.
    case damaged(String)
    /// It asks for what a file of weights never needs.
    case refused(String)
    /// It is sound, but of a kind that is not read.
    case unsupported(String)

    public var description: String {
        switch self {
        case .notACheckpoint(let what): "is not a PyTorch checkpoint: \(what)"
        case .damaged(let what): "is damaged: \(what); download or copy it again"
        case .refused(let what): "was refused: \(what)"
        case .unsupported(let what): "can't be used: \(what)"
        }
    }
}
