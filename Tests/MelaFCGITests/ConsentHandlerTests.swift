import Foundation
import HTTPTypes
import Testing

@testable import MelaFCGI
@testable import Records

@Suite struct ConsentHandlerTests {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    private func type(_ response: Response) throws -> String? {
        (try response.json()["type"] as? String)?.replacing("urn:melascan:problem:", with: "")
    }

    private func analysis(_ consent: String?) -> TestForm {
        let form = TestForm().adding(image: photo).adding("views", "1")
        return consent.map { form.adding("consent", $0) } ?? form
    }

    @Test func `in the cloud a photo is analysed with a consent only, and the log names it`() throws {
        try TestArchive.with(.cloud) { archive throws in
            let token = try archive.token()
            for consent in [nil, "", "ABCDE-FGHJK-MNPQR-STVWX", try archive.consent(processing: "refused", token: token)] {
                let response = archive.router.respond(to: analysis(consent).request(token: token))
                #expect(try type(response) == "consent-required")
            }
            let code = try archive.consent(token: token)
            for path in ["/v1/analyses", "/melanoma"] {
                #expect(archive.router.respond(to: analysis(code).request(path, token: token)).status == .ok)
            }
            #expect(try archive.kinds() == ["consent", "consent", "analysis", "analysis"])
            var last = ""
            try archive.store.audit.forEach { last = $0.content }
            let record = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
            #expect((record?["device"] as? String)?.hasPrefix("Room 3 phone (") == true)
            #expect((record?["consent"] as? String)?.count == 36 && !last.contains(code))

            #expect(
                archive.router.respond(to: TestForm().adding("code", code).request("/v1/withdrawals", token: nil)).status == .ok)
            let refused = archive.router.respond(to: analysis(code).request(token: token))
            #expect(try type(refused) == "consent-required" && refused.text.contains("was withdrawn"))
        }
    }

    @Test func `a consent that is withdrawn while the photo waits is honoured`() throws {
        try TestArchive.with(.cloud) { archive throws in
            let token = try archive.token()
            let code = try archive.consent(token: token)
            var before = archive.service.queue.enter()
            nonisolated(unsafe) let request = analysis(code).request(token: token)
            nonisolated(unsafe) var response: Response?
            let isAnswered = DispatchSemaphore(value: 0)
            let router = archive.router
            Thread.detachNewThread {
                response = router.respond(to: request)
                isAnswered.signal()
            }
            while archive.service.queue.count < 2 { usleep(1000) }
            usleep(300_000)  // its first look at the consent is over
            _ = archive.router.respond(to: TestForm().adding("code", code).request("/v1/withdrawals", token: nil))
            withExtendedLifetime(before) {}
            before = nil
            isAnswered.wait()
            #expect(try type(#require(response)) == "consent-required")
            #expect(try archive.kinds() == ["consent", "withdrawal"])
        }
    }

    @Test func `in a clinic no consent is needed, and one that is named must hold`() throws {
        try TestArchive.with { archive throws in
            #expect(archive.router.respond(to: analysis(nil).request()).status == .ok)
            #expect(try archive.router.respond(to: analysis(archive.consent()).request()).status == .ok)
            #expect(try type(archive.router.respond(to: analysis("nonsense").request())) == "field-invalid")
        }
        let router = Router(service: try TestService.make())
        #expect(try type(router.respond(to: analysis("ABCDE-FGHJK-MNPQR-STVWX").request())) == "field-invalid")
        for path in ["/v1/consents", "/v1/consents/lookup", "/v1/withdrawals", "/v1/cases", "/v1/cases/histology"] {
            #expect(try type(router.respond(to: TestForm().adding("code", "x").request(path))) == "not-offered")
        }
    }

    @Test func `a consent is recorded with its words, looked up and withdrawn by its code alone`() throws {
        try TestArchive.with { archive throws in
            let response = archive.router.respond(
                to: TestArchive.statement("granted", "refused").adding("given_by", "guardian").request("/v1/consents"))
            let json = try response.json()
            let code = try #require(json["code"] as? String)
            let grant = try #require(json["processing"] as? [String: Any])
            #expect(
                response.status == .created && grant["given_by"] as? String == "guardian"
                    && grant["text_version"] as? String == "7")
            #expect(json["donation"] == nil)

            var lookup = TestForm().adding("code", code.lowercased()).request("/v1/consents/lookup")
            lookup.remoteAddress = "192.0.2.7"
            let found = try archive.router.respond(to: lookup).json()
            #expect(found["id"] as? String == json["id"] as? String && found["code"] == nil && found["photos"] as? Int == 0)

            var withdrawal = TestForm().adding("code", code).request("/v1/withdrawals", accept: "text/html")
            withdrawal.remoteAddress = "192.0.2.7"
            let page = archive.router.respond(to: withdrawal)
            let head = try archive.store.audit.head()
            #expect(page.status == .ok && page.text.contains("withdrawn") && page.text.contains(head.hash))
            #expect(try archive.kinds() == ["consent", "withdrawal"])
        }
    }

    @Test func `a purpose is added to a consent, and withdrawn by itself`() throws {
        try TestArchive.with { archive throws in
            let code = try archive.consent(donation: "refused")
            let more = TestArchive.statement("refused", "granted").adding("consent", code).request("/v1/consents")
            let extended = archive.router.respond(to: more)
            #expect(try extended.status == .ok && extended.json()["donation"] is [String: Any])
            let form = TestForm().adding("code", code).adding("scope", "donation")
            let json = try archive.router.respond(to: form.request("/v1/withdrawals")).json()
            #expect(json["still_granted"] as? [String] == ["processing"] && json["photos_deleted"] as? Int == 0)
        }
    }

    @Test func `what makes no sense is named, and nothing is recorded`() throws {
        try TestArchive.with { archive throws in
            let good = TestArchive.statement("granted", "granted")
            let bad: [(TestForm, String?)] = [
                (TestArchive.statement("refused", "refused"), "processing"),
                (TestArchive.statement("maybe", "granted"), "processing"),
                (TestForm().adding("processing", "granted").adding("language", "en"), "text_version"),
                (TestForm().adding("processing", "granted").adding("text_version", "7").adding("language", "xx"), "language"),
                (TestForm().adding("processing", "granted").adding("text_version", "6").adding("language", "en"), "text_version"),
                (good.adding("given_by", "a friend"), "given_by"), (good.adding("consnet", "x"), nil),
                (good.adding("consent", "too short"), "consent"),
            ]
            for (form, field) in bad {
                let response = archive.router.respond(to: form.request("/v1/consents"))
                #expect(try type(response) == "field-invalid" && response.json()["field"] as? String == field, "\(response.text)")
            }
            let unknown = TestForm().adding("code", "ABCDE-FGHJK-MNPQR-STVWX")
            for path in ["/v1/consents/lookup", "/v1/withdrawals"] {
                #expect(try type(archive.router.respond(to: unknown.request(path))) == "record-unknown")
            }
            let long = TestForm().adding("code", String(repeating: "x", count: 20_000))
            #expect(try type(archive.router.respond(to: long.request("/v1/withdrawals"))) == "body-too-large")
            #expect(try archive.kinds().isEmpty)
        }
    }

    @Test func `a consent that is sent again under its key is the same one`() throws {
        try TestArchive.with { archive throws in
            let token = try archive.token()
            func send(_ form: TestForm) throws -> Response {
                archive.router.respond(to: form.request("/v1/consents", token: token, key: "k-1"))
            }
            let form = TestArchive.statement("granted", "granted")
            let (first, second) = (try send(form).json(), try send(form).json())
            #expect(first["code"] as? String == second["code"] as? String && first["code"] != nil)
            #expect(try archive.kinds() == ["consent"])
            #expect(try type(send(TestArchive.statement("granted", "refused"))) == "field-invalid")
        }
    }

    /// To the byte: clients of any age read these.
    @Test func `each purpose has its key in the JSON, beside the others'`() throws {
        func json(_ value: some Encodable) throws -> String { try Response.json(value).text }
        var consent = Consent(id: "i", recorded: "r")
        #expect(try json(ConsentDocument(consent, code: nil)) == #"{"id":"i","photos":0,"recorded":"r"}"# + "\n")
        consent[.donation] = Consent.Grant(
            textVersion: "7", controller: "The clinic", language: "en", givenBy: .guardian, recordedBy: "phone", given: "g",
            until: "u")
        consent[.processing] = consent[.donation]
        consent.photos = 2
        consent.withdrawn = "w"
        let grant = #"{"given":"g","given_by":"guardian","language":"en","text_version":"7","until":"u"}"#
        #expect(
            try json(ConsentDocument(consent, code: "c"))
                == #"{"code":"c","donation":\#(grant),"id":"i","photos":2,"processing":\#(grant),"recorded":"r","withdrawn":"w"}"#
                + "\n")
        try TestArchive.with { archive throws in
            var request = TestForm().request("/v1/consent-texts")
            request.method = .get
            #expect(
                archive.router.respond(to: request).text == #"""
                    {"consent_required":false,"controller":"The clinic","donation":true,"mode":"clinic","texts":[{"donation":{"summary":"c","text":"d"},\#
                    "language":"en","processing":{"summary":"a","text":"b"}}],"validity_days":{"donation":3650,"processing":30},"version":"7"}

                    """#)
        }
    }

    @Test func `what may be said is named in the order that it always was`() throws {
        try TestArchive.with { archive throws in
            let code = try archive.consent()
            func detail(_ form: TestForm, _ path: String) throws -> String? {
                try archive.router.respond(to: form.request(path)).json()["detail"] as? String
            }
            #expect(
                try detail(TestForm().adding("code", code).adding("scope", "some"), "/v1/withdrawals")
                    == "scope must be one of: all, processing, donation.")
            #expect(
                try detail(TestForm().adding("x", "y"), "/v1/consents")?.hasSuffix(
                    "The fields are: processing, donation, text_version, language, given_by, consent.") == true)
            #expect(
                try detail(TestArchive.statement("refused", "refused"), "/v1/consents")
                    == "processing or donation must be granted; there is nothing to record otherwise.")
        }
    }

    @Test func `as FHIR it is one Consent for each purpose, and an inactive one when it was withdrawn`() throws {
        try TestArchive.with { archive throws in
            let response = archive.router.respond(
                to: TestArchive.statement("granted", "granted").request("/v1/consents", accept: "application/fhir+json"))
            #expect(response.status == .created && response.headers[.contentType] == "application/fhir+json")
            func resources(_ response: Response) throws -> [[String: Any]] {
                (try response.json()["entry"] as? [[String: Any]] ?? []).compactMap { $0["resource"] as? [String: Any] }
            }
            let consents = try resources(response).filter { $0["resourceType"] as? String == "Consent" }
            #expect(consents.map { $0["status"] as? String } == ["active", "active"])
            let identifiers = try #require(consents.first?["identifier"] as? [[String: Any]])
            let code = try #require(identifiers.last?["value"] as? String)
            _ = archive.router.respond(to: TestForm().adding("code", code).request("/v1/withdrawals"))
            let lookup = TestForm().adding("code", code).request("/v1/consents/lookup", accept: "application/fhir+json")
            let left = try resources(archive.router.respond(to: lookup)).filter { $0["resourceType"] as? String == "Consent" }
            #expect(left.count == 1 && left[0]["status"] as? String == "inactive")
        }
    }
}
