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
        case busy
        case notReady = "not-ready"
        case notRecorded = "not-recorded"
        case internalError = "internal"

        var status: HTTPResponse.Status {
            switch self {
            case .formInvalid, .imageMissing, .imageRepeated, .imageEmpty, .bodyShort, .bodyLong: .badRequest
            case .formType, .imageNotJPEG, .imageUnsupported: .unsupportedMediaType
            case .imageDamaged, .imageTooManyPixels, .imageTooComplex, .fieldInvalid: .unprocessableContent
            case .lengthRequired: .lengthRequired
            case .bodyTooLarge: .contentTooLarge
            case .pathUnknown: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .busy, .notReady, .notRecorded: .serviceUnavailable
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
            case .busy: "Busy"
            case .notReady: "Not ready yet"
            case .notRecorded: "The analysis could not be recorded"
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
        "The photo was analysed, but the answer could not be written into the audit log, so it is not given. Tell your administrator; the server's disk may be full.",
        headers: [.retryAfter: "30"])
    static let internalError = Problem(
        .internalError, "The photo was not analysed. Try again; if it happens again, tell your administrator the time.")

    /// Any error, as the client gets it: the one place where errors become statuses.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem:
            self = problem
        case let error as ImagingError:
            self.init(error.code, error.advice, field: "image")
        case is RecordsError: self = .notRecorded
        case ModelError.option(let field, let reason):
            self.init(.fieldInvalid, "\(field) \(reason).", field: field)
        default:
            self = .internalError
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

extension ImagingError {
    fileprivate var code: Problem.Code {
        switch self {
        case .empty: .imageEmpty
        case .notJPEG: .imageNotJPEG
        case .unsupportedJPEG: .imageUnsupported
        case .damaged: .imageDamaged
        case .tooManyPixels: .imageTooManyPixels
        case .tooManyScans: .imageTooComplex
        }
    }
}
