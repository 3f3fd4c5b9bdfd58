import Foundation

/// Where the repository and what was built of it lie, seen from a running test.
enum Repository {
    /// The folder with Package.swift, found from the path of this file.
    static let root: String = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let manifest = folder.appendingPathComponent("Package.swift").path
            if FileManager.default.fileExists(atPath: manifest) { return folder.path }
        }
        return FileManager.default.currentDirectoryPath
    }()

    /// The path of something in the repository.
    static func path(_ relative: String) -> String { root + "/" + relative }

    /// The text of a file in the repository.
    static func text(_ relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }

    /// The folder of the programs under test: MELASCAN_BIN_DIR, else where `make test`, then where `make build`
    /// puts them.
    static let binaries: String = {
        let asked = ProcessInfo.processInfo.environment["MELASCAN_BIN_DIR"]
        let candidates = [asked, path(".build-tests/release"), path(".build/release")].compactMap { $0 }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0 + "/MelaFCGI") }
            ?? candidates[0]
    }()

    static var worker: String { binaries + "/MelaFCGI" }
    static var tool: String { binaries + "/melascan" }
}
