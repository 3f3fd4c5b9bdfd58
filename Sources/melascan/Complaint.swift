import Imaging
import Model

/// An error in words a person can act on.
struct Complaint: Error, Equatable, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }

    /// What to print for any error of this tool.
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as ImagingError: error.advice
        case let error as ModelError: error.description
        default: "\(error)"
        }
    }
}
