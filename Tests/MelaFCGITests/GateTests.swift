import Foundation
import HTTPTypes
import Records
import Testing

@testable import MelaFCGI

@Suite struct GateTests {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func get(
        _ path: String, token: String? = nil, address: String? = "192.0.2.7", isSecure: Bool = true, certificate: String? = nil
    ) -> Request {
        Request(
            id: "id", method: .get, path: path, contentType: nil, contentLength: nil, accept: "*/*", origin: nil,
            remoteAddress: address, isSecure: isSecure, authorization: token.map { "Bearer \($0)" },
            certificateSubject: certificate, body: MemoryBody(Data()), client: MemoryBody(Data()))
    }

    private func code(_ response: Response) throws -> String? {
        (try response.json()["type"] as? String)?.replacing("urn:melascan:problem:", with: "")
    }

    @Test func `in a clinic this machine needs no token, and others do, for the original app's call too`() throws {
        let router = Router(service: try TestService.make())
        for path in ["/melanoma", "/v1/analyses"] {
            var request = TestForm().adding(image: photo).adding("views", "1").request(path)
            #expect(router.respond(to: request).status == .ok)
            for address in ["192.168.1.20", "::", nil] {
                request = TestForm().adding(image: photo).request(path)
                request.remoteAddress = address
                let response = router.respond(to: request)
                #expect(try response.status == .unauthorized && code(response) == "unauthorised")
                #expect(response.headers[.wwwAuthenticate] == "Bearer realm=\"MelaScan\"")
            }
        }
    }

    @Test func `networks that the administrator names need no token`() throws {
        let router = Router(service: try TestService.make { $0.openNetworks = OpenNetworks("192.168.1.0/24") ?? .none })
        for (address, status) in [("192.168.1.20", 200), ("192.168.2.20", 401), ("127.0.0.1", 401)] {
            #expect(router.respond(to: get("/v1/ensemble", address: address)).status.code == status)
        }
    }

    @Test func `a page of another site can't use this machine's freedom, unless it is allowed`() throws {
        let router = Router(service: try TestService.make { $0.allowedOrigins = ["https://good.example"] })
        for (origin, status) in [("https://evil.example", 403), ("https://good.example", 200), (nil, 403)] {
            var request = TestForm().adding(image: photo).adding("views", "1").request()
            request.fetchSite = "cross-site"
            request.origin = origin
            #expect(router.respond(to: request).status.code == status)
        }
    }

    @Test(arguments: [
        ("192.168.1.20", "http://192.168.1.20:8080", 200), ("192.168.1.20", "http://evil.example", 403),
        ("192.168.1.20", nil, 200),
        ("localhost", "http://localhost:8080", 200), ("[::1]", "http://[::1]:8080", 200), ("melascan.local", nil, 200),
        // A stranger's name that leads here (DNS rebinding): the origin is the host's own, the name is public.
        ("evil.example", "http://evil.example", 403), ("evil.example", nil, 403),
        ("good.example", "http://good.example:8080", 200),
        (nil, "http://evil.example", 403), (nil, nil, 200), ("192.168.1.20", "null", 403),
    ])
    func `without a token the page must be this server's own, at an address that is`(host: String?, origin: String?, status: Int)
        throws
    {
        let router = Router(service: try TestService.make { $0.allowedOrigins = ["https://good.example"] })
        var request = get("/v1/ensemble", address: "127.0.0.1")
        request.host = host
        request.origin = origin
        #expect(router.respond(to: request).status.code == status)
        // Where the browser says it, it is believed.
        request.fetchSite = "same-origin"
        #expect(router.respond(to: request).status == .ok)
        request.fetchSite = "same-site"
        #expect(router.respond(to: request).status.code == 403)
    }

    @Test func `health needs nothing, and each role opens its own doors only`() throws {
        try TestArchive.with { archive throws in
            let tokens = try Role.allCases.map { ($0, try archive.token($0, name: $0.rawValue)) }
            let doors: [(path: String, allowed: Set<Role>)] = [
                ("/v1/ensemble", [.doctor, .admin, .auditor]), ("/v1/audit/head", [.admin, .auditor]),
                ("/v1/cases/balance", [.admin]),
            ]
            for door in doors {
                #expect(archive.router.respond(to: get(door.path)).status == .unauthorized)
                for (role, token) in tokens {
                    let response = archive.router.respond(to: get(door.path, token: token))
                    #expect(response.status.code == (door.allowed.contains(role) ? 200 : 403), "\(role) at \(door.path)")
                }
            }
            let analysis = TestForm().adding(image: photo).request(token: tokens.last?.1)
            #expect(try code(archive.router.respond(to: analysis)) == "forbidden", "an auditor sends no photos")
            for path in ["/v1/health/live", "/v1/health/ready", "/v1/consent-texts", "/v1/openapi.json", "/metrics"] {
                #expect(archive.router.respond(to: get(path)).status == .ok)
            }
        }
    }

    @Test func `what needs no token is as configured`() throws {
        try TestArchive.with(change: { $0.openPaths = [] }) { archive throws in
            let (doctor, admin) = (try archive.token(), try archive.token(.admin, name: "admin"))
            for (path, token, status) in [
                ("/v1/openapi.json", nil, 401), ("/v1/openapi.json", doctor, 200), ("/metrics", doctor, 403),
                ("/metrics", admin, 200),
            ] {
                #expect(archive.router.respond(to: get(path, token: token)).status.code == status)
            }
        }
    }

    @Test func `every wrong token is answered the same`() throws {
        try TestArchive.with { archive throws in
            let right = try archive.token()
            let revoked = try archive.token(name: "revoked")
            try archive.store.devices.revoke("revoked")
            let wrong = [
                String(right.dropLast()) + (right.last == "0" ? "1" : "0"), revoked, "mela_00000000" + right.dropFirst(13), "x",
                "",
            ]
            let answers = wrong.map { archive.router.respond(to: get("/v1/ensemble", token: $0)) }
            #expect(Set(answers.map(\.text)).count == 1 && answers.allSatisfy { $0.status == .unauthorized })
            for header in ["Basic abc", "Bearer", "bearer  \(right) x", right] {
                var request = get("/v1/ensemble")
                request.authorization = header
                #expect(archive.router.respond(to: request).status == .unauthorized)
            }
            // Also from where no token is needed: a wrong one is a mistake.
            #expect(archive.router.respond(to: get("/v1/ensemble", token: "x", address: "127.0.0.1")).status == .unauthorized)
            #expect(archive.router.respond(to: get("/v1/ensemble", token: right)).status == .ok)
        }
    }

    @Test func `after ten wrong secrets further wrong ones must wait, and the right one still opens`() throws {
        try TestArchive.with { archive throws in
            let (right, other) = (try archive.token(), try archive.token(name: "other"))
            let wrong = String(right.dropLast(3)) + "000"
            for _ in 0..<FailedTries.limit {
                #expect(archive.router.respond(to: get("/v1/ensemble", token: wrong)).status == .unauthorized)
            }
            let response = archive.router.respond(to: get("/v1/ensemble", token: wrong))
            #expect(try code(response) == "too-many-tries" && response.headers[.retryAfter] == "60")
            for token in [right, other] { #expect(archive.router.respond(to: get("/v1/ensemble", token: token)).status == .ok) }
        }
    }

    @Test func `made-up identifiers share a count once there are many`() {
        let tries = FailedTries()
        for number in 0..<3000 { tries.note("made-up \(number)") }
        #expect(tries.isBlocked("another"))
        #expect(!tries.isBlocked("made-up 1"), "its own count is one")
    }

    @Test func `a verified certificate is a doctor's device`() throws {
        try TestArchive.with(.cloud) { archive throws in
            let request = get("/v1/ensemble", certificate: "CN=Room 3 phone,O=Clinic")
            #expect(archive.router.respond(to: request).status == .ok)
            #expect(archive.router.respond(to: get("/v1/cases/balance", certificate: "CN=x")).status == .forbidden)
            #expect(Caller.certificate("CN=x").name == "certificate CN=x")
        }
    }

    @Test func `in the cloud nothing but health is answered over an open connection`() throws {
        try TestArchive.with(.cloud) { archive throws in
            let token = try archive.token()
            for path in ["/v1/ensemble", "/v1/consent-texts", "/v1/openapi.json"] {
                let response = archive.router.respond(to: get(path, token: token, isSecure: false))
                #expect(try code(response) == "https-required")
                #expect(archive.router.respond(to: get(path, token: token)).status == .ok)
            }
            #expect(archive.router.respond(to: get("/v1/health/live", isSecure: false)).status == .ok)
            #expect(archive.router.respond(to: get("/v1/ensemble", address: "127.0.0.1")).status == .unauthorized)
        }
    }

    @Test(arguments: ["MELASCAN_RECORDS", "MELASCAN_KEY", "MELASCAN_CONSENT"])
    func `the cloud does not start without records, key and consent text`(missing: String) {
        #expect {
            try TestArchive.with(.cloud) {
                switch missing {
                case "MELASCAN_RECORDS": $0.records = nil
                case "MELASCAN_KEY": $0.key = nil
                default: $0.consent = nil
                }
            } _: { _ in
            }
        } throws: { ($0 as? SettingsError)?.name == missing }
    }

    @Test func `the cloud does not start without a token, or with a consent text that nobody filled in`() throws {
        #expect {
            try TestArchive.with(.cloud, change: { $0.records = ($0.records ?? "") + "-empty" }) { _ in }
        } throws: { "\($0)".contains("token add") }
        let pattern = TestService.root.appending(path: "deploy/consent.json").path(percentEncoded: false)
        #expect {
            try TestArchive.with(.cloud, change: { $0.consent = pattern }) { _ in }
        } throws: { "\($0)".contains("[brackets]") }
    }

    @Test func `what the records say becomes a problem that names no place and no statement`() {
        let problems: [(RecordsError, Problem.Code)] = [
            (.unavailable("no connection"), .recordsUnavailable), (.notWritten("the disk is full"), .notRecorded),
            (.broken(.missing(sequence: 3)), .notRecorded), (.key("it is not the one"), .internalError),
            (.unknown("case"), .recordUnknown), (.invalid(field: "monk", reason: "must be from 1 to 10"), .fieldInvalid),
        ]
        for (error, code) in problems {
            let problem = Problem(error)
            #expect(problem.code == code && !problem.detail.contains("disk is full") && !problem.detail.contains("connection"))
        }
        #expect(Problem(RecordsError.invalid(field: "monk", reason: "x")).field == "monk")
    }
}
