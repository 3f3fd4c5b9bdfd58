import Foundation
import GRDB

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

    static let schema = """
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY NOT NULL,
            time TEXT NOT NULL,
            kind TEXT NOT NULL,
            content TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE
        ) STRICT;
        CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
        """

    let database: any DatabaseWriter

    /// Adds an entry; it is on the disk on return.
    ///
    /// - Parameter content: encoded as JSON with sorted keys. No photo, no name.
    /// - Throws: `RecordsError.notWritten`.
    @discardableResult
    public func append(_ kind: String, _ content: some Encodable, at date: Date = Date()) throws(RecordsError) -> AuditEntry {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let json = String(decoding: try encoder.encode(content), as: UTF8.self)
            let time = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            // The head is read and the entry written in one transaction that no other process can come between.
            return try database.write { database in
                let head = try Self.head(database)
                let entry = AuditEntry(sequence: head.sequence + 1, time: time, kind: kind, content: json, after: head.hash)
                try entry.insert(database)
                return entry
            }
        } catch {
            throw .notWritten(RecordsStore.reason(error))
        }
    }

    /// - Throws: `RecordsError.unavailable`.
    public func head() throws(RecordsError) -> Head {
        do { return try database.read(Self.head) } catch { throw .unavailable(RecordsStore.reason(error)) }
    }

    /// Follows the chain from its beginning.
    ///
    /// - Parameter kept: the hash of a head that was kept elsewhere, which must be in the log.
    /// - Returns: the head.
    /// - Throws: `RecordsError.broken` with the first place where it does not hold; `.unavailable`.
    public func verify(kept: String? = nil) throws(RecordsError) -> Head {
        let result: Result<Head, Break>
        do {
            result = try database.read { database in
                var head = Head(sequence: 0, hash: AuditEntry.origin)
                var isKeptFound = kept == nil || kept == AuditEntry.origin
                let entries = try AuditEntry.order(Column("sequence")).fetchCursor(database)
                while let entry = try entries.next() {
                    guard entry.sequence == head.sequence + 1 else { return .failure(.missing(sequence: head.sequence + 1)) }
                    guard entry.hash == entry.expectedHash(after: head.hash) else {
                        return .failure(.changed(sequence: entry.sequence))
                    }
                    head = Head(sequence: entry.sequence, hash: entry.hash)
                    if entry.hash == kept { isKeptFound = true }
                }
                return isKeptFound ? .success(head) : .failure(.headUnknown)
            }
        } catch {
            throw .unavailable(RecordsStore.reason(error))
        }
        switch result {
        case .success(let head): return head
        case .failure(let found): throw .broken(found)
        }
    }

    /// Calls `body` with each entry, the oldest first.
    /// - Throws: `RecordsError.unavailable`, or what `body` throws.
    public func forEach(_ body: (AuditEntry) throws -> Void) throws {
        try database.read { database in
            let entries = try AuditEntry.order(Column("sequence")).fetchCursor(database)
            while let entry = try entries.next() { try body(entry) }
        }
    }

    private static func head(_ database: Database) throws -> Head {
        guard let last = try AuditEntry.order(Column("sequence").desc).fetchOne(database) else {
            return Head(sequence: 0, hash: AuditEntry.origin)
        }
        return Head(sequence: last.sequence, hash: last.hash)
    }
}

extension AuditLog.Break: Error {}
