import FoundationEssentials
import HTTPTypes
import Imaging
import Model
import Records

/// Donated cases: a photo with its facts, the histology later, and how balanced all of it is.
struct CaseHandler: Sendable {
    let service: Service

    private struct Donated: Encodable {
        /// The case's number.
        var donatedCase: String

        private enum CodingKeys: String, CodingKey { case donatedCase = "case" }
    }

    /// POST /v1/cases
    @Sendable func donate(_ request: Request) throws -> Response {
        let cases = try cases()
        let limit = service.settings.maxBodyBytes
        _ = try UploadForm.length(of: request, limit: limit)
        // Uploads that wait to be kept count as those that wait to be analysed: their memory is bounded together.
        guard let place = service.queue.enter() else { throw Problem.busy }
        defer { withExtendedLifetime(place) {} }
        let form = try UploadForm(request, limit: limit)
        let image = try form.image()
        try form.requireOnly(["image", "consent"] + CaseFacts.fields)
        let code = try ConsentHandler.code(form.required("consent"), field: "consent")
        let facts = try CaseFacts(form)
        let photo = try form.withBytes(of: image) { bytes throws(ImagingError) in try service.clean(bytes) }
        let number = try cases.donate(
            photo, facts, consent: code, by: request.caller.name ?? "", answering: request.idempotent(form))
        return try .json(Donated(donatedCase: number), status: .created)
    }

    /// POST /v1/cases/histology
    @Sendable func addHistology(_ request: Request) throws -> Response {
        let cases = try cases()
        let form = try UploadForm(request, fields: ["case", "histology"])
        let number = try form.required("case")
        guard let histology = try form.choice("histology", of: Histology.self) else {
            throw Problem(.fieldInvalid, "histology must be one of: \(Histology.names).", field: "histology")
        }
        return try .json(
            Donated(donatedCase: cases.setHistology(histology, of: number, by: request.caller.name ?? "")))
    }

    /// GET /v1/cases/balance
    @Sendable func balance(_ request: Request) throws -> Response {
        try .json(CaseBalance(try cases().facts()))
    }

    private func cases() throws -> CaseStore {
        guard let cases = try service.readyArchive()?.cases else {
            throw Problem(.notOffered, "Donation of photos is not switched on at this server.")
        }
        return cases
    }
}

extension CaseFacts {
    /// The form's fields.
    fileprivate static let fields = [
        "sex", "age", "site", "fitzpatrick", "monk", "diameter", "personal_history", "family_history", "sun_exposure", "changed",
        "nodular", "skin_care", "camera",
    ]

    fileprivate init(_ form: UploadForm) throws(Problem) {
        self.init()
        sex = try form.choice("sex", of: Sex.self)
        age = try form.number("age")
        site = try form.choice("site", of: Site.self)
        fitzpatrick = try form.number("fitzpatrick")
        monk = try form.number("monk")
        diameter = try form.decimal("diameter")
        personalHistory = try form.answer("personal_history")
        familyHistory = try form.answer("family_history")
        sunExposure = try form.choice("sun_exposure", of: SunExposure.self)
        changed = try form.answer("changed")
        nodular = try form.answer("nodular")
        skinCare = try form.answer("skin_care")
        camera = try form.choice("camera", of: Camera.self)
    }
}
