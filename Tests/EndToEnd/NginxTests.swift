import Foundation
import Testing

/// The clinic's site in front of a real worker.
@Suite struct `The clinic's nginx` {
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        + "connect-src 'self' http: https:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

    static func expectStrictHeaders(_ reply: HTTPReply, _ what: String) {
        #expect(reply.all("Content-Security-Policy") == [policy], "\(what)")
        #expect(reply.all("X-Content-Type-Options") == ["nosniff"], "\(what)")
        #expect(reply.all("Referrer-Policy") == ["same-origin"], "\(what)")
        #expect(reply["Permissions-Policy"]?.contains("geolocation=()") == true, "\(what)")
        #expect(reply["Server"] == "nginx", "\(what)")
    }

    @Test func `serves the page with strict headers and lets the browser keep it`() throws {
        let stack = try Stack(worker: nil)
        let page = try stack.http.get("/")
        #expect(page.status == 200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page["Cache-Control"] == "no-cache")
        Self.expectStrictHeaders(page, "/")
        let tag = try #require(page["ETag"])
        #expect(try stack.http.get("/", headers: [("If-None-Match", tag)]).status == 304)
        let module = try #require(
            try FileManager.default.contentsOfDirectory(atPath: Repository.path("web/js")).first { $0.hasSuffix(".js") }
        )
        #expect(try stack.http.get("/js/\(module)")["Content-Type"] == "text/javascript; charset=utf-8")
        #expect(try stack.http.get("/.hidden").status == 404)
        #expect(try stack.http.get("/../deploy/nginx.conf").status == 400)
    }

    @Test func `says in a problem what to do about every error of its own`() throws {
        let stack = try Stack(worker: nil)
        let large = "Content-Length: 20971521\r\n"
        let long = String(repeating: "a", count: 40_000)
        for (status, code, request) in [
            (400, "request-invalid", "GET / HTTP/1.1\r\n"),
            (400, "request-invalid", "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n"),
            (404, "path-unknown", "GET /nothing HTTP/1.1\r\nHost: a\r\n"),
            (405, "method-not-allowed", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"),
            (411, "length-required", "POST /melanoma HTTP/1.1\r\nHost: a\r\n"),
            (411, "length-required", "POST /melanoma HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"),
            (413, "body-too-large", "POST /melanoma HTTP/1.1\r\nHost: a\r\n\(large)"),
            (414, "address-too-long", "GET /\(long) HTTP/1.1\r\nHost: a\r\n"),
            (502, "worker-down", "GET /v1/ensemble HTTP/1.1\r\nHost: a\r\n"),
        ] {
            let reply = try stack.http.exchange(Data((request + "\r\n").utf8))
            let what = "\(status) \(code)"
            #expect(reply.status == status, "\(what)")
            #expect(reply.problem == code, "\(what)")
            #expect(try reply.json()["status"] as? Int == status, "\(what)")
            #expect((try reply.json()["detail"] as? String ?? "").hasSuffix("."), "\(what)")
            #expect(reply["Cache-Control"] == "no-store", "\(what)")
            #expect((reply["Retry-After"] != nil) == (status == 502), "\(what)")
            #expect((reply["Allow"] != nil) == (status == 405), "\(what)")
            Self.expectStrictHeaders(reply, what)
        }
    }

    @Test func `hands on the worker's own answers untouched and never to be stored`() throws {
        let stack = try Stack()
        for path in ["/v1/nothing", "/v1/ensemble"] {
            let direct = try FastCGIClient.call(stack.socket, "GET", path).http
            let reply = try stack.http.get(path)
            #expect(reply.status == direct.status)
            #expect(reply.body == direct.body)
            #expect(reply.all("Cache-Control") == ["no-store"])
            Self.expectStrictHeaders(reply, path)
        }
    }

    @Test(arguments: ["/v1/consents/lookup", "/v1/%63onsents/lookup", "/v1//withdrawal%73"])
    func `limits how fast codes are tried, however the path is written`(path: String) throws {
        let stack = try Stack(worker: nil)
        let many = try Shell.bash(
            "curl -s --noproxy '*' -o /dev/null -w '%{http_code} ' -d a=b 'http://127.0.0.1:\(stack.port)\(path)?[1-300]'")
        #expect(many.output.hasPrefix("502 "))
        #expect(many.output.contains(" 429 "))
    }

    @Test func `shows metrics to this machine only`() throws {
        let stack = try Stack()
        #expect(try stack.http.get("/metrics").status == 200)
        let other = try RawHTTP(port: stack.port, source: "127.0.0.2").get("/metrics")
        #expect(other.status == 403)
        #expect(other.problem == "forbidden")
    }

    @Test func `a body of 15 MB touches no disk, and no log tells who sent what`() throws {
        let stack = try Stack()
        let trace = try FileTrace(stack.processes)
        let body = Data((0..<15_000_000).lazy.map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let reply = try stack.http.post(
            "/v1/analyses?name=jane", [.file("image", body, named: "jane-doe.jpg")],
            headers: [("User-Agent", "jane-phone"), ("Referer", "http://jane.example/")])
        #expect(try stack.http.get("/jane-doe.jpg").status == 404)
        #expect(trace.writes() == [])
        // What is no JPEG is refused, by the worker: so all of it has passed through nginx.
        #expect((400..<500).contains(reply.status) && reply.status != 413, "\(reply.status) \(reply.text)")
        #expect(stack.accessLog.contains(" POST /v1/analyses \(reply.status) "), "\(stack.accessLog)")
        #expect(stack.accessLog.contains(" GET (other) 404 "), "\(stack.accessLog)")
        for log in [stack.accessLog, stack.nginxLog, stack.workerLog] {
            #expect(!log.lowercased().contains("jane"), "\(log)")
            #expect(!log.contains("temporary file"), "\(log)")
        }
    }
}

/// The cloud's site, with a certificate for localhost. What stands behind it is the same.
@Suite struct `The cloud's nginx` {
    let stack: Stack

    init() throws {
        stack = try Stack(worker: nil, site: .cloud(TestCertificate()))
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func `takes TLS from 1.2 on`(version: String, isTaken: Bool) throws {
        // Level 0, so that it is the server that refuses, not this machine's openssl.
        let shown = try Shell.bash(
            "openssl s_client \(version) -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:\(stack.tlsPort) </dev/null 2>&1")
        #expect(shown.output.contains("Cipher is (NONE)") != isTaken, "\(shown.output)")
        #expect(shown.output.contains("alert protocol version") != isTaken, "\(shown.output)")
        // In TLS 1.3 a ticket holds no more than a number, where the server keeps the sessions.
        #expect(version == "-tls1_3" || !shown.output.contains("TLS session ticket:"))
    }

    @Test func `leads pages to HTTPS and refuses photos in the clear`() throws {
        let page = try stack.http.get("/v1/ensemble?x=1")
        #expect(page.status == 301)
        #expect(page["Location"] == "https://localhost:\(stack.tlsPort)/v1/ensemble?x=1")
        let photo = try stack.http.post("/melanoma", [.file("image", Data(count: 100))])
        #expect(photo.status == 403)
        #expect(photo.problem == "https-required")
    }

    @Test func `speaks HTTP 2, asks for HTTPS from then on, and limits each address`() throws {
        let curl = "curl -sk --noproxy '*' --http2"
        let page = try Shell.bash("\(curl) -I https://localhost:\(stack.tlsPort)/").output.lowercased()
        #expect(page.hasPrefix("http/2 200"))
        #expect(page.contains("\nstrict-transport-security: max-age=63072000"))
        #expect(page.contains("connect-src 'self' https:;"))
        let many = try Shell.bash(
            "\(curl) -o /dev/null -w '%{http_code} ' -d a=b 'https://localhost:\(stack.tlsPort)/v1/analyses?[1-40]'"
        )
        #expect(many.output.hasPrefix("502 "))
        #expect(many.output.hasSuffix(" 429 "))
        let refused = try Shell.bash("\(curl) -i -d a=b https://localhost:\(stack.tlsPort)/v1/analyses").output
        #expect(refused.contains("too-many-requests"))
        #expect(refused.contains("retry-after: 5"))
    }
}
