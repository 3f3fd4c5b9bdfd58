import Crypto
import Foundation

/// The bearer token of a device: `mela_ID_SECRET`, with 40 random bits to find it by and 260 to know it by.
///
/// The secret is random and long, so a fast salted hash is enough: there is nothing to guess as there is with a password.
struct DeviceToken: Equatable {
    private static let idDigits = 8
    private static let secretDigits = 52

    let id: String
    let secret: String

    init(id: String? = nil) {
        self.id = id ?? Base32.random(Self.idDigits)
        secret = Base32.random(Self.secretDigits)
    }

    /// nil if the text is no token at all.
    init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "mela",
            let id = Base32.normalised(String(parts[1]), count: Self.idDigits),
            let secret = Base32.normalised(String(parts[2]), count: Self.secretDigits)
        else { return nil }
        self.id = id
        self.secret = secret
    }

    var text: String { "mela_\(id)_\(secret)".lowercased() }

    /// HMAC-SHA256 of the secret with the salt as its key.
    func hash(salt: Data) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(secret.utf8), using: SymmetricKey(data: salt)))
    }

    /// Compares in a time that does not depend on where the two differ (swift-crypto).
    func matches(salt: Data, hash: Data) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(
            hash, authenticating: Data(secret.utf8), using: SymmetricKey(data: salt))
    }
}
