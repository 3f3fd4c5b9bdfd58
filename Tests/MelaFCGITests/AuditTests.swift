import Foundation
import Logging
import Model
import Records
import Testing

@testable import MelaFCGI

/// What is noted of an analysis, and that nothing is answered without it.
@Suite struct AuditTests {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func withRecords(
        logger: Logger? = nil, change: (inout Settings) -> Void = { _ in }, _ body: (Service, URL) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-audit-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(
            TestService.make(
                logger: logger,
                change: {
                    $0.records = folder.path(percentEncoded: false)
                    change(&$0)
                }), folder)
    }

    private var form: TestForm {
        TestForm().adding("age", "63").adding("site", "palms/soles").adding("views", "1").adding(image: photo)
    }

    @Test(arguments: ["application/json", "application/fhir+json", "text/html", "text/event-stream"])
    func `every kind of answer leaves one entry with what was answered, and nothing of the patient`(accept: String) throws {
        try withRecords { service, folder in
            let request = form.request(accept: accept)
            let response = Router(service: service).respond(to: request)
            #expect(response.status == .ok && response.text.contains(request.id))
            var entries: [AuditEntry] = []
            try RecordsStore(folder.path(percentEncoded: false)).audit.forEach { entries.append($0) }
            let entry = try #require(entries.first)
            #expect(entries.count == 1 && entry.kind == "analysis")
            let content = try #require(try JSONSerialization.jsonObject(with: Data(entry.content.utf8)) as? [String: Any])
            #expect(content["id"] as? String == request.id && content["verdict"] != nil && content["probability"] is Double)
            #expect(content["ensemble"] as? String == service.engine?.ensemble.sha256 && content["passes"] as? Int == 2)
            #expect(content["stoppedEarly"] as? Bool == false)
            let ensemble = try #require(service.engine?.ensemble)
            #expect(content["precision"] as? String == ensemble.precision.rawValue && content["storage"] as? String == "fp16")
            for word in ["63", "palms", "patient", "photo.jpg", "mole"] { #expect(!entry.content.contains("\"\(word)")) }
        }
    }

    @Test func `an analysis that ended early is noted as one`() throws {
        try withRecords(change: { $0.earlyStop = true }) { service, folder in
            #expect(Router(service: service).respond(to: TestForm().adding(image: photo).request()).status == .ok)
            var contents: [String] = []
            try RecordsStore(folder.path(percentEncoded: false)).audit.forEach { contents.append($0.content) }
            #expect(contents.count == 1 && contents[0].contains(#""stoppedEarly":true"#))
        }
    }

    @Test func `the original app's call is noted too, and a refused photo is not`() throws {
        try withRecords { service, _ in
            let router = Router(service: service)
            #expect(router.respond(to: form.request("/melanoma")).status == .ok)
            #expect(router.respond(to: TestForm().adding(image: Data("no photo".utf8)).request()).status.code == 415)
            let head = try #require(try service.readyArchive()).store.audit.verify()
            #expect(head.sequence == 1)
        }
    }

    @Test(arguments: ["application/json", "text/event-stream"])
    func `an answer that can't be noted is not given, and the log says why`(accept: String) throws {
        let log = KeptLog()
        try withRecords(logger: Logger(label: "test") { _ in log }) { service, folder in
            // Another process holds the store for longer than a write waits.
            let other = Process()
            other.executableURL = URL(filePath: "/usr/bin/python3")
            other.arguments = [
                "-c",
                "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN EXCLUSIVE'); print('held',flush=True); time.sleep(60)",
                folder.path(percentEncoded: false) + "/records.sqlite",
            ]
            let pipe = Pipe()
            other.standardOutput = pipe
            try other.run()
            defer { other.terminate() }
            #expect(pipe.fileHandleForReading.availableData.count > 0)
            let request = form.request(accept: accept)
            let text = Router(service: service).respond(to: request).text
            #expect(text.contains(#""type":"urn:melascan:problem:not-recorded""#) && !text.contains(#""verdict""#))
            let lines = log.lines.filter { $0.contains(request.id) }
            #expect(lines.count == 2 && lines[0].hasPrefix("error \(request.id) "))
            #expect(lines.last?.hasPrefix("info \(request.id) /v1/analyses 503 ") == true, "\(lines)")
            #expect(service.metrics.text(queued: 0, isReady: true).contains(#"status="503"} 1"#))
        }
    }

    @Test func `a store that can't be opened stops the start`() {
        #expect(throws: RecordsError.self) { try TestService.make { $0.records = "/proc/melascan" } }
    }

    @Test func `without the setting nothing is kept`() throws {
        #expect(try TestService.make().readyArchive() == nil)
    }
}
