import Foundation
import Testing

/// Requests that no sound client sends: lengths that lie, paths and methods that are not there, headers that are too
/// large, bytes that are no protocol. Through nginx and, where nginx answers itself, straight to the worker too.
@Suite(.serialized) struct `Bad requests` {
    private static let shared = Result { try Stack() }
    let stack: Stack
    let form: (contentType: String, body: Data)

    init() throws {
        stack = try Self.shared.get()
        form = try FormPart.encoded([.file("image", Fixture.photo("odd.jpg")), .text("views", "1")])
    }

    private func direct(
        _ method: String, _ target: String, body: Data = Data(), length: String? = nil,
        adding: [(String, String)] = []
    ) throws -> HTTPReply {
        try FastCGIClient.call(
            stack.socket, method, target, body: body, length: length,
            parameters: [("CONTENT_TYPE", form.contentType)] + adding
        ).http
    }

    // MARK: Lengths

    @Test func `a body shorter or longer than its length is refused`() throws {
        expectProblem(
            try direct("POST", "/melanoma", body: form.body, length: String(form.body.count + 1)), 400, "body-short")
        expectProblem(
            try direct("POST", "/melanoma", body: form.body, length: String(form.body.count + 9_000_000)), 400, "body-short")
        expectProblem(
            try direct("POST", "/melanoma", body: form.body, length: String(form.body.count - 1)), 400, "body-long")
        expectProblem(try direct("POST", "/melanoma", body: form.body, length: "0"), 400, "body-long")

        // nginx cuts off what lies behind the length: the form has no end.
        let connection = try stack.http.open()
        let headers = [("Content-Type", form.contentType)]
        try connection.sendHead("POST", "/melanoma", headers: headers, length: form.body.count - 10)
        try connection.send(form.body)
        expectProblem(try connection.reply(), 400, "form-invalid")
        // It waits for what is missing; a client that says it will not come gets no answer from the worker.
        let short = try stack.http.open()
        try short.sendHead("POST", "/melanoma", headers: headers, length: form.body.count + 10)
        try short.send(form.body)
        short.finishSending()
        let reply = try? short.reply()
        #expect(reply == nil || reply?.status == 400)
        #expect(stack.fault() == nil)
    }

    @Test func `a body without a length is refused by nginx and by the worker`() throws {
        let connection = try stack.http.open()
        try connection.sendHead("POST", "/melanoma", headers: [("Content-Type", form.contentType)])
        expectProblem(try connection.reply(), 411, "length-required")
        let chunked = try stack.http.open()
        try chunked.sendHead(
            "POST", "/melanoma", headers: [("Content-Type", form.contentType), ("Transfer-Encoding", "chunked")])
        expectProblem(try chunked.reply(), 411, "length-required")
        for length in ["", "abc", "-1", "+5", "1e3", "0x10", " 5", "99999999999999999999"] {
            expectProblem(try direct("POST", "/melanoma", body: form.body, length: length), 411, "length-required", length)
        }
        #expect(stack.fault() == nil)
    }

    @Test func `two lengths, a length and chunks, and a length that is no number are no valid request`() throws {
        for lines in [
            "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 5\r\nTransfer-Encoding: chunked", "Content-Length: -1",
            "Content-Length: 5,5", "Content-Length: abc", "Transfer-Encoding: gzip, chunked", "Content-Length : 5",
        ] {
            let reply = try stack.http.exchange(
                Data("POST /melanoma HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(lines)\r\n\r\n12345".utf8))
            #expect((400..<502).contains(reply.status), "\(lines): \(reply.status)")
            #expect(reply.problem != nil, "\(lines): \(reply.text)")
        }
        #expect(stack.fault() == nil)
    }

    @Test func `a client that sends half and stops holds up nobody`() throws {
        let silent = try (0..<12).map { _ in
            let connection = try stack.http.open()
            try connection.sendHead(
                "POST", "/v1/analyses", headers: [("Content-Type", form.contentType)], length: form.body.count)
            try connection.send(Data(form.body.prefix(form.body.count / 2)))
            return connection
        }
        // More of them than the queue has places: they wait in nginx, not in the worker.
        #expect(try stack.queueLength() == 0)
        let start = Date()
        let reply = try stack.http.request(
            "POST", "/v1/analyses", headers: [("Content-Type", form.contentType)], body: form.body)
        #expect(reply.status == 200)
        // Before nginx gives the silent ones up, after 30 seconds.
        #expect(Date().timeIntervalSince(start) < 25)
        silent[0].reset()
        silent[1].close()
        // A slow one is answered in the end.
        try silent[2].send(Data(form.body.suffix(form.body.count - form.body.count / 2)))
        #expect(try silent[2].reply().status == 200)
        #expect(stack.fault() == nil)
    }

    // MARK: Paths and methods

    @Test func `an unknown path is refused by nginx and by the worker`() throws {
        for path in ["/nothing", "/v1/nothing", "/v1/", "/v1/analyses/", "/melanoma/x", "/V1/ensemble", "/v1/health"] {
            expectProblem(try stack.http.get(path), 404, "path-unknown", path)
            expectProblem(try direct("GET", path), 404, "path-unknown", path)
            expectProblem(try direct("POST", path, body: form.body), 404, "path-unknown", path)
        }
        #expect(stack.fault() == nil)
    }

    @Test func `a wrong method is refused with the right one`() throws {
        for (method, path, allowed) in [
            ("GET", "/melanoma", "POST"), ("GET", "/v1/analyses", "POST"), ("PUT", "/v1/analyses", "POST"),
            ("DELETE", "/melanoma", "POST"), ("OPTIONS", "/melanoma", "POST"), ("PATCH", "/v1/analyses", "POST"),
            ("BREW", "/v1/analyses", "POST"), ("POST", "/v1/ensemble", "GET"), ("DELETE", "/v1/health/ready", "GET"),
            ("PUT", "/metrics", "GET"), ("POST", "/v1/openapi.json", "GET"),
        ] {
            let body = method == "GET" ? nil : Data("x".utf8)
            let reply = try stack.http.request(method, path, body: body)
            expectProblem(reply, 405, "method-not-allowed", "\(method) \(path)")
            let methods = (reply["Allow"] ?? "").components(separatedBy: ", ")
            #expect(methods.contains(allowed) && !methods.contains(method), "\(method) \(path): \(methods)")
            expectProblem(try direct(method, path), 405, "method-not-allowed", "\(method) \(path)")
        }
        let head = try stack.http.request("HEAD", "/v1/analyses")
        #expect(head.status == 405 && head.body.isEmpty)
        for line in ["TRACE /melanoma HTTP/1.1", "get /v1/ensemble HTTP/1.1", "CONNECT localhost:80 HTTP/1.1"] {
            let reply = try stack.http.exchange(Data("\(line)\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            #expect([400, 405].contains(reply.status), "\(line): \(reply.status)")
            #expect(reply.problem != nil, "\(line)")
        }
        #expect(stack.fault() == nil)
    }

    @Test func `percent-encoded and odd paths lead where they say, or nowhere`() throws {
        for (path, status) in [
            ("/v1/%65nsemble", 200), ("/v1//ensemble", 200), ("/v1/./ensemble", 200), ("/v1/x/../ensemble", 200),
            ("/v1/ensemble?x=%00", 200), ("/v1/ensemble?", 200), ("/v1/ensemble#x", 200),
            ("/v1/%2e%2e/melanoma", 405), ("/v1/ensemble;x", 404), ("/v1/%ff%fe", 404), ("/v1/ensemble%20", 404),
            ("/v1/ensemble%0d%0aX:%20y", 404), ("/v1/%E2%80%AE", 404), ("/v1/ensemble%2f", 404),
            ("/v1/ensemble%00", 400), ("/v1/%zz", 400), ("/../../etc/passwd", 400), ("/v1/%2e%2e/%2e%2e/etc", 400),
            ("/%2e%2e/Package.swift", 400), ("/js/%2e%2e/%2e%2e/Package.swift", 400), ("/.git/config", 404),
        ] {
            let reply = try stack.http.get(path)
            #expect(reply.status == status, "\(path): \(reply.text.prefix(200))")
            #expect(reply.all("X").isEmpty)
            if status != 200 { #expect(reply.problem != nil, "\(path)") }
        }
        let absolute = try stack.http.exchange(
            Data("GET http://localhost/v1/ensemble HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
        #expect(absolute.status == 200)
        for target in ["", "*", "v1/ensemble", "/v1/\u{0}", "/" + String(repeating: "a", count: 200_000), "/\u{202E}?é"] {
            #expect(try direct("GET", target.isEmpty ? "?" : target).status == 404, "\(target.prefix(20))")
        }
        #expect(stack.fault() == nil)
    }

    // MARK: Headers and bytes

    @Test func `huge header fields are refused by nginx and survived by the worker`() throws {
        let long = String(repeating: "a", count: 40_000)
        let large = try stack.http.get("/v1/ensemble", headers: [("X-Large", long)])
        expectProblem(large, 400, "request-invalid")
        let many = (0..<2000).map { ("X-Header-\($0)", "some value") }
        expectProblem(try stack.http.get("/v1/ensemble", headers: many), 400, "request-invalid")
        let accepted = try stack.http.get("/v1/ensemble", headers: [("Accept", String(repeating: "a/b, ", count: 1500))])
        #expect(accepted.status == 200)
        let huge = String(repeating: "text/x, ", count: 125_000)
        #expect(try direct("GET", "/v1/health/ready", adding: [("HTTP_ACCEPT", huge), ("HTTP_ORIGIN", huge)]).status == 200)
        let flood = (0..<5000).map { ("HTTP_X_\($0)", "some value") }
        #expect(try direct("GET", "/v1/ensemble", adding: flood).status == 200)
        let boundary = "multipart/form-data; boundary=" + long
        let reply = try FastCGIClient.call(
            stack.socket, "POST", "/melanoma", body: form.body, parameters: [("CONTENT_TYPE", boundary)])
        expectProblem(reply.http, 400, "form-invalid")
        #expect(stack.fault() == nil)
    }

    @Test func `a header that a client forges adds none to the answer`() throws {
        let origin = try direct("GET", "/v1/health/ready", adding: [("HTTP_ORIGIN", "http://a\r\nX-Forged: yes")])
        #expect(origin.status == 200)
        #expect(origin["X-Forged"] == nil)
        let method = try direct("GET\r\nX-Forged: yes", "/v1/ensemble")
        #expect((400..<500).contains(method.status) || method.status == 200)
        #expect(method["X-Forged"] == nil)
        #expect(stack.fault() == nil)
    }

    @Test func `bytes that are no FastCGI are survived`() throws {
        for bytes in [
            Data("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), Data(repeating: 0, count: 100), Data(repeating: 0xFF, count: 100_000),
            Data([1]), Data([1, 1, 0, 1, 0, 8, 0, 0]), Data([1, 4, 0, 1, 0xFF, 0xFF, 0xFF, 0]), Data(),
            // A parameter whose length goes far behind its record.
            Data([1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 1, 0, 8, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0]),
            // An unknown role, then an unknown record.
            Data([1, 1, 0, 1, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0]), Data([1, 99, 0, 0, 0, 0, 0, 0]),
        ] {
            let client = try stack.fastCGI(timeout: 5)
            try? client.send(raw: bytes)
            usleep(20_000)
            client.close()
        }
        // More than the worker has threads, one after the other and at once.
        let idle = try (0..<20).map { _ in try stack.fastCGI() }
        for client in idle { client.close() }
        #expect(stack.fault() == nil)
        #expect(
            try stack.http.request(
                "POST", "/melanoma", headers: [("Content-Type", form.contentType)], body: form.body
            ).status == 200)
    }
}

/// nginx alone, as the photo does not leave it before it is whole.
@Suite struct `A silent client` {
    @Test func `is let go after half a minute`() async throws {
        let stack = try Stack(worker: nil)
        let connection = try RawHTTP(port: stack.port, timeout: 20).open()
        try connection.sendHead("POST", "/melanoma", headers: [("Content-Type", "multipart/form-data; boundary=b")], length: 1000)
        try connection.send("--b\r\n")
        try await Task.sleep(for: .seconds(28))
        // Until then it may go on; a reset or a time-out in words ends it.
        let reply = try? connection.reply()
        #expect(reply == nil || reply?.status == 408)
        #expect(throws: HarnessError.self) {
            for _ in 0..<10 {
                try connection.send("more")
                usleep(50_000)
            }
        }
    }
}
