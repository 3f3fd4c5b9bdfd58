import Foundation
import Testing

@testable import Records

@Suite struct ConsentStoreTests {
    private let now = TestConsent.now
    private let day = TestConsent.day

    private func withConsents(_ backend: Backend, _ body: (RecordsStore, ConsentStore) throws -> Void) throws {
        try backend.withStore { store throws in
            try body(store, store.consents(keys: TestConsent.keys()))
        }
    }

    @Test(arguments: Backend.allCases)
    func `a consent is found by its code, however it is typed`(backend: Backend) throws {
        try withConsents(backend) { _, consents throws in
            let (consent, code) = try pair(
                consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now))
            #expect(code.printed.count == 23)
            for typed in [code.printed, code.printed.lowercased(), " " + code.printed.replacing("-", with: " ")] {
                #expect(try consents.consent(#require(WithdrawalCode(typed))) == consent)
            }
            #expect(consent[.processing]?.until == Timestamp.text(now.addingTimeInterval(30 * day)))
            #expect(consent[.donation]?.recordedBy == "phone" && consent[.donation]?.textVersion == "2")
            #expect(
                WithdrawalCode("") == nil && WithdrawalCode(code.printed + "A") == nil
                    && WithdrawalCode("UUUUU-UUUUU-UUUUU-UUUUU") == nil)
            #expect(throws: ConsentStore.unknown) { try consents.consent(WithdrawalCode()) }
        }
    }

    @Test(arguments: Backend.allCases)
    func `until when it holds is what its purpose's row says, and a purpose without a row does not stand`(backend: Backend) throws
    {
        try withConsents(backend) { store, consents throws in
            let code = try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now).code
            let earlier = Timestamp.text(now.addingTimeInterval(day))
            try store.database.write { session in
                try session.execute("UPDATE consent_purposes SET until = $1 WHERE purpose = 'processing'", [.text(earlier)])
                try session.execute("DELETE FROM consent_purposes WHERE purpose = 'donation'", [])
            }
            let consent = try consents.consent(code)
            #expect(consent[.processing]?.until == earlier && consent[.donation] == nil)
            #expect(throws: RecordsError.self) { try consents.require(.processing, code, at: now.addingTimeInterval(2 * day)) }
        }
    }

    @Test(arguments: Backend.allCases)
    func `it covers what was granted, for as long as it says, and no more`(backend: Backend) throws {
        try withConsents(backend) { _, consents throws in
            let code = try consents.record(TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: now)
                .code
            #expect(try consents.require(.processing, code, at: now.addingTimeInterval(30 * day - 1))[.processing] != nil)
            #expect(throws: RecordsError.self) { try consents.require(.processing, code, at: now.addingTimeInterval(30 * day)) }
            #expect(throws: RecordsError.invalid(field: "consent", reason: "does not cover donation")) {
                try consents.require(.donation, code, at: now)
            }
            _ = try consents.extend(code, by: TestConsent.statement([.donation]), under: TestConsent.texts, by: "phone", at: now)
            #expect(try consents.require(.donation, code, at: now)[.processing] != nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `words that are not in force, another language and no purpose are refused`(backend: Backend) throws {
        try withConsents(backend) { store, consents throws in
            var old = TestConsent.statement()
            old.textVersion = "1"
            var foreign = TestConsent.statement()
            foreign.language = "fr"
            for statement in [old, foreign, TestConsent.statement([])] {
                #expect(throws: RecordsError.self) {
                    try consents.record(statement, under: TestConsent.texts, by: "phone", at: now)
                }
            }
            #expect(try store.audit.head().sequence == 0)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a withdrawal takes all but the fact, proves itself, and can be repeated`(backend: Backend) throws {
        try withConsents(backend) { store, consents throws in
            let (consent, code) = try pair(
                consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now))
            _ = try store.cases(keys: consents.keys).donate(Data("photo".utf8), CaseFacts(), consent: code, by: "phone", at: now)
            #expect(try consents.consent(code).photos == 1)
            let later = now.addingTimeInterval(day)
            let withdrawal = try consents.withdraw(code, at: later)
            #expect(withdrawal.photosDeleted == 1 && withdrawal.consent == consent.id)
            #expect(try store.entries().last.map { $0.hash == withdrawal.proof?.hash && $0.kind == "withdrawal" } == true)
            let left = try consents.consent(code)
            #expect(left.withdrawn == Timestamp.text(later) && left.photos == 0 && left.grants.isEmpty)
            #expect(throws: RecordsError.self) { try consents.require(.processing, code, at: later) }
            #expect(throws: RecordsError.self) {
                try consents.extend(code, by: TestConsent.statement(), under: TestConsent.texts, by: "phone", at: later)
            }
            _ = try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: later)
            let again = try consents.withdraw(code, at: later.addingTimeInterval(day))
            #expect(withdrawal.stillGranted.isEmpty && withdrawal.proof != nil)
            #expect(again.photosDeleted == 0 && again.time == withdrawal.time && again.proof == withdrawal.proof)
            #expect(try store.audit.verify().sequence == 4, "consent, donation, withdrawal, another consent")
        }
    }

    @Test(arguments: Backend.allCases)
    func `one purpose can be withdrawn by itself`(backend: Backend) throws {
        try withConsents(backend) { store, consents throws in
            let code = try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now).code
            _ = try store.cases(keys: consents.keys).donate(Data("photo".utf8), CaseFacts(), consent: code, by: "phone", at: now)
            let part = try consents.withdraw(code, [.donation], at: now)
            #expect(part.photosDeleted == 1 && part.stillGranted == [.processing])
            #expect(try consents.withdraw(code, [.donation], at: now).proof == part.proof)
            let over = now.addingTimeInterval(31 * day)
            #expect(try consents.withdraw(code, [.donation], at: over).stillGranted.isEmpty, "what has ended no longer holds")
            let left = try consents.require(.processing, code, at: now)
            #expect(left[.donation] == nil && left.photos == 0 && left.withdrawn == nil)
            #expect(try consents.withdraw(code, [.processing], at: now).photosDeleted == 0)
            #expect(try consents.consent(code).withdrawn != nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a request that is sent again is answered the same, and done once`(backend: Backend) throws {
        try withConsents(backend) { store, consents throws in
            let request = sent("phone", "a")
            let first = try consents.record(
                TestConsent.statement(), under: TestConsent.texts, by: "phone", answering: request, at: now)
            let second = try consents.record(
                TestConsent.statement(), under: TestConsent.texts, by: "phone", answering: request, at: now)
            #expect(first.code == second.code && first.consent == second.consent)
            #expect(try store.audit.head().sequence == 1)
            let changed = sent("phone", "b")
            #expect(throws: RecordsError.self) {
                try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", answering: changed, at: now)
            }
            // The purpose that is added twice is added once.
            let more = IdempotentRequest(device: "phone", key: "2") { add in Data("d".utf8).withUnsafeBytes(add) }
            for _ in 0..<2 {
                _ = try consents.extend(
                    first.code, by: TestConsent.statement([.donation]), under: TestConsent.texts, by: "phone", answering: more,
                    at: now)
            }
            #expect(try store.audit.head().sequence == 2)
            // A consent that was withdrawn is not given anew by a request that comes late.
            _ = try consents.withdraw(first.code, at: now)
            let late = sent("phone", "a")
            #expect(throws: RecordsError.self) {
                try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", answering: late, at: now)
            }
            let other = sent("another phone", "a")
            #expect(
                try consents.record(
                    TestConsent.statement(), under: TestConsent.texts, by: "another phone", answering: other, at: now
                ).code != first.code)
        }
    }

    @Test(arguments: Backend.allCases)
    func `an expiry deletes what is over, and only that`(backend: Backend) throws {
        try withConsents(backend) { store, consents throws in
            let cases = store.cases(keys: consents.keys)
            let short = try consents.record(TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: now)
                .code
            let request = sent("phone", "c")
            let long = try consents.record(
                TestConsent.statement(), under: TestConsent.texts, by: "phone", answering: request, at: now
            ).code
            _ = try cases.donate(Data("photo".utf8), CaseFacts(), consent: long, by: "phone", at: now)
            let nothing = try consents.withdraw(short, [.donation], at: now)
            #expect(nothing.proof == nil && nothing.stillGranted == [.processing], "there was no such part")
            #expect(try store.expire(at: now.addingTimeInterval(day / 2)) == .init(consents: 0, photos: 0, answers: 0))
            #expect(try store.expire(at: now.addingTimeInterval(31 * day)) == .init(consents: 1, photos: 0, answers: 1))
            #expect(try consents.consent(short)[.processing] == nil && consents.consent(long).photos == 1)
            let over = RecordsError.invalid(field: "consent", reason: "is over; record a new one")
            #expect(throws: over) { try consents.require(.processing, short, at: now) }
            #expect(throws: over) {
                try consents.extend(short, by: TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now)
            }
            #expect(try store.expire(at: now.addingTimeInterval(3651 * day)) == .init(consents: 1, photos: 1, answers: 0))
            #expect(try consents.consent(long)[.donation] == nil && consents.consent(long).photos == 0)
            #expect(try store.entries().map(\.kind) == ["consent", "consent", "donation", "expiry", "expiry"])
        }
    }

    private func sent(_ device: String, _ body: String) -> IdempotentRequest {
        IdempotentRequest(device: device, key: "1") { add in Data(body.utf8).withUnsafeBytes(add) }
    }

    private func pair(_ recorded: ConsentStore.Recorded) -> (Consent, WithdrawalCode) { (recorded.consent, recorded.code) }
}

@Suite struct ConsentTextsTests {
    private func texts(_ json: String) throws -> ConsentTexts {
        let file = FileManager.default.temporaryDirectory.appending(path: "consent-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(json.utf8).write(to: file)
        return try ConsentTexts(file: file.path(percentEncoded: false))
    }

    private static let good = """
        {"version": "1", "controller": "The clinic", "validity_days": {"processing": 30, "donation": 3650}, "texts": [
         {"language": "en", "processing": {"summary": "a", "text": "b"}, "donation": {"summary": "c", "text": "d"}}]}
        """

    @Test func `the described form is read`() throws {
        let texts = try texts(Self.good)
        #expect(texts.texts[0].words[.donation]?.summary == "c" && texts.validityDays == [.processing: 30, .donation: 3650])
    }

    @Test(arguments: [
        (#""The clinic""#, #""[NAME OF THE CLINIC]""#, "[brackets]"), (#""version": "1""#, #""version": """#, "empty"),
        (#""version": "1","#, "", "has no version"), (#"3650"#, "0", "36500"),
        (#""language": "en""#, #""language": 7"#, "language"),
        ("{", "", "no JSON"),
        (#", "donation": 3650"#, "", "has no donation in its validity_days"),
        (#", "donation": {"summary": "c", "text": "d"}"#, "", "has no donation in the language en"),
    ])
    func `what is missing, empty or not filled in is named`(old: String, new: String, named: String) throws {
        let range = try #require(Self.good.range(of: old))
        #expect {
            try texts(Self.good.replacingCharacters(in: range, with: new))
        } throws: { "\($0)".contains(named) }
    }

    @Test func `the pattern that comes with the server is complete but for its brackets`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let pattern = try String(contentsOf: root.appending(path: "deploy/consent.json"), encoding: .utf8)
        #expect { try texts(pattern) } throws: { "\($0)".contains("[brackets]") }
        let filled = pattern.replacing("[", with: "(").replacing("]", with: ")").replacing("\"texts\": (", with: "\"texts\": [")
        let end = try #require(filled.lastIndex(of: ")"))
        #expect(try texts(filled.replacingCharacters(in: end...end, with: "]")).texts.map(\.language) == ["en", "de"])
    }
}
