import FoundationEssentials
import HTTPTypes
import Imaging
import Model
import Records

/// An error as the client gets it: `application/problem+json` after RFC 9457, with a stable type and a sentence that says what to
/// do. It never names a patient, a file or a path.
struct Problem: Error, Equatable {
    /// The last part of the type: `urn:melascan:problem:CODE`.
    enum Code: String, CaseIterable {
        case formType = "form-type"
        case formInvalid = "form-invalid"
        case imageMissing = "image-missing"
        case imageRepeated = "image-repeated"
        case imageEmpty = "image-empty"
        case imageNotJPEG = "image-not-jpeg"
        case imageUnsupported = "image-unsupported"
        case imageDamaged = "image-damaged"
        case imageTooManyPixels = "image-too-many-pixels"
        case imageTooComplex = "image-too-complex"
        case fieldInvalid = "field-invalid"
        case lengthRequired = "length-required"
        case bodyTooLarge = "body-too-large"
        case bodyShort = "body-short"
        case bodyLong = "body-long"
        case pathUnknown = "path-unknown"
        case methodNotAllowed = "method-not-allowed"
        case unauthorised
        case forbidden
        case httpsRequired = "https-required"
        case tooManyTries = "too-many-tries"
        case consentRequired = "consent-required"
        case notOffered = "not-offered"
        case recordUnknown = "record-unknown"
        case busy
        case notReady = "not-ready"
        case notRecorded = "not-recorded"
        case recordsUnavailable = "records-unavailable"
        case internalError = "internal"

        var status: HTTPResponse.Status {
            switch self {
            case .formInvalid, .imageMissing, .imageRepeated, .imageEmpty, .bodyShort, .bodyLong: .badRequest
            case .formType, .imageNotJPEG, .imageUnsupported: .unsupportedMediaType
            case .imageDamaged, .imageTooManyPixels, .imageTooComplex, .fieldInvalid, .consentRequired: .unprocessableContent
            case .unauthorised: .unauthorized
            case .forbidden, .httpsRequired: .forbidden
            case .tooManyTries: .tooManyRequests
            case .lengthRequired: .lengthRequired
            case .bodyTooLarge: .contentTooLarge
            case .pathUnknown, .notOffered, .recordUnknown: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .busy, .notReady, .notRecorded, .recordsUnavailable: .serviceUnavailable
            case .internalError: .internalServerError
            }
        }

        var title: String {
            switch self {
            case .formType: "Not a form"
            case .formInvalid: "The form can't be read"
            case .imageMissing: "No photo"
            case .imageRepeated: "More than one photo"
            case .imageEmpty: "The photo is empty"
            case .imageNotJPEG: "Not a JPEG photo"
            case .imageUnsupported: "A kind of JPEG that is not read"
            case .imageDamaged: "The photo is damaged"
            case .imageTooManyPixels: "Too many pixels"
            case .imageTooComplex: "Too many scans"
            case .fieldInvalid: "A field has a value that can't be"
            case .lengthRequired: "No length"
            case .bodyTooLarge: "The photo is too large"
            case .bodyShort: "The upload was cut short"
            case .bodyLong: "More was sent than announced"
            case .pathUnknown: "Nothing here"
            case .methodNotAllowed: "Not that way"
            case .unauthorised: "This device is not known here"
            case .forbidden: "Not allowed"
            case .httpsRequired: "Over https only"
            case .tooManyTries: "Too many wrong tokens"
            case .consentRequired: "The patient's consent is missing"
            case .notOffered: "Not offered here"
            case .recordUnknown: "Not in the records"
            case .busy: "Busy"
            case .notReady: "Not ready yet"
            case .notRecorded: "It could not be recorded"
            case .recordsUnavailable: "The records can't be reached"
            case .internalError: "Something went wrong"
            }
        }
    }

    var code: Code
    var detail: String
    /// The form's field that is at fault.
    var field: String?
    var headers: HTTPFields = [:]

    init(_ code: Code, _ detail: String, field: String? = nil, headers: HTTPFields = [:]) {
        self.code = code
        self.detail = detail
        self.field = field
        self.headers = headers
    }

    static let busy = Problem(
        .busy, "Other photos are being analysed and the queue is full. Try again in a few seconds.",
        headers: [.retryAfter: "3"])
    static let notReady = Problem(
        .notReady, "The server has just started and is still testing itself. Try again in a few seconds.",
        headers: [.retryAfter: "2"])
    static let notRecorded = Problem(
        .notRecorded,
        "What was asked could not be written into the server's records, so it is not answered. Tell your administrator; the server's disk may be full.",
        headers: [.retryAfter: "30"])
    static let recordsUnavailable = Problem(
        .recordsUnavailable,
        "The server can't reach its records, so it can't tell who is there and what is allowed. Try again in a few seconds; if it stays so, tell your administrator.",
        headers: [.retryAfter: "5"])
    static let unauthorised = Problem(
        .unauthorised,
        "Send this device's token (Authorization: Bearer …). The administrator makes one with `melascan token add`; one that was sent may be mistyped, expired or revoked.",
        headers: [.wwwAuthenticate: "Bearer realm=\"MelaScan\""])
    static let tooManyTries = Problem(
        .tooManyTries, "There were too many wrong tokens of this device. Wait a minute and try again.",
        headers: [.retryAfter: "60"])
    static let httpsRequired = Problem(
        .httpsRequired, "This server takes nothing over an open connection. Use its https address.")
    static let internalError = Problem(
        .internalError, "The photo was not analysed. Try again; if it happens again, tell your administrator the time.")

    /// Any error, as the client gets it: the one place where errors become statuses.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        case let error as ImagingError:
            self.init(Code(rawValue: error.code) ?? .internalError, error.advice, field: "image")
        case let error as RecordsError: self.init(error)
        case ModelError.option(let field, let reason):
            self.init(.fieldInvalid, "\(field) \(reason).", field: field)
        default:
            self = .internalError
        }
    }

    private init(_ error: RecordsError) {
        switch error {
        case .notWritten, .broken: self = .notRecorded
        case .unavailable: self = .recordsUnavailable
        case .unknown(let what): self.init(.recordUnknown, "There is no \(what).")
        case .invalid(let field, let reason): self.init(.fieldInvalid, "\(field) \(reason).", field: field)
        case .key: self = .internalError
        }
    }

    /// The JSON object.
    struct Document: Encodable {
        var type: String
        var title: String
        var status: Int
        var detail: String
        var field: String?
    }

    var document: Document {
        Document(
            type: "urn:melascan:problem:\(code.rawValue)", title: code.title, status: code.status.code, detail: detail,
            field: field)
    }
}
