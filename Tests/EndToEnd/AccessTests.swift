import Foundation
import Testing

/// Tokens, the cloud's demands and what can't be forged, through a real nginx.
@Suite struct `Who may use the server` {
    /// What `scripts/trial-records` makes: a key, a consent text, a token, and the settings that name them.
    private struct Trial {
        var environment: [String: String]
        var token: String
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            let made = try Shell.run(
                Repository.path("scripts/trial-records"),
                arguments: [
                    URL(filePath: Repository.worker).deletingLastPathComponent().path + "/melascan", folder.file("trial"),
                ])
            guard made.succeeded else { throw HarnessError(made.output) }
            environment = Dictionary(
                uniqueKeysWithValues: made.output.split(separator: "\n").compactMap { line in
                    line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
                })
            token = try String(contentsOfFile: folder.file("trial/token"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// curl's status for a request; `words` are further options.
    private func status(_ words: String...) throws -> String {
        let run = try Shell.run(
            "/usr/bin/curl", arguments: ["-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "60"] + words)
        return String(run.output.suffix(3))
    }

    @Test func `a token opens, and no header of a client's makes it another address or a certificate`() throws {
        let trial = try Trial()
        let stack = try Stack(environment: trial.environment.merging(["MELASCAN_OPEN_NETWORKS": "192.0.2.0/24"]) { $1 })
        let address = "http://127.0.0.1:\(stack.port)/v1/ensemble"
        #expect(try status(address) == "401")
        #expect(try status("-H", "Authorization: Bearer \(trial.token)", address) == "200")
        for header in [
            "X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7", "Forwarded: for=192.0.2.7", "REMOTE_ADDR: 192.0.2.7",
            "Remote-Addr: 192.0.2.7", "SSL_CLIENT_S_DN: CN=phone", "SSL-Client-S-DN: CN=phone", "HTTPS: on",
        ] {
            #expect(try status("-H", header, address) == "401", "\(header)")
        }
        #expect(try status("http://127.0.0.1:\(stack.port)/v1/health/ready") == "200")
        #expect(!stack.accessLog.contains(trial.token) && !stack.workerLog.contains(trial.token))
    }

    @Test func `the cloud takes a photo over TLS, with a token and a consent, and in no other way`() throws {
        let trial = try Trial()
        let certificate = try TestCertificate()
        let stack = try Stack(
            environment: trial.environment.merging(["MELASCAN_MODE": "cloud"]) { $1 }, site: .cloud(certificate), waits: false)
        let site = "https://localhost:\(stack.tlsPort)"
        #expect(waitUntil { (try? status("\(site)/v1/health/ready")) == "200" })
        let photo = "image=@" + Repository.path("Tests/Fixtures/imaging/odd.jpg")
        let bearer = "Authorization: Bearer \(trial.token)"
        #expect(try status("-F", photo, "\(site)/v1/analyses") == "401")
        #expect(try status("-F", photo, "-H", bearer, "\(site)/v1/analyses") == "422", "no consent")
        #expect(try status("-F", photo, "-H", bearer, "http://127.0.0.1:\(stack.port)/v1/analyses") == "403", "no TLS")
        // Past nginx's TLS, the worker itself refuses.
        #expect(try FastCGIClient.call(stack.socket, "GET", "/v1/consent-texts").http.status == 403)

        let consent = try Shell.run(
            "/usr/bin/curl",
            arguments: [
                "-sk", "-H", bearer, "-F", "processing=granted", "-F", "text_version=2026-01", "-F", "language=de",
                "\(site)/v1/consents",
            ])
        let json = try JSONSerialization.jsonObject(with: Data(consent.output.utf8)) as? [String: Any]
        let code = try #require(json?["code"] as? String, "\(consent.output)")
        #expect(try status("-F", photo, "-F", "consent=\(code)", "-H", bearer, "\(site)/v1/analyses") == "200")
        #expect(try status("-F", "code=\(code)", "\(site)/v1/withdrawals") == "200", "without a token")
        #expect(try status("-F", photo, "-F", "consent=\(code)", "-H", bearer, "\(site)/v1/analyses") == "422", "withdrawn")
        let log = stack.accessLog + stack.workerLog
        #expect(!log.contains(code) && log.contains("/v1/withdrawals"))
    }
}
