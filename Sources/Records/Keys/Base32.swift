import Crypto
import Foundation

/// Crockford's base 32: no I, L, O and U, so that it can be read aloud and typed. (crockford.com/base32.html)
enum Base32 {
    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// `count` random digits, 5 bits each.
    static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()  // the system's, which is fit for keys
        return String((0..<count).map { _ in digits[Int.random(in: 0..<32, using: &generator)] })
    }

    /// What a person typed, as it was printed: upper case, I and L as 1, O as 0, without spaces and hyphens; nil if another
    /// character is left or the number of digits is another.
    static func normalised(_ typed: String, count: Int) -> String? {
        guard typed.utf8.count <= 4 * count else { return nil }
        let kept = typed.uppercased().filter { $0 != "-" && !$0.isWhitespace }
        let text = kept.map { (character: Character) -> Character in
            switch character {
            case "I", "L": "1"
            case "O": "0"
            default: character
            }
        }
        return text.count == count && text.allSatisfy(digits.contains) ? String(text) : nil
    }

    /// In groups of five.
    static func grouped(_ text: String) -> String {
        var rest = text[...]
        var groups: [Substring] = []
        while !rest.isEmpty {
            groups.append(rest.prefix(5))
            rest = rest.dropFirst(5)
        }
        return groups.joined(separator: "-")
    }
}
