import Foundation
import Testing

/// Certificates in place of tokens: the cloud's site with its three lines switched on, in front of a real worker.
@Suite struct `A device's certificate` {
    let site: CertificateStack

    init() throws { site = try CertificateStack() }

    @Test func `lets its device in without a token, and a device with neither stays out`() throws {
        #expect(try site.ensemble("").hasPrefix("401 "))
        #expect(try site.ensemble(site.device.options).hasPrefix("200 "))
    }

    @Test func `of an unknown authority, or of the one that signed the server's, is refused`() throws {
        let unknown = try TestAuthority()
        defer { withExtendedLifetime(unknown) {} }
        let stranger = try unknown.client("Room 3", file: "stranger")
        let neighbour = try site.serverAuthority.client("Room 3", file: "neighbour")
        for files in [stranger, neighbour] {
            let reply = try site.ensemble(files.options)
            #expect(reply.hasPrefix("400 "), "\(reply)")
            #expect(reply.contains("urn:melascan:problem:certificate-refused"), "\(reply)")
        }
    }

    @Test func `that was revoked is refused, after a restart even with a session from before`() throws {
        let lost = try site.devices.client("Lost phone", file: "lost")
        let session = site.devices.path + "/session"
        #expect(try site.overTLS(lost, "-sess_out '\(session)'").contains("HTTP/1.1 200 OK"))
        #expect(try site.overTLS(lost, "-sess_in '\(session)'").contains("HTTP/1.1 200 OK"))
        try site.devices.revoke("lost")
        try site.stack.restartNginx()
        for more in ["", "-sess_in '\(session)'"] {
            let reply = try site.overTLS(lost, more)
            #expect(reply.contains("HTTP/1.1 400 Bad Request"), "\(more) \(reply)")
        }
        #expect(try site.ensemble(site.device.options).hasPrefix("200 "))
    }

    @Test func `can't be claimed by a header`() throws {
        for name in ["SSL_CLIENT_S_DN", "SSL-Client-S-DN", "HTTP_SSL_CLIENT_S_DN", "X-SSL-Client-S-DN", "X-Client-Cert"] {
            let reply = try site.ensemble("-H '\(name): CN=Room 3'")
            #expect(reply.hasPrefix("401 "), "\(name) \(reply)")
        }
        // Nor over the plain side, nor by a header beside a certificate that is another's.
        #expect(try site.stack.http.get("/v1/ensemble", headers: [("SSL_CLIENT_S_DN", "CN=Room 3")]).status == 301)
    }
}

/// What comes with the server's certificate, and what each token may do.
@Suite struct `The cloud's site` {
    @Test func `staples a proof of its certificate where its authority has a responder`() throws {
        let authority = try TestAuthority()
        let port = try Socket.freePort()
        let server = try authority.server("localhost", file: "server", ocsp: "http://127.0.0.1:\(port)/")
        let chain = authority.path + "/chain.pem"
        _ = try Shell.bash("cat '\(server.certificate)' '\(authority.authority)' >'\(chain)'")
        let files = authority.path
        let responder = try Child(
            "openssl",
            [
                "ocsp", "-index", files + "/index.txt", "-port", String(port), "-rsigner", files + "/ca.pem", "-rkey",
                files + "/ca.key", "-CA", files + "/ca.pem", "-ndays", "1",
            ], log: files + "/responder.log")
        defer { responder.stop(SIGKILL) }
        let stack = try Stack(
            worker: nil, site: .cloud(TestCertificate(certificate: chain, key: server.key)))
        // The first handshake makes nginx ask; those after it have the answer.
        let connect = "openssl s_client -status -connect 127.0.0.1:\(stack.tlsPort) </dev/null 2>&1"
        #expect(
            waitUntil {
                (try? Shell.bash(connect).output.contains("OCSP Response Status: successful")) == true
            }, "\(stack.nginxLog)")
    }

    @Test func `limits each token, from whatever addresses it is used`() throws {
        let stack = try Stack(worker: nil, site: .cloud(TestCertificate()))
        func statuses(_ token: String) throws -> [Substring] {
            // Each address may send 20 at once; 40 of one token come from four.
            let lines = (2...5).map {
                "curl -sk --noproxy '*' --http2 --interface 127.0.0.\($0) -H 'Authorization: \(token)' -o /dev/null "
                    + "-w '%{http_code} ' -d a=b 'https://localhost:\(stack.tlsPort)/v1/analyses?[1-10]'"
            }
            return try Shell.bash(lines.joined(separator: "; ")).output.split(separator: " ")
        }
        let limited = try statuses("Bearer one")
        #expect(limited.prefix(20).allSatisfy { $0 == "502" }, "\(limited)")
        #expect(limited.suffix(10).filter { $0 == "429" }.count >= 8, "\(limited)")
        #expect(try statuses("").filter { $0 == "429" } == [])
    }
}

/// The cloud's site with a devices' authority.
final class CertificateStack: Sendable {
    let serverAuthority: TestAuthority
    let devices: TestAuthority
    let device: TestAuthority.Files
    let stack: Stack

    init() throws {
        serverAuthority = try TestAuthority()
        devices = try TestAuthority()
        device = try devices.client("Room 3", file: "room-3")
        let server = try serverAuthority.server("localhost", file: "server")
        // Nobody is in an open network, so that a token or a certificate is needed.
        stack = try Stack(
            environment: ["MELASCAN_OPEN_NETWORKS": "192.0.2.0/24"],
            site: .cloud(TestCertificate(certificate: server.certificate, key: server.key)), devices: devices)
    }

    /// GET /v1/ensemble by curl: the status, a space, the body.
    func ensemble(_ options: String) throws -> String {
        let reply = try Shell.bash(
            "curl -sk --noproxy '*' \(options) -w '\\n%{http_code}' https://localhost:\(stack.tlsPort)/v1/ensemble")
        let lines = reply.output.split(separator: "\n")
        return "\(lines.last ?? "") \(lines.dropLast().joined())"
    }

    /// The same by openssl, which can keep and take up a session.
    func overTLS(_ files: TestAuthority.Files, _ more: String) throws -> String {
        let request = "GET /v1/ensemble HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
        return try Shell.bash(
            "(printf '\(request)'; sleep 1) | openssl s_client -quiet -connect 127.0.0.1:\(stack.tlsPort) "
                + "-cert '\(files.certificate)' -key '\(files.key)' \(more) 2>/dev/null"
        ).output
    }
}
