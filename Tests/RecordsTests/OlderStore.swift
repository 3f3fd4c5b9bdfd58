import Foundation

@testable import Records

/// A store as the version before `purposes` made and left it: its tables, and rows written by its own statements.
///
/// What it sealed is spelt out here, so that a change of today's code does not change it.
struct OlderStore {
    static let steps = Array(Schema.steps.prefix(6))

    let keys: KeyRing
    let database: any SQLDatabase

    init(_ backend: Backend, at place: String, keys: KeyRing) throws {
        self.keys = keys
        switch backend {
        case .sqlite:
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            database = try SQLiteDatabase(path: place + "/records.sqlite", steps: Self.steps)
        case .postgreSQL:
            database = try PostgreSQLDatabase(address: place, patience: 0, steps: Self.steps)
        }
    }

    private struct Note: Encodable {
        var consent: String
        var purposes: [String]
    }

    /// Adds a consent and its entry in the log.
    ///
    /// - Parameter until: by purpose; empty: it has ended, and nothing is sealed any more.
    func add(until: [String: Date], recorded: Date) throws -> Consent {
        let code = WithdrawalCode()
        var consent = Consent(id: UUID().uuidString.lowercased(), code: code, recorded: Timestamp.text(recorded))
        consent.until = until.mapValues(Timestamp.text)
        let grants = consent.until.map { purpose, end in
            """
            "\(purpose)":{"textVersion":"2","controller":"The clinic","language":"en","givenBy":"guardian","recordedBy":"phone",\
            "given":"\(consent.recorded)","until":"\(end)"}
            """
        }
        let key = try DataKey(for: consent.id, in: keys)
        let sealed = try key.seal(Data("{\(grants.joined(separator: ","))}".utf8), as: "consent")
        try database.write { session in
            try session.execute(
                """
                INSERT INTO consents (id, code_hash, recorded, processing_until, donation_until, key, content)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .text(consent.id), .text(code.hash), .text(consent.recorded), SQLValue(consent.until["processing"]),
                    SQLValue(consent.until["donation"]), SQLValue(until.isEmpty ? nil : key.wrapped),
                    SQLValue(until.isEmpty ? nil : sealed),
                ])
            let note = Note(consent: consent.id, purposes: until.keys.sorted())
            try AuditLog.append(.consent, note, at: recorded, in: session)
        }
        return consent
    }

    /// Adds a withdrawal of all of a consent, as it left the row.
    func withdraw(_ consent: inout Consent, at now: Date) throws {
        let id = consent.id
        try database.write { session in
            let entry = try AuditLog.append(.withdrawal, Note(consent: id, purposes: []), at: now, in: session)
            try session.execute(
                """
                UPDATE consents SET withdrawn = $1, proof = $2, processing_until = NULL, donation_until = NULL, key = NULL,
                content = NULL WHERE id = $3
                """, [.text(entry.time), .integer(entry.sequence), .text(id)])
        }
        consent.until = [:]
        consent.withdrawn = Timestamp.text(now)
    }

    /// Keeps a photo under a consent.
    func addCase(_ photo: Data, of consent: Consent, at now: Date) throws {
        let id = Base32.grouped(Base32.random(10))
        let key = try DataKey(for: id, in: keys)
        _ = try database.write { session in
            try session.execute(
                "INSERT INTO cases (id, consent, donated, key, facts, photo) VALUES ($1, $2, $3, $4, $5, $6)",
                [
                    .text(id), .text(consent.id), .text(Timestamp.text(now)), .bytes(key.wrapped),
                    .bytes(try key.seal(Data("{}".utf8), as: "facts")), .bytes(try key.seal(photo, as: "photo")),
                ])
        }
    }

    /// What a consent's row said.
    struct Consent {
        var id: String
        var code: WithdrawalCode
        var recorded: String
        var until: [String: String] = [:]
        var withdrawn: String?
    }
}
