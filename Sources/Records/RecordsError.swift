/// Why something could not be kept or read back. No text names a patient or a path.
public enum RecordsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The store can't be opened or made.
    case unavailable(String)
    /// An entry could not be written; nothing of it was kept.
    case notWritten(String)
    /// The log is not what was written.
    case broken(AuditLog.Break)

    public var description: String {
        switch self {
        case .unavailable(let reason): "the records can't be opened: \(reason)"
        case .notWritten(let reason): "an entry could not be written into the records: \(reason)"
        case .broken(let found): "the audit log was tampered with or damaged: \(found)"
        }
    }
}
