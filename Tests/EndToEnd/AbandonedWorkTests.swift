import Foundation
import Testing

/// Clients that leave while their photo is analysed or waits. The worker is slow, so that there is a middle, and what
/// an abandoned analysis cost is counted in passes: how long it takes depends on the machine.
@Suite(.serialized) struct `Abandoned work` {
    private static let shared = Result {
        try Stack(environment: `The worker`.slow.merging(["MELASCAN_QUEUE": "8"]) { $1 })
    }
    let stack: Stack
    let form: (contentType: String, body: Data)

    init() throws {
        stack = try Self.shared.get()
        form = try FormPart.encoded([.file("image", Fixture.photo("landscape.jpg"))])
    }

    /// Sends a whole request through nginx, without reading the answer.
    private func begin(accept: String) throws -> HTTPConnection {
        let connection = try stack.http.open()
        try connection.sendHead(
            "POST", "/v1/analyses", headers: [("Content-Type", form.contentType), ("Accept", accept)],
            length: form.body.count)
        try connection.send(form.body)
        return connection
    }

    private func passes() throws -> Int { try stack.metric("melascan_passes_total") }

    private func isQueue(_ length: Int) -> Bool { waitUntil { (try? stack.queueLength()) == length } }

    /// Leaves while the only analysis is under way, which began after `before` passes, and expects the rest of its 16 to be dropped.
    /// The worker stands still until nginx has noticed, which may take long on a busy machine.
    private func expectDropped(after before: Int, _ leave: () -> Void) throws {
        let abandoned = try stack.abandoned()
        let worker = try #require(stack.worker)
        let logged = stack.accessLog.count
        worker.send(SIGSTOP)
        leave()
        let isNoticed = waitUntil { stack.accessLog.count > logged }
        worker.send(SIGCONT)
        #expect(isNoticed, "\(stack.nginxLog)")
        #expect(isQueue(0))
        #expect(waitUntil { (try? stack.abandoned()) == abandoned + 1 })
        #expect((before + 1..<before + 16).contains(try passes()))
        try expectNextIsAnswered()
    }

    /// The next client, with one pass.
    private func expectNextIsAnswered() throws {
        let reply = try stack.http.post(
            "/v1/analyses", [.file("image", Fixture.photo("odd.jpg")), .text("views", "1"), .text("members", "1")])
        #expect(reply.status == 200, "\(reply.text)")
        #expect(stack.fault() == nil)
    }

    @Test(arguments: [true, false])
    func `an event stream whose client leaves is dropped`(isRude: Bool) throws {
        let before = try passes()
        let connection = try begin(accept: "text/event-stream")
        #expect(try connection.head().status == 200)
        let first = try #require(try connection.event())
        #expect(first.name == "progress" && first.data.contains("\"done\":1,"), "\(first)")
        try expectDropped(after: before) { isRude ? connection.reset() : connection.close() }
    }

    @Test(arguments: ["application/json", "text/html"])
    func `an analysis whose client leaves is dropped`(accept: String) throws {
        let before = try passes()
        let connection = try begin(accept: accept)
        #expect(waitUntil { (try? passes()) ?? 0 > before })
        try expectDropped(after: before) { connection.close() }
    }

    @Test func `a client that leaves while it waits costs those behind it nothing`() throws {
        let first = try FastCGIClient.unfinished(stack.socket)
        #expect(isQueue(1))
        let leaving = try (0..<4).map { _ in try begin(accept: "application/json") }
        #expect(isQueue(5))
        let last = try begin(accept: "application/json")
        #expect(isQueue(6))
        let before = (abandoned: try stack.abandoned(), passes: try passes())
        for connection in leaving { connection.close() }
        #expect(isQueue(2))
        #expect(waitUntil { (try? stack.abandoned()) == before.abandoned + 4 })
        first.close()
        #expect(try last.reply().status == 200)
        #expect(try passes() == before.passes + 16)
        try expectNextIsAnswered()
    }

    @Test func `health, the card and the page answer while the queue is full, and one more photo is turned away`() throws {
        let first = try FastCGIClient.unfinished(stack.socket)
        #expect(isQueue(1))
        let streams = try (0..<8).map { _ in try begin(accept: "text/event-stream") }
        #expect(isQueue(9))
        for path in ["/v1/health/live", "/v1/health/ready", "/v1/ensemble", "/metrics", "/"] {
            #expect(try stack.http.get(path).status == 200, "\(path)")
        }
        for accept in ["application/json", "text/event-stream"] {
            let reply = try begin(accept: accept).reply()
            expectProblem(reply, 503, "busy", accept)
            #expect(reply["Retry-After"] != nil)
        }
        let page = try begin(accept: "text/html").reply()
        #expect(page.status == 503 && page.text.contains("Try again"))
        let before = try passes()
        for stream in streams { stream.reset() }
        #expect(isQueue(1))
        #expect(try passes() == before)
        first.close()
        try expectNextIsAnswered()
    }
}
