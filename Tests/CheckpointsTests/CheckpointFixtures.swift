import Foundation

@testable import Checkpoints

/// The files of `training/checkpoint_fixtures.py`.
enum CheckpointFixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/checkpoints")

    static func files(_ subfolder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path(percentEncoded: false))
            .filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Calls `body` with the checkpoint in a file.
    static func read<Result>(
        _ name: String, section: String? = nil, _ body: (Checkpoint) throws -> Result
    ) throws -> Result {
        try Data(contentsOf: folder.appending(path: name)).withUnsafeBytes { bytes in
            try body(Checkpoint(bytes, section: section))
        }
    }
}
