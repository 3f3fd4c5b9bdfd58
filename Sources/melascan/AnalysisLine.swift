import FoundationEssentials
import Imaging
import Model

/// One line of `melascan analyze --json`: the server's object for a photo, or what is wrong with it; with the photo's file, so that
/// lines and photos stay together.
struct AnalysisLine: Encodable {
    var file: String
    var result: Result<Analysis, any Error>

    /// Type, detail and field as in the server's problems; `file-unreadable` is the tool's own.
    private struct Problem: Encodable {
        var type: String
        var detail: String
        var field: String?

        init(_ error: any Error) {
            detail = Complaint.text(error)
            switch error {
            case let error as ImagingError: (type, field) = ("urn:melascan:problem:\(error.code)", "image")
            case ModelError.option(let field, _): (type, self.field) = ("urn:melascan:problem:field-invalid", field)
            default: type = "urn:melascan:problem:file-unreadable"
            }
        }
    }

    private enum CodingKeys: String, CodingKey { case file, problem }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        switch result {
        case .success(let analysis): try analysis.encode(to: encoder)
        case .failure(let error): try container.encode(Problem(error), forKey: .problem)
        }
    }
}
