import Foundation
import Testing

/// What is left of a photo once it has been answered: nothing.
@Suite(.serialized) struct PrivacyTests {
    private static let fileName = "Erika-Mustermann-1961.jpg"
    private static let age = "61"
    private static let site = "palms/soles"

    private func analyse(_ stack: Stack, _ photo: Data, accept: String = "application/json") throws -> HTTPReply {
        try stack.http.post(
            "/v1/analyses",
            [
                .file("image", photo, named: Self.fileName), .text("age", Self.age), .text("sex", "female"),
                .text("site", Self.site),
            ], headers: [("Accept", accept)])
    }

    @Test func `a 12-megapixel photo goes through nginx and worker without a file being created or written`() throws {
        let photo = try LargePhoto.make(comment: "a telling comment")
        #expect(photo.count > 500_000)
        let stack = try Stack()
        let trace = try FileTrace(stack.processes)
        for accept in ["application/json", "text/event-stream", "text/html"] {
            let reply = try analyse(stack, photo, accept: accept)
            #expect(reply.status == 200, "\(reply.text.prefix(300))")
            #expect(reply["Cache-Control"] == "no-store")
        }
        #expect(try stack.http.post("/melanoma", [.file("image", photo, named: Self.fileName)]).status == 200)
        // What goes wrong leaves no more behind than what goes well.
        #expect(try analyse(stack, photo.prefix(photo.count / 2)).status == 422)
        #expect(trace.writes() == [])
    }

    @Test func `the watch for files sees a write`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("written")
        let writer = try Child(
            "bash", ["-c", "while :; do echo x >'\(file)'; sleep 0.05; done"], log: folder.file("bash.log"))
        let trace = try FileTrace([writer.pid])
        unlink(file)
        #expect(waitUntil { FileManager.default.fileExists(atPath: file) })
        #expect(trace.writes().contains { $0.contains("written") })
    }

    @Test func `no log and no folder holds the file's name, the patient, or a piece of the photo`() throws {
        let comment = "melascan-test-comment-that-occurs-nowhere-else"
        let photo = try LargePhoto.make(comment: comment)
        let stack = try Stack(environment: ["MELASCAN_LOG_LEVEL": "trace"])
        #expect(try analyse(stack, photo).status == 200)
        #expect(try analyse(stack, photo.prefix(photo.count / 2)).status == 422)
        #expect(try analyse(stack, photo, accept: "text/event-stream").status == 200)
        // What a person may type where it does not belong.
        #expect(try stack.http.get("/\(Self.fileName)?patient=Mustermann").status == 404)
        #expect(try stack.http.get("/v1/Mustermann").status == 404)
        #expect(try stack.http.post("/v1/analyses?name=Mustermann", [.text("age", "Mustermann")]).status == 400)
        let logs = stack.workerLog + stack.accessLog + stack.nginxLog
        #expect(logs.contains("/v1/analyses"), "there are logs to look at")
        for trace in [Self.fileName, "Mustermann", Self.site, "palms", "female", comment, "photo.jpg"] {
            #expect(!logs.contains(trace), "\(trace)")
        }
        #expect(Self.sharesStretch(Data(logs.utf8), photo) == false)
        // An age is a number among numbers: the lines have no place for one.
        let access = /\S+ (GET|POST) [a-z0-9\/().]+ \d{3} \d+ \d+\.\d{3}/
        let worker = /\S+ [a-z]+ melascan: \[MelaFCGI\] [0-9a-f-]{36} [a-z0-9\/.]+ \d{3} \d+ ms/
        #expect(stack.accessLog.split(separator: "\n").allSatisfy { $0.wholeMatch(of: access) != nil }, "\(stack.accessLog)")
        let answers = stack.workerLog.split(separator: "\n").filter { !$0.contains("] ready: ") }
        #expect(answers.allSatisfy { $0.wholeMatch(of: worker) != nil }, "\(stack.workerLog)")
        #expect(stack.nginxLog.isEmpty, "\(stack.nginxLog)")
        // Every file below the run's folder: none but logs, settings and sockets, and none with a stretch of the photo.
        let stretch = photo[(photo.count / 2)..<(photo.count / 2 + 32)]
        let files = FileManager.default.enumerator(atPath: stack.runDirectory)?.compactMap { $0 as? String } ?? []
        #expect(!files.isEmpty)
        for file in files {
            let path = stack.runDirectory + "/" + file
            guard let bytes = FileManager.default.contents(atPath: path) else { continue }
            #expect(bytes.range(of: stretch) == nil, "\(file)")
            #expect(bytes.range(of: Data(comment.utf8)) == nil, "\(file)")
            #expect(bytes.count < 100_000, "\(file)")
        }
    }

    /// Whether any 32 bytes in a row stand in both.
    private static func sharesStretch(_ log: Data, _ photo: Data) -> Bool {
        let log = [UInt8](log)
        guard log.count >= 32 else { return false }
        func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
            bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return log.withUnsafeBytes { log in
            let starts = Dictionary(grouping: 0...(log.count - 32)) { word(log, $0) }
            return photo.withUnsafeBytes { photo in
                (0...(photo.count - 32)).contains { offset in
                    starts[word(photo, offset)]?.contains { log[$0..<($0 + 32)].elementsEqual(photo[offset..<(offset + 32)]) }
                        == true
                }
            }
        }
    }

    @Test func `the watch for a piece of the photo sees one`() throws {
        let photo = try LargePhoto.make()
        let piece = photo[1_000_001..<1_000_033]
        #expect(Self.sharesStretch(Data("before ".utf8) + piece + Data(" behind".utf8), photo))
        #expect(!Self.sharesStretch(Data("before ".utf8) + piece.dropLast() + Data(" behind".utf8), photo))
    }

    @Test func `the pages of a photo go back to the system once it is answered`() throws {
        let photo = try LargePhoto.make()
        let stack = try Stack()
        let before = try stack.residentMegabytes()
        for _ in 0..<4 { #expect(try analyse(stack, photo).status == 200) }
        // The decoded photo alone is 36 MB.
        #expect(try stack.residentMegabytes() < before + 30)
    }
}

extension Stack {
    /// Memory that the worker holds now, in megabytes (VmRSS).
    fileprivate func residentMegabytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(worker?.pid ?? 0)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
    }
}
