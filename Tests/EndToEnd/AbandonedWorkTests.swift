import Foundation
import Testing

/// Clients that leave while their photo is analysed or waits. The worker is slow, so that there is a middle.
@Suite(.serialized) struct `Abandoned work` {
    private static let shared = Result {
        try Stack(environment: `The worker`.slow.merging(["MELASCAN_QUEUE": "8"]) { $1 })
    }
    /// Seconds of a few passes here, of the 16 that an analysis takes.
    private static let fewPasses = Result {
        let start = Date()
        let reply = try shared.get().http.post(
            "/v1/analyses", [.file("image", Fixture.photo("odd.jpg")), .text("views", "1"), .text("members", "1")])
        #expect(reply.status == 200, "\(reply.text)")
        return max(1.5, 3 * Date().timeIntervalSince(start))
    }
    let stack: Stack
    let fewPasses: Double
    let form: (contentType: String, body: Data)

    init() throws {
        stack = try Self.shared.get()
        fewPasses = try Self.fewPasses.get()
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

    /// The next client, with one pass.
    private func expectNextIsAnswered() throws {
        let reply = try stack.http.post(
            "/v1/analyses", [.file("image", Fixture.photo("odd.jpg")), .text("views", "1"), .text("members", "1")])
        #expect(reply.status == 200, "\(reply.text)")
        #expect(stack.fault() == nil)
    }

    @Test(arguments: [true, false])
    func `an event stream whose client leaves is dropped`(isRude: Bool) throws {
        let before = (abandoned: try stack.abandoned(), passes: try stack.metric("melascan_passes_total"))
        let connection = try begin(accept: "text/event-stream")
        #expect(try connection.head().status == 200)
        let first = try #require(try connection.event())
        #expect(first.name == "progress" && first.data.contains("\"done\":1,"), "\(first)")
        #expect(try stack.queueLength() == 1)
        if isRude { connection.reset() } else { connection.close() }
        #expect(waitUntil(within: fewPasses) { (try? stack.queueLength()) == 0 }, "sooner than the analysis would take")
        #expect(waitUntil(within: 2) { (try? stack.abandoned()) == before.abandoned + 1 })
        #expect(try stack.metric("melascan_passes_total") == before.passes)
        try expectNextIsAnswered()
    }

    @Test(arguments: ["application/json", "text/html"])
    func `an analysis whose client leaves is dropped`(accept: String) throws {
        let before = try stack.abandoned()
        let connection = try begin(accept: accept)
        #expect(waitUntil(within: 5) { (try? stack.queueLength()) == 1 })
        usleep(100_000)
        connection.close()
        #expect(waitUntil(within: fewPasses) { (try? stack.queueLength()) == 0 }, "sooner than the analysis would take")
        #expect(waitUntil(within: 2) { (try? stack.abandoned()) == before + 1 })
        try expectNextIsAnswered()
    }

    @Test func `a client that leaves while it waits does not hold up those behind it`() throws {
        let before = try stack.abandoned()
        let running = try begin(accept: "text/event-stream")
        #expect(try running.event() != nil || running.event() != nil)
        let leaving = try (0..<4).map { _ in try begin(accept: "application/json") }
        #expect(waitUntil(within: 5) { (try? stack.queueLength()) == 5 })
        for connection in leaving { connection.close() }
        let start = Date()
        running.reset()
        try expectNextIsAnswered()
        // Four analyses would take eight seconds.
        #expect(Date().timeIntervalSince(start) < 4)
        #expect(try stack.abandoned() == before + 5)
    }

    @Test func `health, the card and the page answer while the queue is full, and one more photo is turned away`() throws {
        let streams = try (0..<9).map { _ in try begin(accept: "text/event-stream") }
        #expect(waitUntil(within: 10) { (try? stack.queueLength()) == 9 })
        for path in ["/v1/health/live", "/v1/health/ready", "/v1/ensemble", "/metrics", "/"] {
            let start = Date()
            #expect(try stack.http.get(path).status == 200, "\(path)")
            #expect(Date().timeIntervalSince(start) < 2, "\(path)")
        }
        for accept in ["application/json", "text/event-stream"] {
            let reply = try begin(accept: accept).reply()
            expectProblem(reply, 503, "busy", accept)
            #expect(reply["Retry-After"] != nil)
        }
        let page = try begin(accept: "text/html").reply()
        #expect(page.status == 503 && page.text.contains("Try again"))
        for stream in streams { stream.reset() }
        #expect(waitUntil(within: 3) { (try? stack.queueLength()) == 0 }, "sooner than two analyses would take")
        try expectNextIsAnswered()
    }
}
