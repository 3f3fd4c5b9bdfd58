import Foundation

/// What a patient is asked to consent to, in the clinic's words: a JSON file that the administrator writes (`deploy/consent.json` is a pattern).
public struct ConsentTexts: Codable, Equatable, Sendable {
    /// One of the things that can be consented to, each by itself.
    ///
    /// A value is one word in small letters: it is a field of the form, a key of the JSON, and what the database and the audit log say.
    public enum Purpose: String, CodingKey, Codable, Sendable, CaseIterable {
        /// The photo leaves the clinic and is analysed on this server; nothing of it is kept.
        case processing
        /// The photo and what is said about it are kept for research.
        case donation
    }

    public struct Wording: Codable, Equatable, Sendable {
        /// Plain words, read first.
        public var summary: String
        /// The full text.
        public var text: String
    }

    /// In JSON the purposes stand beside the language.
    public struct Translation: Equatable, Sendable {
        /// BCP 47: "en", "de".
        public var language: String
        public var words: ByPurpose<Wording>
    }

    /// Changed with each change of the texts; kept with each consent.
    public var version: String
    /// Who answers for the data: name and how to reach them.
    public var controller: String
    /// Days for which a consent holds unless it is withdrawn.
    public var validityDays: ByPurpose<Int>
    public var texts: [Translation]
}

extension ConsentTexts {
    /// - Throws: `RecordsError.invalid` naming what is missing or still a placeholder.
    public init(file path: String) throws(RecordsError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .invalid(field: "the consent text", reason: "is not there or can't be read")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(ConsentTexts.self, from: data)
        } catch let error as DecodingError {
            throw .invalid(field: "the consent text", reason: Self.reason(error))
        } catch {
            throw .invalid(field: "the consent text", reason: "is no JSON file of the described form")
        }
        try check()
    }

    private func check() throws(RecordsError) {
        for purpose in Purpose.allCases {
            guard validityDays[purpose] != nil else {
                throw .invalid(field: "the consent text", reason: "has no \(purpose.rawValue) in its validity_days")
            }
            for text in texts where text.words[purpose] == nil {
                throw .invalid(field: "the consent text", reason: "has no \(purpose.rawValue) in the language \(text.language)")
            }
        }
        let words = texts.flatMap { text in [text.language] + text.words.all.flatMap { [$0.summary, $0.text] } }
        guard !texts.isEmpty, !([version, controller] + words).contains(where: \.isEmpty) else {
            throw .invalid(field: "the consent text", reason: "has an empty place")
        }
        // A pattern that nobody has filled in is no consent.
        guard !([version, controller] + words).contains(where: { $0.contains("[") }) else {
            throw .invalid(field: "the consent text", reason: "still has places in [brackets] to be filled in")
        }
        guard Set(texts.map(\.language)).count == texts.count else {
            throw .invalid(field: "the consent text", reason: "has a language twice")
        }
        guard validityDays.all.allSatisfy((1...36_500).contains) else {
            throw .invalid(field: "the consent text", reason: "must hold for 1 to 36500 days")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "has no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "has something else than expected at \(context.codingPath.map(\.stringValue).joined(separator: "."))"
        default: "is no JSON"
        }
    }
}

extension ConsentTexts.Translation: Codable {
    private enum CodingKeys: String, CodingKey {
        case language
    }

    public init(from decoder: any Decoder) throws {
        language = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .language)
        words = try ByPurpose(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(language, forKey: .language)
        try words.encode(to: encoder)
    }
}
