import Foundation
import Testing

/// Many clients at once, clients that leave, and a worker that is started again behind a running nginx.
@Suite(.serialized) struct `Under load` {
    private static let shared = Result { try Stack(environment: ["MELASCAN_QUEUE": "8"]) }
    let stack: Stack
    let photo: Data

    init() throws {
        stack = try Self.shared.get()
        photo = try Fixture.photo("landscape.jpg")
    }

    @Test func `fifty clients at once are each answered, or told to come again`() throws {
        let replies = atOnce(50) { [stack, photo] _ in
            try stack.http.post("/v1/analyses", [.file("image", photo)])
        }
        var answered = 0
        var probabilities: Set<Double> = []
        for reply in replies {
            // A client that hangs has thrown.
            let reply = try reply.get()
            if reply.status == 200 {
                answered += 1
                probabilities.insert(try reply.json()["probability"] as? Double ?? -1)
            } else {
                expectProblem(reply, 503, "busy")
                #expect(reply["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
            }
        }
        // One runs and eight wait; the rest is turned away while they do.
        #expect(answered >= 9)
        #expect(answered < 50, "the queue has no end")
        #expect(probabilities.count == 1, "\(probabilities)")
        #expect(stack.fault() == nil)
        #expect(try stack.peakMegabytes() < 400)
        #expect(try stack.http.post("/melanoma", [.file("image", photo)]).status == 200)
    }

    @Test func `nine photos of 12 megapixels at once stay within 400 MB`() throws {
        let large = try LargePhoto.make()
        let replies = atOnce(9) { [stack] _ in
            try stack.http.post("/v1/analyses", [.file("image", large), .text("views", "1")])
        }
        for reply in replies {
            let reply = try reply.get()
            #expect(reply.status == 200, "\(reply.text.prefix(300))")
            #expect((try reply.json()["image"] as? [String: Any])?["width"] as? Int == LargePhoto.width)
        }
        #expect(try stack.peakMegabytes() < 400)
        #expect(stack.fault() == nil)
    }

    @Test func `clients at once get the number of their own photo`() throws {
        let files = ["landscape.jpg", "odd.jpg", "portrait.jpg", "small.jpg"]
        func probability(_ reply: HTTPReply) throws -> Double {
            try #require(try reply.json()["probability"] as? Double, "\(reply.status) \(reply.text.prefix(200))")
        }
        let alone = try files.map { file in
            try probability(stack.http.post("/v1/analyses", [.file("image", Fixture.photo(file))]))
        }
        #expect(Set(alone).count == files.count, "the photos are told apart")
        for _ in 0..<3 {
            let together = atOnce(files.count) { [stack] index in
                try stack.http.post("/v1/analyses", [.file("image", Fixture.photo(files[index]))])
            }
            for (reply, expected) in zip(together, alone) {
                #expect(abs(try probability(reply.get()) - expected) < 1e-6)
            }
        }
        #expect(stack.fault() == nil)
    }

    @Test func `a client that leaves during its upload leaves nothing in the queue`() throws {
        let (type, body) = FormPart.encoded([.file("image", photo + Data(count: 2_000_000))])
        let half = body.prefix(body.count / 2)
        for isRude in [true, false] {
            let connection = try stack.http.open()
            try connection.sendHead("POST", "/v1/analyses", headers: [("Content-Type", type)], length: body.count)
            try connection.send(Data(half))
            if isRude { connection.reset() } else { connection.close() }
        }
        // Straight to the worker it has a place while it sends.
        let client = try stack.fastCGI()
        try client.begin()
        try client.send(
            parameters: FastCGIClient.parameters(
                "POST", "/v1/analyses", length: String(body.count), adding: [("CONTENT_TYPE", type)]))
        try client.send(body: Data(half))
        #expect(waitUntil { (try? stack.queueLength()) == 1 })
        client.close()
        #expect(waitUntil { (try? stack.queueLength()) == 0 })
        #expect(try stack.http.post("/melanoma", [.file("image", photo)]).status == 200)
        #expect(stack.fault() == nil)
    }

    // MARK: A worker that is started again

    @Test(arguments: [SIGTERM, SIGKILL])
    func `a worker that is started again is found by the nginx that kept running`(signal: Int32) throws {
        let site = try Stack(worker: nil)
        func start() throws -> Child {
            try Child(
                Repository.worker, environment: ["MELASCAN_SOCKET": site.socket], log: site.runDirectory + "/worker.log")
        }
        func answers() -> Bool { (try? site.http.post("/melanoma", [.file("image", photo)]).status) == 200 }
        func expectDown() throws {
            let reply = try site.http.post("/melanoma", [.file("image", photo)])
            expectProblem(reply, 502, "worker-down")
            #expect(reply["Retry-After"] != nil)
            #expect(try site.http.get("/").status == 200, "the page is still there")
        }
        try expectDown()
        let first = try start()
        #expect(waitUntil(answers), "\(site.workerLog)")
        first.stop(signal)
        try expectDown()
        let second = try start()
        #expect(waitUntil(answers), "\(site.workerLog)")
        #expect(second.stop() == 0)
        try expectDown()
    }
}
