import Foundation
import Testing

/// The worker as a command: its options, its settings, and one request as a plain CGI program.
@Suite(.serialized) struct `The worker's command` {
    private static let settings = [
        "MELASCAN_ENSEMBLE", "MELASCAN_SOCKET", "MELASCAN_THREADS", "MELASCAN_QUEUE", "MELASCAN_MAX_BODY_BYTES",
        "MELASCAN_MAX_PIXELS", "MELASCAN_OPERATING_POINT", "MELASCAN_ALLOWED_ORIGINS", "MELASCAN_LOG_LEVEL", "MELASCAN_KERNELS",
    ]

    // MARK: Options and settings

    @Test func `lists every setting that its code reads, with its default`() throws {
        let help = try Shell.run(Repository.worker, "--help")
        #expect(help.succeeded)
        for name in Self.settings { #expect(help.output.contains("  \(name)\n"), "\(name)") }
        for value in ["ensembles/default", "(8)", "20971520", "50000000", "0660", "(info)"] {
            #expect(help.output.contains(value), "\(value)")
        }
        for other in ["LISTEN_FDS", "REQUEST_METHOD", "--version"] { #expect(help.output.contains(other), "\(other)") }
        // A setting that someone adds to the code needs its line.
        let code = try Repository.text("Sources/MelaFCGI/Settings.swift")
        for key in code.matches(of: /"(melascan\.[a-z.]+)"/).map(\.1) {
            let name = key.uppercased().replacingOccurrences(of: ".", with: "_")
            #expect(help.output.contains("  \(name)\n"), "\(name)")
        }
    }

    @Test func `says its version, and that it knows no other option`() throws {
        let version = try Shell.run(Repository.worker, "--version")
        #expect(version.succeeded)
        #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(version.output)")
        let unknown = try Shell.run(Repository.worker, "--port=80")
        #expect(unknown.status == 64)
        #expect(unknown.output.contains("--port=80 is not an option") && unknown.output.contains("--help"))
        let nothing = try Shell.run(Repository.worker)
        #expect(nothing.status == 64)
        #expect(nothing.output.contains("MELASCAN_SOCKET"), "\(nothing.output)")
    }

    @Test(arguments: [
        ("MELASCAN_THREADS", "0", "MELASCAN_THREADS"), ("MELASCAN_THREADS", "two", "MELASCAN_THREADS"),
        ("MELASCAN_THREADS", "100000", "MELASCAN_THREADS"), ("MELASCAN_QUEUE", "-1", "MELASCAN_QUEUE"),
        ("MELASCAN_QUEUE", "8.5", "MELASCAN_QUEUE"), ("MELASCAN_MAX_BODY_BYTES", "10", "MELASCAN_MAX_BODY_BYTES"),
        ("MELASCAN_MAX_BODY_BYTES", "20MB", "MELASCAN_MAX_BODY_BYTES"), ("MELASCAN_MAX_PIXELS", "0", "MELASCAN_MAX_PIXELS"),
        ("MELASCAN_LOG_LEVEL", "loud", "MELASCAN_LOG_LEVEL"), ("MELASCAN_KERNELS", "quantum", "quantum"),
        ("MELASCAN_OPERATING_POINT", "sensitivity-200", "sensitivity-200"), ("MELASCAN_ENSEMBLE", "/etc", "ensemble.json"),
        ("MELASCAN_SOCKET", "/nonexistent/worker.sock", "socket"), ("MELASCAN_MOED", "cloud", "MELASCAN_MODE"),
        ("MELASCAN_SOCKET", "/tmp/" + String(repeating: "long", count: 30), "107"),
    ])
    func `a setting that makes no sense is named`(name: String, value: String, words: String) throws {
        let folder = try TemporaryFolder()
        let socket = folder.file("worker.sock")
        let ended = try Shell.run(
            Repository.worker, environment: ["MELASCAN_SOCKET": socket].merging([name: value]) { $1 })
        #expect(ended.status == 1, "\(ended.output)")
        let said = ended.output.split(separator: "\n").filter { $0.hasPrefix("MelaFCGI: ") }
        #expect(said.count == 1 && said[0].contains(words), "\(ended.output)")
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    @Test func `obeys its settings`() throws {
        let stack = try Stack(
            environment: [
                "MELASCAN_THREADS": "1", "MELASCAN_QUEUE": "3", "MELASCAN_MAX_BODY_BYTES": "5000", "MELASCAN_MAX_PIXELS": "10000",
                "MELASCAN_OPERATING_POINT": "sensitivity-90", "MELASCAN_ALLOWED_ORIGINS": "http://a.example, http://b.example",
                "MELASCAN_LOG_LEVEL": "error", "MELASCAN_KERNELS": "baseline",
            ], site: nil)
        let card = try FastCGIClient.call(
            stack.socket, "GET", "/v1/ensemble", parameters: [("HTTP_ORIGIN", "http://b.example")]
        ).http
        #expect(card["Access-Control-Allow-Origin"] == "http://b.example")
        let json = try card.json()
        #expect(json["threads"] as? Int == 1)
        #expect(json["kernels"] as? String == "baseline")
        #expect(json["operating_point"] as? String == "sensitivity-90")
        #expect(json["limits"] as? [String: Int] == ["max_body_bytes": 5000, "max_pixels": 10_000, "queue": 3])
        let stranger = try FastCGIClient.call(
            stack.socket, "GET", "/v1/ensemble", parameters: [("HTTP_ORIGIN", "http://c.example")]
        ).http
        #expect(stranger["Access-Control-Allow-Origin"] == nil)
        for (file, code) in [("odd.jpg", "image-too-many-pixels"), ("landscape.jpg", "body-too-large")] {
            let (type, body) = try FormPart.encoded([.file("image", Fixture.photo(file))])
            let reply = try FastCGIClient.call(
                stack.socket, "POST", "/v1/analyses", body: body, parameters: [("CONTENT_TYPE", type)])
            #expect(reply.http.problem == code)
        }
        #expect(stack.workerLog.isEmpty, "\(stack.workerLog)")
    }

    // MARK: Plain CGI

    /// Runs the worker as a web server does for one request. What it writes to stderr is left out.
    private func cgi(_ parameters: [String: String], body: Data) throws -> FastCGIReply {
        let folder = try TemporaryFolder()
        try body.write(to: URL(fileURLWithPath: folder.file("body")))
        let ended = try Shell.bash(
            "exec '\(Repository.worker)' <'\(folder.file("body"))' 2>/dev/null", environment: parameters)
        return try FastCGIReply(stdout: Data(ended.output.utf8), appStatus: UInt32(ended.status))
    }

    @Test func `answers one request as a plain CGI program, with the server's number`() throws {
        let (type, body) = try FormPart.encoded([.file("image", Fixture.photo("landscape.jpg"))])
        let stack = try Stack(site: nil)
        let served = try FastCGIClient.call(
            stack.socket, "POST", "/melanoma", body: body, parameters: [("CONTENT_TYPE", type)]
        ).http
        let expected = try #require(try served.json()["confidence"] as? Double)
        let reply = try cgi(
            [
                "REQUEST_METHOD": "POST", "PATH_INFO": "/melanoma", "CONTENT_TYPE": type, "CONTENT_LENGTH": String(body.count),
            ], body: body)
        #expect(reply.appStatus == 0)
        #expect(reply.http.status == 200)
        #expect(reply.http["Content-Type"] == "application/json")
        #expect(abs((try reply.http.json()["confidence"] as? Double ?? -1) - expected) < 1e-6)
    }

    @Test func `answers problems as a plain CGI program too`() throws {
        let form = try FormPart.encoded([.file("image", Fixture.photo("photo.png"))])
        let post = ["REQUEST_METHOD": "POST", "CONTENT_TYPE": form.contentType, "CONTENT_LENGTH": String(form.body.count)]
        for (change, status, code) in [
            (["PATH_INFO": "/melanoma"], 415, "image-not-jpeg"),
            (["PATH_INFO": "/melanoma", "CONTENT_LENGTH": ""], 411, "length-required"),
            (["PATH_INFO": "/melanoma", "CONTENT_LENGTH": "99999"], 400, "body-short"),
            (["PATH_INFO": "/nothing"], 404, "path-unknown"),
            (["PATH_INFO": "/melanoma", "REQUEST_METHOD": "GET"], 405, "method-not-allowed"),
        ] {
            let reply = try cgi(post.merging(change) { $1 }, body: form.body)
            expectProblem(reply.http, status, code)
        }
    }
}
