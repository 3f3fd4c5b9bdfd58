import ArgumentParser
import Foundation
import Testing

@testable import melascan

/// Runs the built tool as a person would.
@Suite struct CommandTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "melascan")
        if !FileManager.default.isExecutableFile(atPath: process.executableURL?.path(percentEncoded: false) ?? "") {
            process.executableURL = Self.root.appending(path: ".build-tests/release/melascan")
        }
        process.arguments = arguments
        process.currentDirectoryURL = Self.root
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: complaints, as: UTF8.self))
    }

    private func fixture(_ name: String) -> String { "Tests/Fixtures/imaging/\(name)" }

    @Test func `several photos give one JSON object a line, with the server's keys`() throws {
        let result = try run(
            "analyze", fixture("landscape.jpg"), fixture("small.jpg"), "--json", "--age", "63", "--sex", "female", "--site",
            "torso")
        #expect(result.status == 0 && result.errors.isEmpty)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2)
        for line in lines {
            let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(json["passes"] as? Int == 16 && json["raw_probability"] != nil && json["timing_ms"] != nil)
            #expect((json["patient"] as? [String: Any])?["age"] as? Int == 63)
        }
        #expect(lines[0].contains(#""file":"Tests/Fixtures/imaging/landscape.jpg""#) && lines[1].contains("small.jpg"))
    }

    private func json(_ line: Substring) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    @Test func `a list gives each photo its age, sex and site, and a line to each, whatever is wrong with it`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-list-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for photo in ["landscape.jpg", "truncated.jpg"] {
            try FileManager.default.copyItem(at: Self.root.appending(path: fixture(photo)), to: folder.appending(path: photo))
        }
        // As a spreadsheet writes it: a byte order mark, semicolons, quotation marks, an empty line at the end.
        let list =
            "\u{FEFF}file;site;age;sex;note\r\nlandscape.jpg;anterior torso;63;female;\"a; b\"\r\n"
            + "truncated.jpg;;;;\r\nlandscape.jpg;;200;;\r\nnothing.jpg;;;;\r\nlandscape.jpg;;;;\r\n;;;;\r\n"
        try Data(list.utf8).write(to: folder.appending(path: "list.csv"))
        let result = try run("analyze", "--cases", folder.appending(path: "list.csv").path(percentEncoded: false), "--json")
        let lines = try result.output.split(separator: "\n").map(json)
        #expect(result.status == 1 && lines.count == 5)
        #expect(
            lines.map { $0["file"] as? String } == [
                "landscape.jpg", "truncated.jpg", "landscape.jpg", "nothing.jpg", "landscape.jpg",
            ])
        let patient = try #require(lines[0]["patient"] as? [String: Any])
        #expect(
            patient["age"] as? Int == 63 && patient["sex"] as? String == "female"
                && patient["site"] as? String == "anterior torso")
        #expect((lines[4]["patient"] as? [String: Any])?["age"] is NSNull)
        let problems = lines.map { ($0["problem"] as? [String: Any])?["type"] as? String }
        #expect(
            problems == [
                nil, "urn:melascan:problem:image-damaged", "urn:melascan:problem:field-invalid",
                "urn:melascan:problem:file-unreadable", nil,
            ])
        #expect((lines[2]["problem"] as? [String: Any])?["field"] as? String == "age" && lines[1]["probability"] == nil)
    }

    @Test(arguments: [
        ("name\na.jpg\n", "no column named file"), ("file,age\n,3\n", "names no file for photo 1"),
        ("file\n\"a.jpg\"b\n", "is not a CSV file"),
        ("file,age\n\"a.jpg,3\nb.jpg,4\n", "is not a CSV file"),
    ])
    func `a list that is none is refused, and says what it lacks`(text: String, words: String) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "melascan-list-\(UUID().uuidString).csv")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try run("analyze", "--cases", file.path(percentEncoded: false), "--json")
        #expect(result.status != 0 && result.output.isEmpty && result.errors.contains(words), "\(result.errors)")
    }

    @Test func `photos are named once: by themselves or by a list, which then says all of the patient`() throws {
        #expect(try run("analyze").errors.contains("Name photos, or give a list"))
        #expect(try run("analyze", "--cases", "x.csv", fixture("small.jpg")).errors.contains("Name photos, or give a list"))
        #expect(try run("analyze", "--cases", "x.csv", "--age", "3").errors.contains("leave --age"))
        #expect(try run("analyze", "--cases", "nowhere.csv").errors.contains("nowhere.csv can't be read"))
    }

    @Test func `an analysis ends early where it is told to, and lists its passes where it is asked to`() throws {
        for (flag, isWhole) in [("--no-early-stop", true), ("--early-stop", false)] {
            let result = try run("analyze", fixture("landscape.jpg"), "--json", "--passes", flag)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            let passes = try #require(json["passes"] as? Int)
            #expect((passes == 16) == isWhole && (json["early_stop"] is NSNull) == isWhole)
            #expect((json["pass_scores"] as? [Double])?.count == passes)
        }
        let words = try run("analyze", fixture("landscape.jpg"), "--early-stop").output
        #expect(words.contains("Stopped after") && words.contains("of 16 passes"))
        #expect(try run("analyze", fixture("landscape.jpg")).output.contains("All 16 passes gave"))
    }

    @Test func `for people it says what the figure is and what it is not`() throws {
        let result = try run("analyze", fixture("landscape.jpg"), "--views", "1", "--members", "1")
        #expect(result.status == 0)
        #expect(result.output.contains("not calibrated") && result.output.contains("Decision support, not a diagnosis."))
        #expect(result.output.contains("1 of 16"))
    }

    @Test func `a bad photo is complained of, the others are still analysed, and the status says so`() throws {
        let result = try run("analyze", fixture("photo.png"), fixture("landscape.jpg"), "nothing.jpg", "--json")
        #expect(result.status == 1)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].contains("image-not-jpeg") && lines[1].contains(#""verdict""#))
        #expect(lines[2].contains(#""file":"nothing.jpg""#) && lines[2].contains("file-unreadable"))
        #expect(
            result.errors.contains("PNG file; only JPEG is read") && result.errors.contains("nothing.jpg: there is no such file"))
    }

    @Test(arguments: [
        ["--age", "999"], ["--sex", "x"], ["--site", "knee"], ["--views", "9"], ["--members", "3"], ["--ensemble", "nowhere"],
        ["--operating-point", "none"], ["--kernels", "abacus"], ["--threads", "-1"],
    ])
    func `options that can't be are refused in words`(_ options: [String]) throws {
        let process = try run("analyze", fixture("landscape.jpg"), options[0], options[1])
        #expect(process.status != 0 && process.output.isEmpty)
        #expect(process.errors.contains("rror") || process.errors.contains("must"))
    }

    @Test func `inspect shows the card and runs the self-test`() throws {
        let result = try run("inspect", "ensembles/default")
        #expect(result.status == 0)
        for text in [
            "CC-BY-NC", "tf_efficientnet_lite0", "sensitivity-95", "stored result reproduced", "early stop: bound",
        ] {
            #expect(result.output.contains(text))
        }
    }

    @Test func `a self-test that a changed bundle does not reproduce is renewed by one command`() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "melascan-renew-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.copyItem(at: Self.root.appending(path: "ensembles/default"), to: copy)
        let file = copy.appending(path: "ensemble.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("opencv-area", with: "opencv-linear").utf8).write(to: file)
        let bundle = copy.path(percentEncoded: false)
        #expect(try run("inspect", bundle).status != 0)
        let renewed = try run("inspect", bundle, "--renew-self-test")
        #expect(renewed.status == 0 && renewed.output.contains("stored result reproduced"), "\(renewed.errors)")
        #expect(try run("inspect", bundle).status == 0)
    }

    @Test func `bench gives times by pass, stage and layer`() throws {
        let result = try run("bench", "--rounds", "1", "--threads", "1", "--json")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect((json["ms_per_pass"] as? Double ?? 0) > 0)
        let member = try #require((json["members"] as? [[String: Any]])?.first)
        #expect((member["ms_per_stage"] as? [String: Double])?.keys.contains("blocks.6") == true)
        #expect((member["ms_per_kind"] as? [String: Double])?.keys.contains("expand, depthwise") == true)
    }

    @Test func `bench times one network by itself, in either precision, by kind of layer`() throws {
        let result = try run(
            "bench", "--network", "tf_efficientnet_b0", "--size", "64", "--passes", "2", "--threads", "2", "--profile", "--json")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(json["precision"] as? String == "fp32" && json["input_size"] as? Int == 64)
        #expect((json["ms_per_pass"] as? Double ?? 0) > 0)
        #expect(((json["limit"] as? [String: Double])?["gflops"] ?? 0) > 1)
        let layers = try #require(json["layers"] as? [[String: Any]])
        let flop = layers.reduce(0) { $0 + ($1["flop"] as? Int ?? 0) }
        #expect(flop == 2 * (json["multiply_adds"] as? Int ?? 0))
        let refused = try run("bench", "--network", "tf_efficientnet_b0", "--kernels", "avx2", "--precision", "bf16")
        #expect(refused.status != 0 && refused.errors.contains("do not compute in bf16"))
    }
}
