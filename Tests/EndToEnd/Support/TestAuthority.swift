import Foundation

/// An authority of scripts/certificates, in a folder that lives as long as this object.
final class TestAuthority: Sendable {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder("melascan-authority")
        try run("authority", "Test")
    }

    /// What is made of a client's or a server's certificate.
    struct Files: Sendable {
        var certificate: String
        var key: String

        /// For curl.
        var options: String { "--cert '\(certificate)' --key '\(key)'" }
    }

    var authority: String { folder.file("ca.pem") }
    var revoked: String { folder.file("crl.pem") }
    var path: String { folder.path }

    func client(_ name: String, file: String) throws -> Files {
        try run("client", name, file)
        return files(file)
    }

    func server(_ names: String..., file: String, ocsp: String? = nil) throws -> Files {
        try run(["server", file] + names, environment: ocsp.map { ["OCSP": $0] } ?? [:])
        return files(file)
    }

    func revoke(_ file: String) throws { try run("revoke", file) }

    private func files(_ file: String) -> Files {
        Files(certificate: folder.file(file + ".pem"), key: folder.file(file + ".key"))
    }

    private func run(_ words: String...) throws { try run(words) }

    private func run(_ words: [String], environment: [String: String] = [:]) throws {
        let made = try Shell.run(
            Repository.path("scripts/certificates"), arguments: [folder.path] + words, environment: environment)
        guard made.succeeded else { throw HarnessError(made.output) }
    }
}
