import Foundation
import Import

@testable import Model

/// A folder for one test, gone with it.
final class Scratch {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let fixtures = root.appending(path: "Tests/Fixtures/checkpoints")

    let folder: URL
    var bundle: String { folder.appending(path: "bundle").path(percentEncoded: false) }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "melascan-import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Everything in the folder, hidden files too.
    var contents: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()) ?? []
    }

    func options(_ files: String...) -> ImportOptions { options(files) }

    func options(_ files: [String]) -> ImportOptions {
        var options = ImportOptions(
            files: files.map { Self.fixtures.appending(path: $0).path(percentEncoded: false) }, destination: bundle)
        options.resize = .linear  // as PyTorch's answers were made
        return options
    }

    /// The same ensemble from fp32 files that hold the widened values.
    func widenedTwin(of manifest: Manifest) throws -> Ensemble {
        let other = folder.appending(path: "twin").path(percentEncoded: false)
        var options = ImportOptions(
            files: manifest.members.map { bundle + "/" + $0.file }, destination: other)
        // Their names are the winners' still, with another ending.
        options.storage = .fp32
        options.resize = .linear
        _ = try Importer(options: options).run()
        return try Ensemble(directory: other, threads: 2, kernels: Kernels.choose())
    }
}
