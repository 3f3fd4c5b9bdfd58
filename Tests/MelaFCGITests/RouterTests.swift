import Foundation
import HTTPTypes
import Imaging
import Logging
import Model
import Testing

@testable import MelaFCGI

@Suite struct RouterTests {
    private static let shared = Result { try TestService.make { $0.earlyStop = false } }
    private var router: Router { get throws { Router(service: try Self.shared.get()) } }
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func get(_ path: String, method: HTTPRequest.Method = .get, origin: String? = nil) -> Request {
        Request(
            id: "id", method: method, path: path, contentType: nil, contentLength: nil, accept: "*/*", origin: origin,
            remoteAddress: "127.0.0.1", body: MemoryBody(Data()), client: MemoryBody(Data()))
    }

    private func expect(_ response: Response, _ status: Int, _ code: String) throws {
        #expect(response.status.code == status)
        #expect(response.headers[.contentType] == "application/problem+json")
        let json = try response.json()
        #expect(json["type"] as? String == "urn:melascan:problem:\(code)")
        #expect(json["status"] as? Int == status)
        #expect((json["detail"] as? String)?.isEmpty == false)
    }

    @Test func `the original app gets its one number, the raw mean softmax`() throws {
        let original = try router.respond(to: TestForm().adding(image: photo).request("/melanoma"))
        let analysis = try router.respond(to: TestForm().adding(image: photo).request())
        #expect(original.status == .ok)
        let json = try original.json()
        #expect(json.count == 1)
        #expect(json["confidence"] as? Double == (try analysis.json()["raw_probability"] as? Double))
    }

    @Test func `an analysis echoes the patient and carries the request's identifier`() throws {
        let request = TestForm().adding("age", "63").adding(image: photo).adding("sex", "female").adding("site", "").request()
        let response = try router.respond(to: request)
        let json = try response.json()
        #expect(json["id"] as? String == request.id)
        #expect(response.headers.contains { $0.name.rawName == "X-Request-ID" && $0.value == request.id })
        let patient = try #require(json["patient"] as? [String: Any])
        #expect(patient["age"] as? Int == 63 && patient["sex"] as? String == "female" && patient["site"] is NSNull)
        #expect(response.headers[.cacheControl] == "no-store")
    }

    @Test func `an event stream counts the passes and ends with the analysis`() throws {
        let response = try router.respond(
            to: TestForm().adding("views", "2").adding(image: photo).request(accept: "text/event-stream"))
        let events = response.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(events.count == 5)
        #expect(events.dropLast().allSatisfy { $0.hasPrefix("event: progress\ndata: {\"done\":") })
        #expect(events.last?.hasPrefix("event: analysis\ndata: {") == true)
        #expect(response.headers.contains { $0.name.rawName == "X-Accel-Buffering" && $0.value == "no" })
    }

    @Test func `a server set to fewer passes makes those, says so, and makes more when asked`() throws {
        let router = Router(
            service: try TestService.make {
                $0.views = 2
                $0.members = 1
                $0.earlyStop = false
            })
        let card = try router.respond(to: get("/v1/ensemble")).json()
        #expect(card["defaults"] as? [String: Int] == ["members": 1, "views": 2, "passes": 2])
        #expect(card["passes"] as? Int == 16)
        let set = try router.respond(to: TestForm().adding(image: photo).request()).json()
        #expect(set["passes"] as? Int == 2 && set["passes_available"] as? Int == 16)
        let original = try router.respond(to: TestForm().adding(image: photo).request("/melanoma")).json()
        #expect(original["confidence"] as? Double == set["raw_probability"] as? Double)
        let asked = TestForm().adding("views", "8").adding("members", "2").adding(image: photo).request()
        #expect(try router.respond(to: asked).json()["passes"] as? Int == 16)
    }

    @Test func `a server can't be set to more members than there are`() {
        #expect(throws: SettingsError(name: "MELASCAN_MEMBERS", reason: "must be a whole number from 1 to 2 for this ensemble")) {
            try TestService.make { $0.members = 3 }
        }
    }

    @Test func `a browser without script gets a page`() throws {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        let good = try router.respond(to: TestForm().adding(image: photo).request(accept: accept))
        #expect(good.headers[.contentType] == "text/html; charset=utf-8")
        #expect(good.text.contains(Words.english.text("notice")) && good.text.contains("class=\"gauge\""))
        #expect(!good.text.contains("style=") && !good.text.contains("<script"))
        for word in ["benign", "low risk"] { #expect(!good.text.lowercased().contains(word)) }
        let grey = try router.respond(to: TestForm().adding(image: TestService.fixture("grayscale.jpg")).request(accept: accept))
        #expect(grey.text.contains("Cannot judge") && grey.text.contains("they would mean nothing"))
        for figure in ["class=\"gauge\"", "class=\"score\"", "class=\"classes\"", "class=\"members\""] {
            #expect(!grey.text.contains(figure))
        }
        let bad = try router.respond(to: TestForm().adding(image: TestService.fixture("photo.png")).request(accept: accept))
        #expect(bad.status.code == 415 && bad.text.contains("PNG") && bad.text.contains("class=\"problem\""))
    }

    @Test func `what a person sent never comes back as markup`() throws {
        let page: HTML = "<p>\("<script>alert('1')</script> & \"q\"")</p>"
        let marked: HTML = "\("\"\u{301}<\u{301}")"
        #expect(!marked.text.unicodeScalars.contains("<") && !marked.text.unicodeScalars.contains("\""))
        #expect(page.text == "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;q&quot;</p>")
    }

    @Test func `bad forms each get their own problem`() throws {
        let router = try router
        let image = TestForm().adding(image: photo)
        try expect(router.respond(to: TestForm().adding("age", "5").request()), 400, "image-missing")
        try expect(router.respond(to: image.adding(image: photo).request()), 400, "image-repeated")
        try expect(router.respond(to: TestForm().adding(image: Data()).request()), 400, "image-empty")
        try expect(router.respond(to: TestForm().adding(image: Data("hello".utf8)).request()), 415, "image-not-jpeg")
        for (name, value) in [
            ("age", "999"), ("age", "old"), ("sex", "x"), ("site", "knee"), ("views", "9"), ("views", "0"), ("members", "3"),
            ("members", "-1"),
            ("views", "99999999999999999999"),
        ] {
            let response = router.respond(to: image.adding(name, value).request())
            try expect(response, 422, "field-invalid")
            #expect(try response.json()["field"] as? String == name)
        }
        try expect(router.respond(to: image.adding("age", "5").adding("age", "6").request()), 422, "field-invalid")
    }

    @Test func `an empty second file part, as a page with two inputs sends it, is not a second photo`() throws {
        let form = TestForm().adding(image: photo).adding(image: Data(), file: "")
        #expect(try router.respond(to: form.request()).status == .ok)
    }

    @Test func `lengths that are missing, wrong or too large are refused before the body is kept`() throws {
        let router = try router
        let form = TestForm().adding(image: photo)
        var request = form.request()
        request.contentLength = nil
        try expect(router.respond(to: request), 411, "length-required")
        try expect(router.respond(to: form.request(length: form.closed.count + 1)), 400, "body-short")
        try expect(router.respond(to: form.request(length: form.closed.count - 1)), 400, "body-long")
        let large = MemoryBody(form.closed)
        try expect(router.respond(to: form.request(length: 20 * 1024 * 1024 + 1, source: large)), 413, "body-too-large")
        #expect(large.remaining == 0, "what the peer still writes is read and thrown away")
    }

    @Test func `wrong content types and boundaries are told apart`() throws {
        let router = try router
        for (type, status, code) in [
            (nil, 415, "form-type"), ("image/jpeg", 415, "form-type"), ("application/json", 415, "form-type"),
            ("multipart/form-data", 400, "form-invalid"), ("multipart/form-data; boundary=", 400, "form-invalid"),
            ("multipart/form-data; boundary=other", 400, "form-invalid"),
            ("multipart/form-data; boundary=" + String(repeating: "x", count: 71), 400, "form-invalid"),
        ] as [(String?, Int, String)] {
            var request = TestForm().adding(image: photo).request()
            request.contentType = type
            try expect(router.respond(to: request), status, code)
        }
    }

    @Test func `unknown paths and wrong methods are told`() throws {
        let router = try router
        try expect(router.respond(to: get("/v2/analyses")), 404, "path-unknown")
        try expect(router.respond(to: get("/")), 404, "path-unknown")
        let response = router.respond(to: get("/v1/analyses"))
        try expect(response, 405, "method-not-allowed")
        #expect(response.headers[.allow] == "POST")
        #expect(router.respond(to: get("/v1/health/live", method: .head)).data.isEmpty)
    }

    @Test func `before the self-test the server lives but is not ready`() throws {
        let router = Router(service: try TestService.make(starts: false))
        #expect(router.respond(to: get("/v1/health/live")).status == .ok)
        let ready = router.respond(to: get("/v1/health/ready"))
        #expect(ready.status == .serviceUnavailable && ready.headers[.retryAfter] == "2")
        let analysis = router.respond(to: TestForm().adding(image: photo).request())
        try expect(analysis, 503, "not-ready")
        #expect(analysis.headers[.retryAfter] == "2")
        try expect(router.respond(to: get("/v1/ensemble")), 503, "not-ready")
    }

    @Test func `a full queue turns the next one away at once, and a place that is left is free again`() throws {
        let service = try TestService.make(queue: 1)
        let router = Router(service: service)
        let running = service.queue.enter()
        var waiting = service.queue.enter()
        #expect(running != nil && waiting != nil)
        let response = router.respond(to: TestForm().adding(image: photo).request())
        try expect(response, 503, "busy")
        #expect(response.headers[.retryAfter] == "3")
        waiting = nil
        #expect(service.queue.count == 1)
        withExtendedLifetime(running) {}
    }

    @Test func `a client that left gets no passes`() throws {
        let body = MemoryBody(TestForm().adding(image: photo).closed)
        body.isGone = true
        let router = Router(service: try TestService.make())
        func counts(abandoned: Int, passes: Int) -> Bool {
            let metrics = router.respond(to: get("/metrics")).text
            return metrics.contains("melascan_abandoned_total \(abandoned)\n")
                && metrics.contains("melascan_passes_total \(passes)\n")
        }
        let response = router.respond(to: TestForm().adding(image: photo).request(source: body))
        #expect(response.status.code == 500)
        #expect(counts(abandoned: 1, passes: 0))
        let one = TestForm().adding(image: photo).adding("views", "1").adding("members", "1")
        #expect(router.respond(to: one.request()).status == .ok)
        #expect(counts(abandoned: 1, passes: 1))
    }

    @Test func `a stream is logged and counted at its end, as what became of it`() throws {
        let log = KeptLog()
        let service = try TestService.make(logger: Logger(label: "test") { _ in log })
        func lines(_ request: Request) -> [String] { log.lines.filter { $0.contains(request.id) } }
        let form = TestForm().adding("views", "1").adding(image: photo)
        let whole = form.request(accept: "text/event-stream")
        let response = Router(service: service).respond(to: whole)
        #expect(response.status == .ok && lines(whole).isEmpty)
        #expect(response.text.contains("event: analysis"))
        #expect(lines(whole).count == 1 && lines(whole)[0].hasPrefix("info \(whole.id) /v1/analyses 200 "))

        let body = MemoryBody(form.closed)
        let left = form.request(accept: "text/event-stream", source: body)
        let stream = Router(service: service).respond(to: left)
        body.isGone = true
        #expect(!stream.text.contains("event: analysis"))
        #expect(lines(left).count == 1 && lines(left)[0].hasPrefix("info \(left.id) /v1/analyses 499 "))
        let metrics = service.metrics.text(queued: 0, isReady: true)
        #expect(metrics.contains(#"status="200"} 1"#) && metrics.contains(#"status="499"} 1"#))
        #expect(metrics.contains("melascan_abandoned_total 1"))
    }

    @Test func `whatever is wrong with a photo has a problem of its own`() {
        let errors: [ImagingError] = [
            .empty, .notJPEG(nil), .unsupportedJPEG("-"), .damaged("-"), .tooManyPixels(width: 1, height: 1, limit: 1),
            .tooManyScans(limit: 1),
        ]
        let codes = errors.map { Problem($0).code }
        #expect(Set(codes).count == errors.count && !codes.contains(.internalError))
    }

    @Test func `only pages of allowed origins may call`() throws {
        let router = Router(service: try TestService.make { $0.allowedOrigins = ["http://clinic.example"] })
        let allowed = router.respond(to: get("/v1/health/ready", origin: "http://clinic.example"))
        #expect(allowed.headers[.accessControlAllowOrigin] == "http://clinic.example")
        let other = router.respond(to: get("/v1/health/ready", origin: "http://evil.example"))
        #expect(other.headers[.accessControlAllowOrigin] == nil)
        #expect(router.respond(to: get("/v1/analyses", method: .options, origin: "http://clinic.example")).status == .noContent)
    }

    @Test func `the model card names what is loaded`() throws {
        let json = try router.respond(to: get("/v1/ensemble")).json()
        #expect(json["passes"] as? Int == 16 && json["operating_point"] as? String == "sensitivity-95")
        #expect((json["limits"] as? [String: Any])?["max_body_bytes"] as? Int == 20_971_520)
        #expect(json["calibration"] is NSNull)
    }
}
