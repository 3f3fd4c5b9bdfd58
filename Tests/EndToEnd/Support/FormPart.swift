import Foundation

/// One field of a multipart form.
struct FormPart: Sendable {
    var name: String
    var fileName: String?
    var contentType: String?
    var bytes: Data

    static func text(_ name: String, _ value: String) -> FormPart {
        FormPart(name: name, fileName: nil, contentType: nil, bytes: Data(value.utf8))
    }

    static func file(
        _ name: String, _ bytes: Data, named fileName: String = "photo.jpg", type: String = "image/jpeg"
    ) -> FormPart {
        FormPart(name: name, fileName: fileName, contentType: type, bytes: bytes)
    }

    static func encoded(
        _ parts: [FormPart], boundary: String = "----melascan-test-boundary"
    ) -> (contentType: String, body: Data) {
        var body = Data()
        for part in parts {
            var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\""
            if let fileName = part.fileName { head += "; filename=\"\(fileName)\"" }
            if let type = part.contentType { head += "\r\nContent-Type: \(type)" }
            body += Data((head + "\r\n\r\n").utf8) + part.bytes + Data("\r\n".utf8)
        }
        body += Data("--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", body)
    }
}
