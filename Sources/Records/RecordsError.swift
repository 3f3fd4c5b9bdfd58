/// Why something could not be kept or read back. No text names a patient or a path.
public enum RecordsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The store can't be opened or made.
    case unavailable(String)
    /// An entry could not be written; nothing of it was kept.
    case notWritten(String)
    /// The log is not what was written.
    case broken(AuditLog.Break)
    /// What was asked for is not there (any more).
    case unknown(String)
    /// A value that makes no sense, or is not allowed: which, and why.
    case invalid(field: String, reason: String)
    /// The file with the keys, or what was sealed with one of them, can't be read.
    case key(String)

    /// Any error of the database's as one of these.
    init(_ error: any Error, or other: (String) -> RecordsError) {
        switch error {
        case let error as RecordsError: self = error
        case let error as SQLFailure: self = other(error.reason)
        default: self = other("its folder can't be used; check its owner and permissions")
        }
    }

    public var description: String {
        switch self {
        case .unavailable(let reason): "the records can't be opened: \(reason)"
        case .notWritten(let reason): "an entry could not be written into the records: \(reason)"
        case .broken(let found): "the audit log was tampered with or damaged: \(found)"
        case .unknown(let what): "there is no \(what)"
        case .invalid(let field, let reason): "\(field) \(reason)"
        case .key(let reason): "the records' key can't be used: \(reason)"
        }
    }
}
