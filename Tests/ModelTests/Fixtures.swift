import Foundation

/// Files under `Tests/Fixtures`.
enum Fixtures {
    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let folder = root.appending(path: "Tests/Fixtures")
}
