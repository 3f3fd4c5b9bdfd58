import Foundation

/// An append-only log in which each entry carries a hash of all before: nothing in it can be changed, removed or put in another order
/// without breaking the chain. Who can write the whole file could make a new chain; that shows against a head kept elsewhere.
public struct AuditLog: Sendable {
    /// Where the chain does not hold.
    public enum Break: Equatable, Sendable, CustomStringConvertible {
        case changed(sequence: Int)
        case missing(sequence: Int)
        /// A head that was kept elsewhere is not in the log.
        case headUnknown

        public var description: String {
            switch self {
            case .changed(let sequence): "entry \(sequence) is not what was written, or does not follow the one before"
            case .missing(let sequence): "entry \(sequence) is missing"
            case .headUnknown: "the head that was kept is not in it: entries were removed from its end, or all of it was replaced"
            }
        }
    }

    /// The last entry's place and hash: what to keep elsewhere.
    public struct Head: Codable, Equatable, Sendable {
        public var sequence: Int
        public var hash: String
    }

    /// What the log tells of.
    public enum Kind: String, Sendable {
        case analysis
        case deviceAdded = "device-added"
        case deviceRevoked = "device-revoked"
        case deviceRotated = "device-rotated"
        case consent
        case withdrawal
        case donation
        case histology
        case expiry
        case export
        case rekey
    }

    let database: any SQLDatabase

    /// Adds an entry; it is on the disk on return.
    ///
    /// - Parameters:
    ///   - content: encoded as JSON with sorted keys. No photo, no name.
    ///   - date: nil: when it is written, so that times follow the order of the entries.
    /// - Throws: `RecordsError.notWritten`.
    @discardableResult
    public func append(_ kind: Kind, _ content: some Encodable, at date: Date? = nil) throws(RecordsError) -> AuditEntry {
        try database.writing { try Self.append(kind, content, at: date ?? Date(), in: $0) }
    }

    /// Adds an entry to a transaction: what the entry tells of and the entry itself are kept together, or neither is.
    @discardableResult
    static func append(
        _ kind: Kind, _ content: some Encodable, at date: Date, in session: any SQLSession
    ) throws -> AuditEntry {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(content), as: UTF8.self)
        let head = try head(session)
        let entry = AuditEntry(
            sequence: head.sequence + 1, time: Timestamp.text(date), kind: kind.rawValue, content: json, after: head.hash)
        try session.execute(
            "INSERT INTO audit (sequence, time, kind, content, hash) VALUES ($1, $2, $3, $4, $5)",
            [.integer(entry.sequence), .text(entry.time), .text(entry.kind), .text(entry.content), .text(entry.hash)])
        return entry
    }

    /// - Throws: `RecordsError.unavailable`.
    public func head() throws(RecordsError) -> Head {
        try database.reading(Self.head)
    }

    /// Follows the chain from its beginning.
    ///
    /// - Parameter kept: the hash of a head that was kept elsewhere, which must be in the log.
    /// - Returns: the head.
    /// - Throws: `RecordsError.broken` with the first place where it does not hold; `.unavailable`.
    public func verify(kept: String? = nil) throws(RecordsError) -> Head {
        try database.reading { session in
            var head = Head(sequence: 0, hash: AuditEntry.origin)
            var isKeptFound = kept == nil || kept == AuditEntry.origin
            try session.forEachRow("SELECT * FROM audit ORDER BY sequence", []) { row in
                let entry = try AuditEntry(row)
                guard entry.sequence == head.sequence + 1 else {
                    throw RecordsError.broken(.missing(sequence: head.sequence + 1))
                }
                guard entry.hash == entry.expectedHash(after: head.hash) else {
                    throw RecordsError.broken(.changed(sequence: entry.sequence))
                }
                head = Head(sequence: entry.sequence, hash: entry.hash)
                if entry.hash == kept { isKeptFound = true }
            }
            guard isKeptFound else { throw RecordsError.broken(.headUnknown) }
            return head
        }
    }

    /// Calls `body` with each entry, the oldest first.
    /// - Throws: `RecordsError.unavailable`.
    public func forEach(_ body: (AuditEntry) throws -> Void) throws(RecordsError) {
        try database.reading { session in
            try session.forEachRow("SELECT * FROM audit ORDER BY sequence", []) { try body(AuditEntry($0)) }
        }
    }

    static func head(_ session: any SQLSession) throws -> Head {
        let last = try session.firstRow("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1") { row in
            Head(sequence: try row.integer("sequence"), hash: try row.text("hash"))
        }
        return last ?? Head(sequence: 0, hash: AuditEntry.origin)
    }
}
