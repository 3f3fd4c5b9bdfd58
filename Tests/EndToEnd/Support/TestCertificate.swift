import Foundation

/// A certificate for localhost, signed by itself, that lives as long as this object.
final class TestCertificate: Sendable {
    let certificate: String
    let key: String
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("melascan-tls")
        certificate = folder.file("certificate.pem")
        key = folder.file("key.pem")
        let made = try Shell.run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost")
        guard made.succeeded else { throw HarnessError(made.output) }
    }
}
