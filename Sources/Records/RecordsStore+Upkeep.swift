import Foundation

// What an administrator does, or a timer every night: expiry, new keys, erasure, backups.
extension RecordsStore {
    /// What an expiry took away.
    public struct Expiry: Codable, Equatable, Sendable {
        public var consents: Int
        public var photos: Int
        public var answers: Int
    }

    /// Deletes what no consent allows to be kept any more, and answers that nobody will ask for again.
    ///
    /// Needs no key. The log gets an entry if something was deleted.
    /// - Throws: `RecordsError.notWritten`.
    @discardableResult
    public func expire(at now: Date = Date()) throws(RecordsError) -> Expiry {
        let time = Timestamp.text(now)
        let expiry = try database.writing { session in
            let photos = try session.execute(
                "DELETE FROM cases WHERE consent IN (SELECT consent FROM consent_purposes WHERE purpose = $1 AND until <= $2)",
                [.text(CaseStore.purpose.rawValue), .text(time)])
            let answers = try session.execute(
                "DELETE FROM answers WHERE answered <= $1",
                [.text(Timestamp.text(now.addingTimeInterval(-AnswerStore.lifetime)))])
            let ended = try session.rows(
                """
                SELECT id FROM consents WHERE withdrawn IS NULL AND content IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM consent_purposes WHERE consent = consents.id AND until > $1)
                """, [.text(time)]
            ) { try $0.text("id") }
            for id in ended { try ConsentStore.end(id, withdrawn: nil, in: session) }
            let expiry = Expiry(consents: ended.count, photos: photos, answers: answers)
            if photos + ended.count > 0 { try AuditLog.append(.expiry, expiry, at: now, in: session) }
            return expiry
        }
        do { try database.compact() } catch { throw RecordsError(error, or: RecordsError.notWritten) }
        return expiry
    }

    /// Seals every row's own key anew, with the first of the ring: afterwards the ring's other keys are of no more use.
    ///
    /// - Returns: the rows.
    /// - Throws: `RecordsError.key` if one can't be opened: then nothing is changed; `.notWritten`.
    public func rekey(_ keys: KeyRing, at now: Date = Date()) throws(RecordsError) -> Int {
        struct Note: Encodable {
            var rows: Int
        }
        let count = try database.writing { session in
            var count = 0
            for (table, column) in [("consents", "id"), ("cases", "id"), ("answers", "request"), ("secrets", "name")] {
                let rows = try session.rows("SELECT \(column) AS row, key FROM \(table) WHERE key IS NOT NULL") { row in
                    (id: try row.text("row"), key: try DataKey(row.bytes("key"), of: row.text("row"), in: keys))
                }
                for row in rows {
                    try session.execute(
                        "UPDATE \(table) SET key = $1 WHERE \(column) = $2",
                        [.bytes(try row.key.rewrapped(in: keys)), .text(row.id)])
                }
                count += rows.count
            }
            try AuditLog.append(.rekey, Note(rows: count), at: now, in: session)
            return count
        }
        do { try database.forgetDeleted() } catch { throw RecordsError(error, or: RecordsError.notWritten) }
        return count
    }

    /// Copies a store in SQLite into a folder while it is in use, and removes copies beyond the newest `keep`.
    ///
    /// - Returns: the copy's name.
    /// - Throws: `RecordsError.unavailable`, also for PostgreSQL, which has its own means.
    public func backUp(to folder: String, keep: Int, at now: Date = Date()) throws(RecordsError) -> String {
        guard let database = database as? SQLiteDatabase else {
            throw .unavailable("they are in PostgreSQL, which is backed up by its own means (pg_basebackup, pg_dump)")
        }
        do {
            let manager = FileManager.default
            try manager.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let name = Self.backupPrefix + Timestamp.text(now).filter(\.isNumber) + Self.backupSuffix
            let path = folder + "/" + name
            // Under another name until it is whole; for its owner only from the start. One that was cut off earlier goes.
            let partial = folder + "/" + Self.backupPrefix + "partial"
            for part in ["", "-journal", "-wal", "-shm"] { try? manager.removeItem(atPath: partial + part) }
            guard manager.createFile(atPath: partial, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw SQLFailure(reason: "the backup's file can't be made; check the folder's owner and permissions")
            }
            do {
                try database.backUp(to: partial)
                try manager.moveItem(atPath: partial, toPath: path)
            } catch {
                try? manager.removeItem(atPath: partial)
                throw error
            }
            for old in try Self.backups(in: folder).dropLast(keep) { try manager.removeItem(atPath: folder + "/" + old) }
            return name
        } catch {
            throw RecordsError(error, or: RecordsError.unavailable)
        }
    }

    private static let backupPrefix = "records-"
    private static let backupSuffix = ".sqlite"

    /// The backups in a folder, the oldest first.
    public static func backups(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(backupPrefix) && $0.hasSuffix(backupSuffix) }.sorted()
    }
}
