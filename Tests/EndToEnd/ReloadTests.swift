import Foundation
import Synchronization
import Testing

/// SIGHUP: another ensemble takes the place of the one that answers, while people send photos.
@Suite(.serialized) struct `Another ensemble` {
    /// A copy of the default ensemble with another version, behind a link that can be turned.
    private func ensemble(_ version: String, in folder: TemporaryFolder) throws -> String {
        let copy = folder.file(version)
        try FileManager.default.copyItem(atPath: Repository.path("ensembles/default"), toPath: copy)
        let manifest = copy + "/ensemble.json"
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        try Data(text.replacing(/"version": "[0-9.]+"/, with: #""version": "\#(version)""#).utf8).write(
            to: URL(filePath: manifest))
        return copy
    }

    private func turn(_ link: String, to target: String) throws {
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    }

    private func version(_ stack: Stack) throws -> String? {
        try stack.http.get("/v1/ensemble").json()["version"] as? String
    }

    @Test func `is taken without a refused or a mixed answer, and one that is not sound is not taken`() throws {
        let folder = try TemporaryFolder()
        let link = folder.file("ensemble")
        try turn(link, to: ensemble("1.0.0", in: folder))
        let stack = try Stack(environment: ["MELASCAN_ENSEMBLE": link])
        #expect(try version(stack) == "1.0.0")

        let photo = try Fixture.photo("odd.jpg")
        let hasEnded = Mutex(false)
        let next = try ensemble("2.0.0", in: folder)
        let told = atOnce(4) { index in
            if index == 3 {
                defer { hasEnded.withLock { $0 = true } }
                try turn(link, to: next)
                kill(stack.worker?.pid ?? 0, SIGHUP)
                #expect(waitUntil { (try? version(stack)) == "2.0.0" })
                return [HTTPReply]()
            }
            var replies: [HTTPReply] = []
            while !hasEnded.withLock({ $0 }) {
                replies.append(try stack.http.post("/v1/analyses", [.file("image", photo), .text("views", "1")]))
            }
            return replies
        }
        let replies = try told.flatMap { try $0.get() }
        #expect(!replies.isEmpty && replies.allSatisfy { $0.status == 200 })

        // Cut off in the middle of its weights.
        let broken = try ensemble("3.0.0", in: folder)
        let weights = try #require(
            try FileManager.default.contentsOfDirectory(atPath: broken).first { $0.hasSuffix(".safetensors") })
        let handle = try FileHandle(forWritingTo: URL(filePath: broken + "/" + weights))
        try handle.truncate(atOffset: 1000)
        try handle.close()
        try turn(link, to: broken)
        kill(stack.worker?.pid ?? 0, SIGHUP)
        #expect(waitUntil { stack.workerLog.contains("the ensemble was not changed") })
        #expect(try version(stack) == "2.0.0")
        #expect(stack.fault() == nil)
        #expect(stack.stop() == 0)
    }
}
