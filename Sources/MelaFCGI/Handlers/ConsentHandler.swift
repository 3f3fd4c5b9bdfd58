import FoundationEssentials
import HTTPTypes
import Records

/// Consents: the texts, recording one, looking one up, and withdrawing it. A code never stands in an address, which logs keep.
struct ConsentHandler: Sendable {
    let service: Service

    private struct Texts: Encodable {
        /// "clinic" or "cloud": in the cloud an analysis needs a consent.
        var mode: String
        var consentRequired: Bool
        var donation: Bool
        var version: String?
        var controller: String?
        var validityDays: ByPurpose<Int>?
        var texts: [ConsentTexts.Translation]
    }

    /// GET /v1/consent-texts
    @Sendable func texts(_ request: Request) throws -> Response {
        let archive = try service.readyArchive()
        let texts = archive?.consents?.texts
        let mode = service.settings.mode
        return try .json(
            Texts(
                mode: mode.rawValue, consentRequired: mode == .cloud, donation: archive?.cases != nil, version: texts?.version,
                controller: texts?.controller, validityDays: texts?.validityDays, texts: texts?.texts ?? []))
    }

    private enum Decision: String, CaseIterable {
        case granted
        case refused
    }

    /// POST /v1/consents: a new consent, or one more purpose for the one whose code is given.
    @Sendable func record(_ request: Request) throws -> Response {
        let (store, texts) = try consents()
        let form = try UploadForm(
            request,
            fields: ConsentTexts.Purpose.allCases.map(\.rawValue) + ["text_version", "language", "given_by", "consent"])
        var purposes: Set<ConsentTexts.Purpose> = []
        for purpose in ConsentTexts.Purpose.allCases
        where try form.choice(purpose.rawValue, of: Decision.self) == .granted {
            purposes.insert(purpose)
        }
        guard !purposes.contains(.donation) || service.settings.donation else {
            throw Problem(.fieldInvalid, "donation is not switched on at this server.", field: "donation")
        }
        let statement = ConsentStore.Declaration(
            purposes: purposes, language: try form.required("language"), textVersion: try form.required("text_version"),
            givenBy: try form.choice("given_by", of: Consent.Giver.self) ?? .patient)
        let device = request.caller.name ?? ""
        if let typed = try form.text("consent") {
            let code = try Self.code(typed, field: "consent")
            let extended = try store.extend(
                code, by: statement, under: texts, by: device, answering: request.idempotent(form))
            return try answer(request, extended, code: nil)
        }
        let recorded = try store.record(statement, under: texts, by: device, answering: try request.idempotent(form))
        return try answer(request, recorded.consent, code: recorded.code.printed, status: .created)
    }

    /// POST /v1/consents/lookup
    @Sendable func lookUp(_ request: Request) throws -> Response {
        let store = try consents().store
        let form = try UploadForm(request, fields: ["code"])
        return try answer(request, store.consent(Self.code(form.required("code"), field: "code")), code: nil)
    }

    /// What of a consent is withdrawn: all of it, or one purpose by its name.
    private struct Scope: RawRepresentable, CaseIterable {
        static let all = Scope(purpose: nil)
        static let allCases = [all] + ConsentTexts.Purpose.allCases.map(Scope.init(purpose:))

        var purpose: ConsentTexts.Purpose?
        var rawValue: String { purpose?.rawValue ?? "all" }

        init?(rawValue: String) {
            guard let scope = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = scope
        }

        private init(purpose: ConsentTexts.Purpose?) {
            self.purpose = purpose
        }
    }

    /// POST /v1/withdrawals
    @Sendable func withdraw(_ request: Request) throws -> Response {
        let store = try consents().store
        let form = try UploadForm(request, fields: ["code", "scope"])
        let code = try Self.code(form.required("code"), field: "code")
        let scope = try form.choice("scope", of: Scope.self) ?? .all
        let withdrawal = try store.withdraw(code, scope.purpose.map { [$0] })
        let document = WithdrawalDocument(withdrawal)
        return request.preference == .html ? .html(WithdrawalPage.page(document)) : try .json(document)
    }

    private func consents() throws -> (store: ConsentStore, texts: ConsentTexts) {
        guard let consents = try service.readyArchive()?.consents else {
            throw Problem(.notOffered, "This server keeps no consents, and nothing that needs one.")
        }
        return consents
    }

    private func answer(
        _ request: Request, _ consent: Consent, code: String?, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        request.preference == .fhir
            ? try .fhir(FHIRBundle(consent, code: code, at: Date()), status: status)
            : try .json(ConsentDocument(consent, code: code), status: status)
    }

    /// - Throws: `Problem` for what can't be a code.
    static func code(_ typed: String, field: String) throws(Problem) -> WithdrawalCode {
        guard let code = WithdrawalCode(typed) else {
            throw Problem(
                .fieldInvalid, "A code has 20 letters and digits, in groups of five. Check it and type it again.", field: field)
        }
        return code
    }
}

/// A consent as REST answers it.
struct ConsentDocument: Encodable {
    struct Grant: Encodable {
        var textVersion: String
        var language: String
        var givenBy: String
        var given: String
        var until: String

        init(_ grant: Consent.Grant) {
            textVersion = grant.textVersion
            language = grant.language
            givenBy = grant.givenBy.rawValue
            given = grant.given
            until = grant.until
        }
    }

    var id: String
    /// Only in the answer that made it.
    var code: String?
    var recorded: String
    /// In JSON each purpose has its key beside the others.
    var grants: ByPurpose<Grant>
    var withdrawn: String?
    var photos: Int

    init(_ consent: Consent, code: String?) {
        id = consent.id
        self.code = code
        recorded = consent.recorded
        grants = consent.grants.map(Grant.init)
        withdrawn = consent.withdrawn
        photos = consent.photos
    }

    private enum CodingKeys: String, CodingKey {
        case id, code, recorded, withdrawn, photos
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encodeIfPresent(code, forKey: .code)
        try container.encode(recorded, forKey: .recorded)
        try container.encodeIfPresent(withdrawn, forKey: .withdrawn)
        try container.encode(photos, forKey: .photos)
        try grants.encode(to: encoder)
    }
}

/// What a withdrawal did, as REST and the page answer it.
struct WithdrawalDocument: Encodable {
    var consent: String
    var time: String
    var photosDeleted: Int
    /// What still holds, if a part was withdrawn.
    var stillGranted: [String]
    /// The entry of the audit log; nil where there was nothing to withdraw.
    var proof: AuditLog.Head?

    init(_ withdrawal: ConsentStore.Withdrawal) {
        consent = withdrawal.consent
        time = withdrawal.time
        photosDeleted = withdrawal.photosDeleted
        stillGranted = withdrawal.stillGranted.map(\.rawValue)
        proof = withdrawal.proof
    }
}

extension Request {
    /// The key under which this request may be sent again; nil if its sender gave none.
    /// - Throws: `Problem` for a key that is too long.
    func idempotent(_ form: UploadForm) throws(Problem) -> IdempotentRequest? {
        guard let key = idempotencyKey else { return nil }
        guard key.utf8.count <= 200 else {
            throw Problem(.fieldInvalid, "Idempotency-Key must have at most 200 characters.", field: "Idempotency-Key")
        }
        return IdempotentRequest(device: caller.name ?? "", key: "\(path)\n\(key)", parts: form.forEachPart)
    }
}
