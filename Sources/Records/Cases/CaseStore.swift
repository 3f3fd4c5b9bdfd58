import Crypto
import Foundation

/// Donated cases: a photo and the facts beside it, sealed, for as long as the consent holds.
public struct CaseStore: Sendable {
    /// A case as it is opened for an export.
    public struct Case: Sendable {
        /// Two groups of five digits of base 32.
        public var id: String
        /// The consent it hangs on: one patient's cases of one consent have the same.
        public var consent: String
        public var donated: String
        public var facts: CaseFacts
        /// A JPEG without metadata.
        public var photo: Data
    }

    private struct Note: Encodable {
        var donatedCase: String
        var consent: String?
        var device: String
    }

    /// What a consent must be for so that cases are kept under it.
    static let purpose = ConsentTexts.Purpose.donation

    private static let idDigits = 10

    let database: any SQLDatabase
    let keys: KeyRing

    /// Keeps a case.
    ///
    /// - Parameters:
    ///   - photo: a JPEG without metadata (`JPEGCleaner`).
    ///   - code: of a consent that covers donation.
    /// - Returns: the case's number, by which the result of the histology is added later.
    /// - Throws: `RecordsError.invalid`, `.unknown` (consent), `.notWritten`.
    public func donate(
        _ photo: Data, _ given: CaseFacts, consent code: WithdrawalCode, by device: String,
        answering request: IdempotentRequest? = nil, at now: Date = Date()
    ) throws(RecordsError) -> String {
        var facts = given
        try facts.check()
        let consents = ConsentStore(database: database, keys: keys)
        let answers = AnswerStore(keys: keys)
        return try database.writing { session in
            if let request, let id = try answers.find(request, in: session) {
                guard try isKept(id, at: now, in: session) else { throw Self.unknown }
                return id
            }
            let consent = try consents.require(Self.purpose, code, at: now, in: session)
            let id = Base32.grouped(Base32.random(Self.idDigits))
            let time = Timestamp.text(now)
            let key = try DataKey(for: id, in: keys)
            try session.execute(
                "INSERT INTO cases (id, consent, donated, key, facts, photo) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    .text(id), .text(consent.id), .text(time), .bytes(key.wrapped), .bytes(try key.seal(facts, as: "facts")),
                    .bytes(try key.seal(photo, as: "photo")),
                ])
            if let request { try answers.keep(id, for: request, of: consent.id, at: time, in: session) }
            try AuditLog.append(.donation, Note(donatedCase: id, consent: consent.id, device: device), at: now, in: session)
            return id
        }
    }

    /// Adds what the pathologist found, or corrects it.
    ///
    /// - Returns: the case's number, as it is written.
    /// - Throws: `RecordsError.unknown` if there is no such case (any more); `.notWritten`.
    @discardableResult
    public func setHistology(
        _ histology: Histology, of typed: String, by device: String, at now: Date = Date()
    ) throws(RecordsError) -> String {
        guard let digits = Base32.normalised(typed, count: Self.idDigits) else { throw Self.unknown }
        let id = Base32.grouped(digits)
        return try database.writing { session in
            let found = try session.firstRow("SELECT key, facts FROM cases WHERE id = $1", [.text(id)]) { row in
                (key: try DataKey(row.bytes("key"), of: id, in: keys), facts: try row.bytes("facts"))
            }
            guard let found, try isKept(id, at: now, in: session) else { throw Self.unknown }
            var facts = try found.key.open(CaseFacts.self, found.facts, as: "facts")
            facts.histology = histology
            try session.execute(
                "UPDATE cases SET facts = $1 WHERE id = $2", [.bytes(try found.key.seal(facts, as: "facts")), .text(id)])
            try AuditLog.append(.histology, Note(donatedCase: id, device: device), at: now, in: session)
            return id
        }
    }

    private static let unknown = RecordsError.unknown("case with this number; it may have been withdrawn")

    /// The cases whose consent covers them: a purpose ($1) at a time ($2).
    private static let covered = """
        cases JOIN consent_purposes ON consent_purposes.consent = cases.consent
        AND consent_purposes.purpose = $1 AND consent_purposes.until > $2
        """

    private static func covering(at now: Date) -> [SQLValue] { [.text(purpose.rawValue), .text(Timestamp.text(now))] }

    /// True if there is such a case, and its consent holds.
    private func isKept(_ id: String, at now: Date, in session: any SQLSession) throws -> Bool {
        try session.firstRow(
            "SELECT cases.id FROM \(Self.covered) WHERE cases.id = $3", Self.covering(at: now) + [.text(id)],
            as: { try $0.text("id") }) != nil
    }

    /// Calls `body` with each case whose consent holds at this moment, one opened at a time.
    /// - Throws: `RecordsError.unavailable`, `.key`, or what `body` throws as `.unavailable`.
    public func forEach(at now: Date = Date(), _ body: (Case) throws -> Void) throws(RecordsError) {
        try forEachRow("cases.photo, ", at: now) { row, key in
            try body(
                Case(
                    id: row.text("id"), consent: row.text("consent"), donated: row.text("donated"),
                    facts: key.open(CaseFacts.self, row.bytes("facts"), as: "facts"),
                    photo: key.open(row.bytes("photo"), as: "photo")))
        }
    }

    /// The facts alone of each such case.
    public func facts(at now: Date = Date()) throws(RecordsError) -> [CaseFacts] {
        var all: [CaseFacts] = []
        try forEachRow("", at: now) { row, key in
            all.append(try key.open(CaseFacts.self, row.bytes("facts"), as: "facts"))
        }
        return all
    }

    private func forEachRow(
        _ columns: String, at now: Date, _ body: (SQLRow, DataKey) throws -> Void
    ) throws(RecordsError) {
        try database.reading { session in
            try session.forEachRow(
                """
                SELECT \(columns)cases.id, cases.consent, cases.donated, cases.key, cases.facts
                FROM \(Self.covered) ORDER BY cases.donated, cases.id
                """, Self.covering(at: now)
            ) { row in
                try body(row, DataKey(row.bytes("key"), of: row.text("id"), in: keys))
            }
        }
    }

    /// The secret that cases and patients are renamed with for an export, so that the same has the same name each time and nobody else can
    /// find out which it was. Made at the first export.
    public func exportSecret() throws(RecordsError) -> SymmetricKey {
        let name = "export"
        return try database.writing { session in
            let kept = try session.firstRow("SELECT * FROM secrets WHERE name = $1", [.text(name)]) { row in
                try DataKey(row.bytes("key"), of: name, in: keys).open(row.bytes("content"), as: "secret")
            }
            if let kept { return SymmetricKey(data: kept) }
            let secret = SymmetricKey(size: .bits256)
            let key = try DataKey(for: name, in: keys)
            let sealed = try key.seal(secret.withUnsafeBytes { Data($0) }, as: "secret")
            try session.execute(
                "INSERT INTO secrets (name, key, content) VALUES ($1, $2, $3)",
                [.text(name), .bytes(key.wrapped), .bytes(sealed)])
            return secret
        }
    }

    /// Notes in the audit log that the cases were given out.
    public func noteExport(cases: Int, by whom: String, at now: Date = Date()) throws(RecordsError) {
        struct Export: Encodable {
            var cases: Int
            var by: String
        }
        try AuditLog(database: database).append(.export, Export(cases: cases, by: whom), at: now)
    }
}
