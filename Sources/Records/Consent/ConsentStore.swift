import Foundation

/// Consents: given, looked up, and withdrawn by the code that came with them.
///
/// What they are for and until when: `ConsentStore+Purposes`. How they end: `ConsentStore+Withdraw`.
public struct ConsentStore: Sendable {
    /// What a doctor records.
    public struct Declaration: Codable, Equatable, Sendable {
        public var purposes: Set<ConsentTexts.Purpose>
        public var language: String
        public var textVersion: String
        public var givenBy: Consent.Giver

        public init(
            purposes: Set<ConsentTexts.Purpose>, language: String, textVersion: String, givenBy: Consent.Giver = .patient
        ) {
            self.purposes = purposes
            self.language = language
            self.textVersion = textVersion
            self.givenBy = givenBy
        }
    }

    /// A new consent and its code, which is shown once and can't be had again.
    public struct Recorded: Sendable {
        public var consent: Consent
        public var code: WithdrawalCode
    }

    /// What the audit log keeps.
    private struct Note: Encodable {
        var consent: String
        var purposes: [String]
        var textVersion: String
        var language: String
        var givenBy: Consent.Giver
        var until: [String: String]
        var device: String
    }

    let database: any SQLDatabase
    let keys: KeyRing

    /// Records a consent.
    ///
    /// - Parameters:
    ///   - texts: the words in force.
    ///   - device: the device that recorded it, as it is to be kept.
    /// - Throws: `RecordsError.invalid` if the words are not those in force; `.notWritten`.
    public func record(
        _ statement: Declaration, under texts: ConsentTexts, by device: String, answering request: IdempotentRequest? = nil,
        at now: Date = Date()
    ) throws(RecordsError) -> Recorded {
        try texts.check(statement)
        let answers = AnswerStore(keys: keys)
        return try database.writing { session in
            if let request, let answer = try answers.find(request, in: session) {
                guard let code = WithdrawalCode(answer), let consent = try find(code, in: session) else {
                    throw RecordsError.unknown("consent any more that this request made")
                }
                return Recorded(consent: consent, code: code)
            }
            let code = WithdrawalCode()
            let time = Timestamp.text(now)
            var consent = Consent(id: UUID().uuidString.lowercased(), recorded: time)
            try consent.grant(statement, under: texts, by: device, at: now)
            let key = try DataKey(for: consent.id, in: keys)
            try session.execute(
                "INSERT INTO consents (id, code_hash, recorded, key, content) VALUES ($1, $2, $3, $4, $5)",
                [
                    .text(consent.id), .text(code.hash), .text(time), .bytes(key.wrapped),
                    .bytes(try seal(consent, with: key)),
                ])
            try Self.writePurposes(of: consent, in: session)
            if let request { try answers.keep(code.printed, for: request, of: consent.id, at: time, in: session) }
            try AuditLog.append(.consent, note(consent, statement, device), at: now, in: session)
            return Recorded(consent: consent, code: code)
        }
    }

    /// Adds a purpose to a consent that has another one, or renews one.
    /// - Throws: `RecordsError.unknown`, `.invalid`, `.notWritten`.
    public func extend(
        _ code: WithdrawalCode, by statement: Declaration, under texts: ConsentTexts, by device: String,
        answering request: IdempotentRequest? = nil, at now: Date = Date()
    ) throws(RecordsError) -> Consent {
        try texts.check(statement)
        let answers = AnswerStore(keys: keys)
        return try database.writing { session in
            if let request, try answers.find(request, in: session) != nil { return try standing(code, in: session) }
            var consent = try standing(code, in: session)
            try consent.grant(statement, under: texts, by: device, at: now)
            let key = try key(of: consent.id, in: session)
            try session.execute(
                "UPDATE consents SET content = $1 WHERE id = $2", [.bytes(try seal(consent, with: key)), .text(consent.id)])
            try Self.writePurposes(of: consent, in: session)
            if let request {
                try answers.keep(code.printed, for: request, of: consent.id, at: Timestamp.text(now), in: session)
            }
            try AuditLog.append(.consent, note(consent, statement, device), at: now, in: session)
            return consent
        }
    }

    /// The consent of a code, whether it stands or not.
    /// - Throws: `RecordsError.unknown` if there is none; `.unavailable`.
    public func consent(_ code: WithdrawalCode) throws(RecordsError) -> Consent {
        try database.reading { session in
            guard let consent = try find(code, in: session) else { throw Self.unknown }
            return consent
        }
    }

    /// The consent of a code, if it covers a purpose now.
    /// - Throws: `RecordsError.unknown`, or `.invalid` for one that was withdrawn, has ended or is for something else.
    public func require(
        _ purpose: ConsentTexts.Purpose, _ code: WithdrawalCode, at now: Date = Date()
    ) throws(RecordsError) -> Consent {
        try database.reading { try require(purpose, code, at: now, in: $0) }
    }

    func require(
        _ purpose: ConsentTexts.Purpose, _ code: WithdrawalCode, at now: Date, in session: any SQLSession
    ) throws -> Consent {
        let consent = try standing(code, in: session)
        guard let grant = consent[purpose] else {
            throw RecordsError.invalid(field: "consent", reason: "does not cover \(purpose.rawValue)")
        }
        guard consent.allows(purpose, at: Timestamp.text(now)) else {
            throw RecordsError.invalid(field: "consent", reason: "ended on \(grant.until.prefix(10))")
        }
        return consent
    }

    // MARK: - Rows

    static let unknown = RecordsError.unknown("consent with this code")

    /// What was agreed to is sealed; what stands of it, and until when, is what the purposes' rows say.
    func find(_ code: WithdrawalCode, in session: any SQLSession) throws -> Consent? {
        let found = try session.firstRow(
            "SELECT consents.*, (SELECT count(*) FROM cases WHERE consent = consents.id) AS photos FROM consents WHERE code_hash = $1",
            [.text(code.hash)]
        ) { row in
            var consent = Consent(id: try row.text("id"), recorded: try row.text("recorded"))
            consent.withdrawn = try row.optionalText("withdrawn")
            consent.photos = try row.integer("photos")
            if let wrapped = try row.optionalBytes("key"), let content = try row.optionalBytes("content") {
                consent.grants = try DataKey(wrapped, of: consent.id, in: keys).open(
                    ByPurpose<Consent.Grant>.self, content, as: Self.sealedAs)
            }
            return consent
        }
        guard var consent = found else { return nil }
        let ends = try Self.ends(of: consent.id, in: session)
        for purpose in consent.grants.purposes {
            if let until = ends[purpose.rawValue] { consent[purpose]?.until = until } else { consent[purpose] = nil }
        }
        return consent
    }

    private func standing(_ code: WithdrawalCode, in session: any SQLSession) throws -> Consent {
        guard let consent = try find(code, in: session) else { throw Self.unknown }
        if let withdrawn = consent.withdrawn {
            throw RecordsError.invalid(field: "consent", reason: "was withdrawn on \(withdrawn.prefix(10))")
        }
        guard !consent.grants.isEmpty else {
            throw RecordsError.invalid(field: "consent", reason: "is over; record a new one")
        }
        return consent
    }

    func key(of id: String, in session: any SQLSession) throws -> DataKey {
        let wrapped = try session.firstRow("SELECT key FROM consents WHERE id = $1", [.text(id)]) { try $0.bytes("key") }
        guard let wrapped else { throw Self.unknown }
        return try DataKey(wrapped, of: id, in: keys)
    }

    // MARK: - What is sealed

    private static let sealedAs = "consent"

    func seal(_ consent: Consent, with key: DataKey) throws -> Data {
        try key.seal(consent.grants, as: Self.sealedAs)
    }

    private func note(_ consent: Consent, _ statement: Declaration, _ device: String) -> Note {
        let until = statement.purposes.compactMap { purpose in consent[purpose].map { (purpose.rawValue, $0.until) } }
        return Note(
            consent: consent.id, purposes: statement.purposes.map(\.rawValue).sorted(), textVersion: statement.textVersion,
            language: statement.language, givenBy: statement.givenBy, until: Dictionary(uniqueKeysWithValues: until),
            device: device)
    }
}

extension ConsentTexts {
    /// - Throws: `RecordsError.invalid` if what was said does not fit these words.
    fileprivate func check(_ statement: ConsentStore.Declaration) throws(RecordsError) {
        guard !statement.purposes.isEmpty else {
            let names = ConsentTexts.Purpose.allCases.map(\.rawValue)
            let others = names.dropFirst().map { "or \($0) " }.joined()
            throw .invalid(field: names[0], reason: "\(others)must be granted; there is nothing to record otherwise")
        }
        guard statement.textVersion == version else {
            throw .invalid(field: "text_version", reason: "must be \(version), the one in force; show the patient that text")
        }
        guard texts.contains(where: { $0.language == statement.language }) else {
            let languages = texts.map(\.language).joined(separator: ", ")
            throw .invalid(field: "language", reason: "must be one that there is a text in: \(languages)")
        }
    }
}

extension Consent {
    /// - Throws: `RecordsError.invalid` for a purpose that the words do not say the days of.
    fileprivate mutating func grant(
        _ statement: ConsentStore.Declaration, under texts: ConsentTexts, by device: String, at now: Date
    ) throws(RecordsError) {
        for purpose in statement.purposes {
            guard let days = texts.validityDays[purpose] else {
                throw .invalid(field: purpose.rawValue, reason: "can't be granted: the consent text has no words for it")
            }
            self[purpose] = Grant(
                textVersion: statement.textVersion, controller: texts.controller, language: statement.language,
                givenBy: statement.givenBy, recordedBy: device,
                given: Timestamp.text(now), until: Timestamp.text(now.addingTimeInterval(Double(days) * 86_400)))
        }
    }
}
