import Foundation
import Testing

/// The photos of Tests/Fixtures/imaging, sound and broken, and what must become of the broken ones.
enum Fixture {
    /// A file that must be refused, and the code of the problem that says so.
    struct Refused: Decodable, Sendable, CustomTestStringConvertible {
        var file: String
        var code: String

        var testDescription: String { "\(file): \(code)" }
    }

    private struct Expected: Decodable {
        var refused: [Refused]
    }

    static func path(_ name: String) -> String { Repository.path("Tests/Fixtures/imaging/" + name) }

    static func photo(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path(name)))
    }

    /// All files of the refused list.
    static func refused() throws -> [Refused] {
        try JSONDecoder().decode(Expected.self, from: photo("expected.json")).refused
    }
}
