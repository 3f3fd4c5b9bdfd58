import Foundation
import Testing

/// `melascan import` as a person runs it.
@Suite struct ImportCommandTests {
    private static let fixtures = "Tests/Fixtures/checkpoints"
    static let hostile =
        (try? FileManager.default.contentsOfDirectory(
            atPath: ToolRun.root.appending(path: fixtures + "/hostile").path(percentEncoded: false)
        ).sorted()) ?? []

    /// A folder that goes with the test.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func contents(_ folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
    }

    @Test func `one command makes an ensemble that analyze, inspect and a start can use`() throws {
        try withFolder { folder in
            let bundle = folder.appending(path: "new/b4").path(percentEncoded: false)
            let run = try ToolRun([
                "import", Self.fixtures + "/9c_b4ns_448_ext_15ep-newfold_best_fold0.pth", "--to", bundle, "--storage", "fp16",
                "--views", "1",
                "--operating-point", "trial=0.25",
            ])
            #expect(run.status == 0, "\(run.output)")
            for words in [
                "tf_efficientnet_b4_ns at 448, 9 classes", "CC-BY-NC", "mean 0.485, 0.456, 0.406", "resized by area-linear",
                "plain kernels agree", "MELASCAN_ENSEMBLE=\(bundle)",
            ] {
                #expect(run.output.contains(words), "\(words)")
            }
            #expect(
                try contents(URL(filePath: bundle)) == ["9c_b4ns_448_ext_15ep-newfold_best_fold0.safetensors", "ensemble.json"])
            #expect(try contents(folder.appending(path: "new")) == ["b4"])
            let analysis = try ToolRun(["analyze", "Tests/Fixtures/imaging/landscape.jpg", "--ensemble", bundle])
            #expect(analysis.status == 0 && analysis.output.contains("1 of 8"), "\(analysis.output)")
            let card = try ToolRun(["inspect", bundle])
            #expect(
                card.output.contains("stored as fp16") && card.output.contains("trial at 0.25")
                    && card.output.contains("stored result reproduced"))
            #expect(card.output.contains("imported from 9c_b4ns_448_ext_15ep-newfold_best_fold0.pth"))
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: hostile)
    func `a hostile file is refused in a second of processor time and a few megabytes`(_ name: String) throws {
        try withFolder { folder in
            let run = try ToolRun(
                ["import", Self.fixtures + "/hostile/" + name, "--to", folder.path(percentEncoded: false) + "/x"],
                measuresMemory: true)
            #expect(run.status == 1 && run.output.hasPrefix(name), "\(run.output)")
            #expect(run.output.split(separator: "\n").count == 1)
            #expect((1 << 20..<64 << 20).contains(run.memory))  // the tool itself takes about 25 MB
            #expect(run.seconds < 1)
            #expect(try contents(folder).isEmpty)
        }
    }

    @Test func `files of nothing but objects end in little memory, however large`() throws {
        try withFolder { folder in
            let magic: [UInt8] = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
            func many(_ unit: [UInt8], _ count: Int) -> [UInt8] { [UInt8]((0..<count).map { _ in unit }.joined()) }
            var files = [[0x5D], [0x7D], [0x29, 0x85], [0x4E, 0x94], [0x28], [0x4E, 0x32]].map { unit in
                many(unit.map { UInt8($0) }, 16_000_000 / unit.count)
            }
            // A deep stack, on which an object is changed again and again; a long name, by which many storages are asked for.
            files.append([0x7D, 0x71, 0x00] + many([0x32], 250_000) + many([0x68, 0x00, 0x62], 200_000))
            files.append([0x58, 0x00, 0x01, 0x00, 0x00] + many([0x61], 256) + [0x71, 0x00] + many([0x68, 0x00, 0x51], 200_000))
            for (number, content) in files.enumerated() {
                let file = Data(magic + [0x80, 0x02] + content)
                let path = folder.appending(path: "objects-\(number).pth")
                try file.write(to: path)
                let run = try ToolRun(
                    ["import", path.path(percentEncoded: false), "--to", folder.path(percentEncoded: false) + "/x"],
                    measuresMemory: true)
                #expect(run.status == 1 && run.seconds < 3, "\(number): \(run.seconds) s, \(run.output)")
                #expect((1 << 20..<96 << 20).contains(run.memory), "\(number): \(run.memory >> 20) MiB")
            }
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `stopped on its way it leaves nothing`(signal: Int32) throws {
        try withFolder { folder in
            let run = try ToolRun(
                [
                    "import", Self.fixtures + "/4c_b5ns_1.5e_640_ext_15ep_best_fold0.pth", "--to",
                    folder.path(percentEncoded: false) + "/x",
                ],
                sending: signal, onceThereIs: folder.path(percentEncoded: false) + "/.x.partial")
            #expect(run.status == 1 && run.output.contains("Stopped. Nothing was kept."), "\(run.status) \(run.output)")
            #expect(try contents(folder).isEmpty)
        }
    }

    @Test func `a disk that is full is said to be, and nothing is left`() throws {
        try withFolder { folder in
            // A limit on the size of files stands in for a full disk: writing fails in the same place.
            let command =
                "ulimit -f 2048; exec \"$0\" import \(Self.fixtures)/9c_b4ns_448_ext_15ep-newfold_best_fold0.pth --to \(folder.path(percentEncoded: false))/x"
            let run = try ShellRun(command)
            #expect(
                run.status == 1 && run.output.contains("can't be written") && run.output.contains("Nothing was kept"),
                "\(run.output)")
            #expect(try contents(folder).isEmpty)
        }
    }

    @Test(arguments: [
        (["--weights", "1,x"], "--weights takes positive numbers"),
        (["--operating-point", "p"], "--operating-point takes a name"),
        (["--storage", "int8"], "fp32"), (["--classes", "a,b"], "it has 9 outputs, but 2 classes were named"),
    ])
    func `options that can't be are refused in words`(options: [String], words: String) throws {
        try withFolder { folder in
            let file = Self.fixtures + "/9c_b4ns_448_ext_15ep-newfold_best_fold0.pth"
            let run = try ToolRun(["import", file, "--to", folder.path(percentEncoded: false) + "/x"] + options)
            #expect(run.status != 0 && run.output.contains(words), "\(run.output)")
            #expect(try contents(folder).isEmpty)
        }
    }
}

/// A shell command with the tool as `$0`.
private struct ShellRun {
    var status: Int32
    var output: String

    init(_ command: String) throws {
        var tool = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "melascan").path(percentEncoded: false)
        if !FileManager.default.isExecutableFile(atPath: tool) {
            tool = ToolRun.root.appending(path: ".build-tests/release/melascan").path(percentEncoded: false)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", command, tool]
        process.currentDirectoryURL = ToolRun.root
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        status = process.terminationStatus
    }
}
