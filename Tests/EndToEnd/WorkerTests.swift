import Foundation
import Testing

/// How the worker starts and how it ends, without nginx.
@Suite(.serialized) struct `The worker` {
    /// Slow enough for a test to look in the middle: one to two seconds an analysis.
    static let slow = [
        "MELASCAN_KERNELS": "baseline", "MELASCAN_PRECISION": "fp32", "MELASCAN_THREADS": "1",
        "MELASCAN_EARLY_STOP": "off", "MELASCAN_BUDGET_SECONDS": "0",
    ]
    let form: (contentType: String, body: Data)

    init() throws {
        form = try FormPart.encoded([.file("image", Fixture.photo("landscape.jpg"))])
    }

    private func post(_ socket: String, _ path: String = "/melanoma") throws -> HTTPReply {
        try FastCGIClient.call(
            socket, "POST", path, body: form.body, parameters: [("CONTENT_TYPE", form.contentType)]
        ).http
    }

    // MARK: The start

    @Test func `is not ready before its self-test, and says so in the meantime`() throws {
        // The slowest kernels: a second a pass.
        let stack = try Stack(
            environment: Self.slow.merging(["MELASCAN_KERNELS": "reference"]) { $1 }, site: nil, waits: false)
        var statuses: [Int] = []
        var refusals: [HTTPReply] = []
        let ready = waitUntil {
            guard let reply = try? FastCGIClient.call(stack.socket, "GET", "/v1/health/ready").http else { return false }
            statuses.append(reply.status)
            if reply.status == 503 {
                #expect(reply["Retry-After"] != nil)
                #expect((try? reply.json())?["status"] as? String == "starting")
                #expect((try? FastCGIClient.call(stack.socket, "GET", "/v1/health/live").http.status) == 200)
                if refusals.isEmpty {
                    refusals = [try? post(stack.socket), try? FastCGIClient.call(stack.socket, "GET", "/v1/ensemble").http]
                        .compactMap { $0 }
                }
            }
            return reply.status == 200
        }
        #expect(ready)
        #expect(statuses.first == 503, "\(statuses) \(stack.workerLog)")
        #expect(Set(statuses) == [503, 200])
        // It may have become ready between the two.
        #expect(refusals.first?.problem == "not-ready" || refusals.first?.status == 200)
        for refusal in refusals where refusal.status != 200 {
            expectProblem(refusal, 503, "not-ready")
            #expect(refusal["Retry-After"] != nil)
        }
        #expect(stack.workerLog.contains("ready: "))
        #expect(try post(stack.socket).status == 200)
    }

    @Test func `computes in the precision that is set, and keeps packed weights where it is told`() throws {
        let cache = try TemporaryFolder("melascan-cache")
        for _ in 0..<2 {
            let stack = try Stack(
                environment: ["MELASCAN_PRECISION": "fp32", "MELASCAN_CACHE": cache.path, "MELASCAN_BUDGET_SECONDS": "0"],
                site: nil)
            let card = try FastCGIClient.call(stack.socket, "GET", "/v1/ensemble").http.json()
            #expect(card["precision"] as? String == "fp32")
            #expect(try post(stack.socket, "/v1/analyses").json()["precision"] as? String == "fp32")
            let files = try FileManager.default.contentsOfDirectory(atPath: cache.path)
            #expect(files.count == 2 && files.allSatisfy { $0.hasSuffix(".packed") }, "\(files)")
        }
    }

    @Test func `says that a cache which is not there keeps nothing, and works without`() throws {
        let stack = try Stack(environment: ["MELASCAN_CACHE": "/nowhere/cache", "MELASCAN_BUDGET_SECONDS": "0"], site: nil)
        #expect(stack.workerLog.contains("nothing can be written into MELASCAN_CACHE=/nowhere/cache"))
        #expect(try post(stack.socket).status == 200)
    }

    /// Copies the default ensemble to where it may be broken; weights stay where they are, except `copied`.
    private func bundle(copying copied: String? = nil) throws -> TemporaryFolder {
        let folder = try TemporaryFolder("melascan-bundle")
        let source = Repository.path("ensembles/default/")
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            if name.hasSuffix(".safetensors") && name != copied {
                try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: source + name)
            } else {
                try FileManager.default.copyItem(atPath: source + name, toPath: folder.file(name))
            }
        }
        return folder
    }

    /// Starts a worker that must not start, and gives what it says.
    private func refusal(_ ensemble: String) throws -> String {
        let folder = try TemporaryFolder()
        let worker = try Child(
            Repository.worker, environment: ["MELASCAN_ENSEMBLE": ensemble, "MELASCAN_SOCKET": folder.file("w.sock")],
            log: folder.file("log"))
        let status = worker.wait()
        #expect(status == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.file("w.sock")), "the socket's file is left")
        let log = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
        #expect(!log.contains("Fatal error") && !log.contains("Swift/"), "\(log)")
        #expect(!log.contains("ready: "))
        let lines = log.split(separator: "\n").filter { $0.hasPrefix("MelaFCGI: ") }
        #expect(lines.count == 1, "\(log)")
        return lines.first.map(String.init) ?? ""
    }

    @Test func `does not start on weights that were changed`() throws {
        let name = "tf_efficientnet_lite0.safetensors"
        let folder = try bundle(copying: name)
        let file = try #require(FileHandle(forUpdatingAtPath: folder.file(name)))
        try file.seek(toOffset: 5_000_000)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: 5_000_000)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
        let words = try refusal(folder.path)
        #expect(words.contains(name) && words.contains("SHA-256"), "\(words)")
    }

    @Test func `does not start on a bundle that is missing, cut short or not its own`() throws {
        #expect(try refusal("/nonexistent").contains("ensemble.json"))

        let cut = try bundle(copying: "tf_efficientnet_lite1.safetensors")
        #expect(truncate(cut.file("tf_efficientnet_lite1.safetensors"), 4_000_000) == 0)
        #expect(try refusal(cut.path).contains("tf_efficientnet_lite1.safetensors"))

        let manifest = try Repository.text("ensembles/default/ensemble.json")
        for (what, text, words) in [
            ("no JSON", "{", "ensemble.json"),
            (
                "another architecture",
                manifest.replacingOccurrences(of: "\"tf_efficientnet_lite0\"", with: "\"resnet50\""), "resnet50"
            ),
            ("another format", manifest.replacingOccurrences(of: "\"format\": 1", with: "\"format\": 2"), "format"),
            ("a path", manifest.replacingOccurrences(of: "\"file\": \"", with: "\"file\": \"../"), "ensemble.json"),
        ] {
            let broken = try bundle()
            try broken.write(text, to: "ensemble.json")
            let said = try refusal(broken.path)
            #expect(said.contains(words), "\(what): \(said)")
        }
    }

    @Test func `does not start when its self-test gives another result`() throws {
        let folder = try bundle()
        let text = try Repository.text("ensembles/default/ensemble.json")
        var manifest = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        var test = try #require(manifest["selfTest"] as? [String: Any], "the default ensemble stores a result")
        let stored = try #require(test["probabilities"] as? [[Double]])
        test["probabilities"] = stored.map { Array($0.reversed()) }
        manifest["selfTest"] = test
        try JSONSerialization.data(withJSONObject: manifest).write(to: URL(fileURLWithPath: folder.file("ensemble.json")))
        let words = try refusal(folder.path)
        #expect(words.contains("self-test"), "\(words)")
    }

    // MARK: The end

    @Test(arguments: [SIGTERM, SIGINT])
    func `finishes what runs and what waits, takes no more, and leaves no socket`(signal: Int32) throws {
        let stack = try Stack(environment: Self.slow, site: nil)
        let worker = try #require(stack.worker)
        let calls = atOnce(3) { index -> HTTPReply? in
            if index < 2 { return try post(stack.socket) }
            #expect(waitUntil { (try? stack.queueLength()) == 2 })
            worker.send(signal)
            #expect(waitUntil { !FileManager.default.fileExists(atPath: stack.socket) })
            #expect(throws: HarnessError.self) { try FastCGIClient(path: stack.socket) }
            #expect(worker.isRunning, "it still works")
            return nil
        }
        for call in calls.prefix(2) {
            let reply = try #require(try call.get())
            #expect(reply.status == 200, "\(reply.text)")
            #expect((0...1).contains(try reply.json()["confidence"] as? Double ?? -1))
        }
        _ = try calls[2].get()
        #expect(worker.wait() == 0, "\(stack.workerLog)")
        #expect(!FileManager.default.fileExists(atPath: stack.socket))
        #expect(stack.workerLog.contains("stopped"), "\(stack.workerLog)")
        #expect(!stack.workerLog.contains("unanswered"), "\(stack.workerLog)")
    }

    @Test func `ends at once when there is nothing to do, also while it still starts`() throws {
        // Before it would have waited for requests on their way; a busy machine may need some tries.
        let isQuick = try (0..<5).contains { _ in
            let idle = try Stack(site: nil)
            let start = Date()
            #expect(idle.worker?.stop() == 0)
            return Date().timeIntervalSince(start) < 1.5
        }
        #expect(isQuick)

        let starting = try Stack(environment: Self.slow, site: nil, waits: false)
        #expect(waitUntil { FileManager.default.fileExists(atPath: starting.socket) })
        #expect(starting.worker?.stop() == 0, "\(starting.workerLog)")
        #expect(!FileManager.default.fileExists(atPath: starting.socket))
    }

    @Test func `a client that never ends its request does not hold up the end for long`() throws {
        let stack = try Stack(site: nil)
        let idle = try stack.fastCGI()
        let half = try stack.fastCGI()
        try half.begin()
        #expect(stack.fault() == nil)
        #expect(stack.worker?.stop() == 0, "\(stack.workerLog)")
        withExtendedLifetime((idle, half)) {}
    }
}
