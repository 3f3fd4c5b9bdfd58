import Foundation
import Testing

@testable import Records

/// The two databases: each test of the records runs on both.
enum Backend: String, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case postgreSQL

    var testDescription: String { rawValue }

    /// Calls `body` with the place of a new, empty store.
    func withPlace<Result>(_ body: (String) throws -> Result) throws -> Result {
        switch self {
        case .sqlite:
            let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-records-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            return try body(folder.path(percentEncoded: false))
        case .postgreSQL:
            return try body(TestPostgreSQL.shared.get().newDatabase())
        }
    }

    func withStore<Result>(_ body: (RecordsStore) throws -> Result) throws -> Result {
        try withPlace { try body(RecordsStore($0)) }
    }
}

extension RecordsStore {
    /// Statements as one could run with the database in hand.
    func tamper(_ statements: [String]) throws {
        try database.write { session in
            for statement in statements { try session.execute(statement, []) }
        }
    }

    func entries() throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        try audit.forEach { entries.append($0) }
        return entries
    }
}

/// What the tests of consents and cases have in common: words, a key, a day.
enum TestConsent {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let day = 86_400.0

    static let texts: ConsentTexts = {
        let words = ConsentTexts.Wording(summary: "In short.", text: "At length.")
        return ConsentTexts(
            version: "2", controller: "The clinic", validityDays: [.processing: 30, .donation: 3650],
            texts: [
                .init(language: "en", words: [.processing: words, .donation: words]),
                .init(language: "de", words: [.processing: words, .donation: words]),
            ])
    }()

    static func keys() throws -> KeyRing { try KeyRing(text: KeyRing.newLine()) }

    static func statement(_ purposes: Set<ConsentTexts.Purpose> = [.processing, .donation]) -> ConsentStore.Declaration {
        ConsentStore.Declaration(purposes: purposes, language: "en", textVersion: "2")
    }
}

extension SQLRow {
    /// True if a text or the bytes of a column hold these bytes.
    func holds(_ bytes: Data) -> Bool {
        values.values.contains { value in
            switch value {
            case .text(let text): Data(text.utf8).range(of: bytes) != nil
            case .bytes(let kept): kept.range(of: bytes) != nil
            case .integer, .null: false
            }
        }
    }
}
