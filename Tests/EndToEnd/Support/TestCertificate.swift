import Foundation

/// A server's certificate: one for localhost, signed by itself, that lives as long as this object, or a given one.
final class TestCertificate: Sendable {
    let certificate: String
    let key: String
    private let folder: TemporaryFolder?

    init() throws {
        let folder = try TemporaryFolder("melascan-tls")
        self.folder = folder
        certificate = folder.file("certificate.pem")
        key = folder.file("key.pem")
        let made = try Shell.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost")
        guard made.succeeded else { throw HarnessError(made.output) }
    }

    init(certificate: String, key: String) {
        folder = nil
        self.certificate = certificate
        self.key = key
    }
}
