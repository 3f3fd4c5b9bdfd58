import Foundation

/// What a patient is asked to consent to, in the clinic's words: a JSON file that the administrator writes (`deploy/consent.json` is a pattern).
public struct ConsentTexts: Codable, Equatable, Sendable {
    /// One of the two things that can be consented to, each by itself.
    public enum Purpose: String, Codable, Sendable, CaseIterable {
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

    public struct Translation: Codable, Equatable, Sendable {
        /// BCP 47: "en", "de".
        public var language: String
        public var processing: Wording
        public var donation: Wording
    }

    /// Days for which a consent holds unless it is withdrawn.
    public struct Validity: Codable, Equatable, Sendable {
        public var processing: Int
        public var donation: Int
    }

    /// Changed with each change of the texts; kept with each consent.
    public var version: String
    /// Who answers for the data: name and how to reach them.
    public var controller: String
    public var validityDays: Validity
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
        let words = texts.flatMap {
            [$0.language, $0.processing.summary, $0.processing.text, $0.donation.summary, $0.donation.text]
        }
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
        guard (1...36_500).contains(validityDays.processing), (1...36_500).contains(validityDays.donation) else {
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
