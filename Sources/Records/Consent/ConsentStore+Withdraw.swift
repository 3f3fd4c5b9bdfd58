import Foundation

// The end of a consent: what it allowed to be kept is deleted, and its own words too; what remains is that there was one and when it ended.
extension ConsentStore {
    /// What a withdrawal did.
    public struct Withdrawal: Equatable, Sendable {
        public var consent: String
        public var time: String
        public var photosDeleted: Int
        /// What still holds.
        public var stillGranted: [ConsentTexts.Purpose]
        /// The entry of the audit log that proves it; nil where there was nothing to withdraw.
        public var proof: AuditLog.Head?
    }

    private struct Note: Encodable {
        var consent: String
        var purposes: [String]
        var photosDeleted: Int
    }

    /// A consent's rows as far as they can be read without a key.
    private struct Row {
        var id: String
        var withdrawn: String?
        /// Number of the log's entry of the last withdrawal.
        var proof: Int?
        /// By purpose.
        var until: [String: String] = [:]

        init(_ row: SQLRow) throws {
            id = try row.text("id")
            withdrawn = try row.optionalText("withdrawn")
            proof = try row.optionalInteger("proof")
        }

        func granted(at time: String) -> [ConsentTexts.Purpose] {
            ConsentTexts.Purpose.allCases.filter { purpose in until[purpose.rawValue].map { time < $0 } ?? false }
        }
    }

    /// Ends a consent for some purposes or, where none are named, all of it, and deletes what it allowed to be kept.
    ///
    /// Ending all of it needs no key, so that nobody is refused for a key that was lost. Done again, it changes nothing and says the
    /// same.
    /// - Throws: `RecordsError.unknown`, `.notWritten`; `.key` if a part is to go on and can't be opened.
    public func withdraw(
        _ code: WithdrawalCode, _ purposes: Set<ConsentTexts.Purpose>? = nil, at now: Date = Date()
    ) throws(RecordsError) -> Withdrawal {
        let withdrawal = try database.writing { session in
            let found = try session.firstRow("SELECT * FROM consents WHERE code_hash = $1", [.text(code.hash)], as: Row.init)
            guard var row = found else { throw Self.unknown }
            row.until = try Self.ends(of: row.id, in: session)
            let ended = row.until.keys.filter { purposes?.map(\.rawValue).contains($0) ?? true }.sorted()
            guard row.withdrawn == nil, !ended.isEmpty else { return try repeated(row, at: now, in: session) }
            for purpose in ended {
                row.until[purpose] = nil
                try Self.deletePurpose(purpose, of: row.id, in: session)
            }
            let photos =
                ended.contains(CaseStore.purpose.rawValue)
                ? try session.execute("DELETE FROM cases WHERE consent = $1", [.text(row.id)]) : 0
            if row.until.isEmpty {
                try Self.end(row.id, withdrawn: Timestamp.text(now), in: session)
            } else {
                try reduce(code, row, in: session)
            }
            let note = Note(consent: row.id, purposes: ended, photosDeleted: photos)
            let entry = try AuditLog.append(.withdrawal, note, at: now, in: session)
            try session.execute("UPDATE consents SET proof = $1 WHERE id = $2", [.integer(entry.sequence), .text(row.id)])
            return Withdrawal(
                consent: row.id, time: entry.time, photosDeleted: photos, stillGranted: row.granted(at: entry.time),
                proof: AuditLog.Head(sequence: entry.sequence, hash: entry.hash))
        }
        // The rows are gone and overwritten; while others read, copies in SQLite's log may stay until the daily run.
        if withdrawal.photosDeleted > 0 { try? database.forgetDeleted() }
        return withdrawal
    }

    /// What a withdrawal did that was asked for again: nothing; its proof is the last one's.
    private func repeated(_ row: Row, at now: Date, in session: any SQLSession) throws -> Withdrawal {
        let entry = try row.proof.flatMap { number in
            try session.firstRow("SELECT * FROM audit WHERE sequence = $1", [.integer(number)], as: AuditEntry.init)
        }
        let time = Timestamp.text(now)
        return Withdrawal(
            consent: row.id, time: entry?.time ?? time, photosDeleted: 0, stillGranted: row.granted(at: time),
            proof: entry.map { AuditLog.Head(sequence: $0.sequence, hash: $0.hash) })
    }

    /// Takes the ended purposes out of the consent's words.
    private func reduce(_ code: WithdrawalCode, _ row: Row, in session: any SQLSession) throws {
        guard var consent = try find(code, in: session) else { throw Self.unknown }
        for purpose in consent.grants.purposes where row.until[purpose.rawValue] == nil { consent[purpose] = nil }
        let sealed = try seal(consent, with: key(of: row.id, in: session))
        try session.execute("UPDATE consents SET content = $1 WHERE id = $2", [.bytes(sealed), .text(row.id)])
    }

    /// Takes everything but the fact away; also from answers that would be given again, which stay to refuse their requests.
    static func end(_ id: String, withdrawn time: String?, in session: any SQLSession) throws {
        try session.execute("UPDATE answers SET key = NULL, content = NULL WHERE consent = $1", [.text(id)])
        try session.execute("DELETE FROM consent_purposes WHERE consent = $1", [.text(id)])
        try session.execute(
            "UPDATE consents SET withdrawn = $1, key = NULL, content = NULL WHERE id = $2", [SQLValue(time), .text(id)])
    }
}
