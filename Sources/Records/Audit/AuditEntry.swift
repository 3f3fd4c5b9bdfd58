import Crypto
import Foundation

/// One line of the audit log: what happened, when, and the hash that ties it to all lines before.
public struct AuditEntry: Codable, Sendable, Equatable {
    /// 1, 2, 3 …
    public var sequence: Int
    /// UTC, ISO 8601 with milliseconds.
    public var time: String
    /// `AuditLog.Kind`, or a later version's.
    public var kind: String
    /// A JSON object on one line, keys sorted.
    public var content: String
    /// SHA-256 in lower-case hexadecimal of the previous entry's hash (64 zeros for the first) and this entry's other fields, each
    /// followed by a line feed.
    public var hash: String

    /// The hash before the first entry.
    static let origin = String(repeating: "0", count: 64)

    init(sequence: Int, time: String, kind: String, content: String, after previous: String) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.content = content
        hash = ""
        hash = expectedHash(after: previous)
    }

    func expectedHash(after previous: String) -> String {
        let text = [previous, String(sequence), time, kind, content].map { $0 + "\n" }.joined()
        return SHA256.hash(data: Data(text.utf8)).hexadecimal
    }

    init(_ row: SQLRow) throws {
        sequence = try row.integer("sequence")
        time = try row.text("time")
        kind = try row.text("kind")
        content = try row.text("content")
        hash = try row.text("hash")
    }
}
