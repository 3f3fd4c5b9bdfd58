import Foundation
import Testing

@testable import Model

/// The catalogue of words, which the page and the server share.
@Suite struct WordsTests {
    private static let catalogue = Result {
        try JSONDecoder().decode(
            [String: String].self, from: Data(contentsOf: Fixtures.root.appending(path: "web/words/en.json")))
    }

    @Test(arguments: Statement.Code.allCases)
    func `every code has a sentence`(code: Statement.Code) throws {
        let catalogue = try Self.catalogue.get()
        let forms = [code.rawValue, code.rawValue + ".one", code.rawValue + ".other"].filter { catalogue[$0] != nil }
        #expect(forms.count == 1 || forms.count == 2, "\(code)")
    }

    @Test func `every verdict has a headline and an explanation`() throws {
        for verdict in [Verdict.flagged, .notFlagged, .cannotJudge] {
            #expect(try Self.catalogue.get()["verdict.\(verdict.rawValue)"] != nil)
            #expect(try Self.catalogue.get()["verdict.\(verdict.rawValue).text"] != nil)
        }
    }

    @Test func `no sentence reassures`() throws {
        let all = try Self.catalogue.get().values.joined(separator: " ").lowercased()
        for word in ["benign", "low risk", "harmless", "safe", "all clear"] { #expect(!all.contains(word), "\(word)") }
    }

    /// A key that is missing is answered by itself, which a person would read.
    @Test func `every sentence that the sources ask for is in the catalogue, and the page has those for people without script`()
        throws
    {
        let catalogue = try Self.catalogue.get()
        func has(_ key: String) -> Bool { [key, key + ".one", key + ".other"].contains { catalogue[$0] != nil } }
        var keys: Set<String> = []
        for folder in ["Sources/Model", "Sources/MelaFCGI", "Sources/melascan", "web/js"] {
            let files = FileManager.default.enumerator(at: Fixtures.root.appending(path: folder), includingPropertiesForKeys: nil)
            for case let file as URL in files ?? .init() where ["swift", "js"].contains(file.pathExtension) {
                let text = try String(contentsOf: file, encoding: .utf8)
                for match in text.matches(of: /(?:words|words\.text|fact|english\.text)\("([a-z_.0-9]*[a-z0-9])"/) {
                    keys.insert(String(match.1))
                }
                guard file.lastPathComponent == "Words+Analysis.swift" else { continue }
                for match in text.matches(of: /"([a-z_]+\.[a-z_.]+[a-z])"/) { keys.insert(String(match.1)) }
            }
        }
        #expect(keys.count > 20 && keys.filter { !has($0) }.isEmpty, "\(keys.filter { !has($0) })")
        for (key, _) in catalogue where key.hasSuffix(".one") {
            #expect(catalogue[key.dropLast(4) + ".other"] != nil && catalogue[String(key.dropLast(4))] == nil, "\(key)")
        }
        let page = try String(contentsOf: Fixtures.root.appending(path: "web/index.html"), encoding: .utf8)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for key in ["notice", "limits.title", "limits.training", "limits.low"] {
            #expect(page.contains(catalogue[key] ?? "-"), "\(key)")
        }
    }

    @Test func `figures stand in their places, as the sentence writes them`() {
        let text = Words.english.text(
            Statement(
                .belowThreshold, ["score": .number(0.1304), "threshold": .number(0.1305), "point": .text("sensitivity-95")]))
        #expect(text == "The score 0.130 is below the threshold 0.131 of the operating point sensitivity-95.")
        let few = Words.english.text(Statement(.fewerPassesMade, ["planned": .count(2), "available": .count(16)]))
        #expect(few == "Only 2 of 16 passes were made.")
        let assumed = Words.english.text(
            Statement(.metadataAssumed, ["assumed": .figures(["n_images": 1, "image_size": 130000])]))
        #expect(assumed.hasSuffix("this ensemble: bytes of the photo's file 130000, images of the patient 1."))
    }

    @Test func `one is told from many`() {
        #expect(Words.english.text(Statement(.metadataUsed, ["count": .count(1)])) == "One member uses age, sex and site.")
        #expect(Words.english.text(Statement(.metadataUsed, ["count": .count(3)])) == "3 members use age, sex and site.")
    }

    @Test(
        arguments: [
            (0.2581, nil, "25.8 %"), (0.1306, 0.1307, "13.06 %"), (0.1307, 0.1306, "13.07 %"), (0.5, 0.5, "50.0 %"),
            (0.0002, nil, "< 0.1 %"), (0, nil, "0.0 %"), (1, nil, "100.0 %"), (0.13, 0.9, "13.0 %"),
        ] as [(Double, Double?, String)])
    func `a share has as many decimals as it takes to tell it from another, and is never rounded to nothing`(
        share: Double, other: Double?, text: String
    ) {
        #expect(Words.english.percent(share, beside: other) == text)
        #expect(Words.english.typeset.percent(share, beside: other) == text.replacing(" ", with: "\u{A0}"))
    }

    @Test func `what is not in the catalogue is answered by its code, and a figure that is missing by nothing`() {
        #expect(Words.english.text("no.such.code") == "no.such.code")
        #expect(Words.english.text("intended_use") == "Intended use of this ensemble: .")
        #expect(Words.english.name(ofClass: "wart") == "wart" && Words.english.name(ofClass: "nevus") == "Nevus")
    }
}
