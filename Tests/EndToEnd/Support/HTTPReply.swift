import Foundation

/// An answer, read to its end.
struct HTTPReply: Sendable {
    var status: Int
    var reason: String
    /// In the order of the wire; a name may come twice.
    var headers: [(name: String, value: String)]
    var body: Data

    /// The value of a header by its name in any case; nil where it is missing.
    subscript(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    func all(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a JSON object; throws when it is none.
    func json() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: body) as? [String: Any] else {
            throw HarnessError("not a JSON object: \(text.prefix(200))")
        }
        return object
    }

    /// CODE of `"type": "urn:melascan:problem:CODE"`; nil where the answer is not a problem.
    var problem: String? {
        guard self["Content-Type"]?.hasPrefix("application/problem+json") == true,
            let type = try? json()["type"] as? String
        else { return nil }
        return type.split(separator: ":").last.map(String.init)
    }
}
