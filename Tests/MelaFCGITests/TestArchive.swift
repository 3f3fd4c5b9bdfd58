import Foundation
import Records

@testable import MelaFCGI

/// A service that keeps records in a temporary folder: a key, a consent text, and tokens as they are asked for.
struct TestArchive {
    let service: Service
    let router: Router
    let store: RecordsStore

    /// Calls `body` with such a service, donation switched on.
    static func with(
        _ mode: Settings.Mode = .clinic, change: (inout Settings) -> Void = { _ in }, _ body: (TestArchive) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-archive-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.path(percentEncoded: false)
        _ = FileManager.default.createFile(
            atPath: path + "/key", contents: Data(KeyRing.newLine().utf8), attributes: [.posixPermissions: 0o400])
        try Data(Self.texts.utf8).write(to: folder.appending(path: "consent.json"))
        // The cloud mode does not start without a device.
        let store = try RecordsStore(path + "/records")
        if mode == .cloud { _ = try store.devices.add("first", role: .admin) }
        let service = try TestService.make {
            $0.mode = mode
            $0.records = path + "/records"
            $0.key = path + "/key"
            $0.consent = path + "/consent.json"
            $0.donation = true
            if mode == .cloud { $0.openNetworks = .none }
            change(&$0)
        }
        try body(TestArchive(service: service, router: Router(service: service), store: store))
    }

    static let texts = """
        {"version": "7", "controller": "The clinic", "validity_days": {"processing": 30, "donation": 3650}, "texts": [
         {"language": "en", "processing": {"summary": "a", "text": "b"}, "donation": {"summary": "c", "text": "d"}}]}
        """

    func token(_ role: Role = .doctor, name: String = "Room 3 phone") throws -> String {
        try store.devices.add(name, role: role).token
    }

    /// The kinds of all entries of the log, the oldest first, without devices.
    func kinds() throws -> [String] {
        var kinds: [String] = []
        try store.audit.forEach { if !$0.kind.hasPrefix("device") { kinds.append($0.kind) } }
        return kinds
    }

    /// Records a consent and returns its code.
    func consent(processing: String = "granted", donation: String = "granted", token: String? = nil) throws -> String {
        let response = router.respond(to: Self.statement(processing, donation).request("/v1/consents", token: token))
        return try response.json()["code"] as? String ?? ""
    }

    static func statement(_ processing: String, _ donation: String) -> TestForm {
        TestForm().adding("processing", processing).adding("donation", donation).adding("text_version", "7")
            .adding("language", "en")
    }
}

extension TestForm {
    /// A request with a token, over TLS, from an address that is nobody's.
    func request(
        _ path: String = "/v1/analyses", accept: String = "*/*", token: String?, isSecure: Bool = true, key: String? = nil,
        address: String = "192.0.2.7"
    ) -> Request {
        var request = request(path, accept: accept)
        request.remoteAddress = token == nil ? "127.0.0.1" : address
        request.authorization = token.map { "Bearer \($0)" }
        request.isSecure = isSecure
        request.idempotencyKey = key
        return request
    }
}
