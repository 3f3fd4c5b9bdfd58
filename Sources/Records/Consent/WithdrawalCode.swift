import Crypto
import Foundation

/// The code that is given with a consent: whoever has it can look the consent up and withdraw it, without a login.
///
/// 20 digits of base 32, 100 random bits: not to be guessed. Only its hash is kept.
public struct WithdrawalCode: Equatable, Sendable {
    private static let digits = 20

    private let text: String

    init() {
        text = Base32.random(Self.digits)
    }

    /// nil if what was typed can't be a code.
    public init?(_ typed: String) {
        guard let text = Base32.normalised(typed, count: Self.digits) else { return nil }
        self.text = text
    }

    /// As it is printed: four groups of five.
    public var printed: String { Base32.grouped(text) }

    var hash: String { SHA256.hash(data: Data("melascan code\n\(text)".utf8)).hexadecimal }
}
