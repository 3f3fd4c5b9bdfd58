import Foundation
import Testing

@testable import Records

@Suite struct CaseStoreTests {
    private let now = TestConsent.now
    /// Long enough that it can't be anywhere by chance.
    private let photo =
        Data("a photo that could be of anybody ".utf8) + Data((0..<5000).map { UInt8(truncatingIfNeeded: $0 * 7) })

    private var facts: CaseFacts {
        var facts = CaseFacts()
        facts.sex = .female
        facts.age = 97
        facts.site = .palmsSoles
        facts.fitzpatrick = 6
        facts.monk = 10
        facts.diameter = 4.5
        facts.familyHistory = true
        facts.camera = .phone
        return facts
    }

    private func withCases(_ backend: Backend, _ body: (RecordsStore, CaseStore, WithdrawalCode) throws -> Void) throws {
        try backend.withStore { store throws in
            let consents = store.consents(keys: try TestConsent.keys())
            let code = try consents.record(TestConsent.statement([.donation]), under: TestConsent.texts, by: "phone", at: now)
                .code
            try body(store, store.cases(keys: consents.keys), code)
        }
    }

    private func all(_ cases: CaseStore, at date: Date? = nil) throws -> [CaseStore.Case] {
        var all: [CaseStore.Case] = []
        try cases.forEach(at: date ?? now) { all.append($0) }
        return all
    }

    @Test(arguments: Backend.allCases)
    func `a case comes back as it was given, its age capped, and is nowhere in the clear`(backend: Backend) throws {
        try withCases(backend) { store, cases, code in
            let id = try cases.donate(photo, facts, consent: code, by: "phone", at: now)
            let found = try #require(try all(cases).first)
            var expected = facts
            expected.age = 85
            #expect(found.id == id && found.photo == photo && found.facts == expected)
            #expect(try cases.facts(at: now) == [expected])
            try store.database.read { session in
                for table in ["cases", "consents", "audit"] {
                    try session.forEachRow("SELECT * FROM \(table)", []) { row in
                        for text in ["palms", "female", "phone with"] { #expect(!row.holds(Data(text.utf8))) }
                        #expect(!row.holds(photo.prefix(16)))
                    }
                }
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `without a consent that covers it nothing is kept`(backend: Backend) throws {
        try backend.withStore { store throws in
            let consents = store.consents(keys: try TestConsent.keys())
            let cases = store.cases(keys: consents.keys)
            let code = try consents.record(TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: now)
                .code
            #expect(throws: RecordsError.self) { try cases.donate(photo, facts, consent: code, by: "phone", at: now) }
            #expect(throws: ConsentStore.unknown) {
                try cases.donate(photo, facts, consent: WithdrawalCode(), by: "phone", at: now)
            }
            var wrong = facts
            wrong.monk = 11
            #expect(throws: RecordsError.invalid(field: "monk", reason: "must be from 1 to 10")) {
                try cases.donate(photo, wrong, consent: code, by: "phone", at: now)
            }
            #expect(try store.audit.head().sequence == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a case whose consent has ended is not opened, even before it is deleted`(backend: Backend) throws {
        try withCases(backend) { store, cases, code in
            _ = try cases.donate(photo, facts, consent: code, by: "phone", at: now)
            #expect(try all(cases).count == 1)
            #expect(try all(cases, at: now.addingTimeInterval(3650 * TestConsent.day)).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `the histology is added later, by the case's number`(backend: Backend) throws {
        try withCases(backend) { store, cases, code in
            let id = try cases.donate(photo, facts, consent: code, by: "phone", at: now)
            #expect(try cases.setHistology(.nevus, of: id.lowercased(), by: "phone", at: now) == id)
            try cases.setHistology(.melanomaInSitu, of: id, by: "phone", at: now)
            #expect(try all(cases).first?.facts.histology == .melanomaInSitu)
            #expect(throws: RecordsError.self) { try cases.setHistology(.nevus, of: "00000-00000", by: "phone", at: now) }
            #expect(throws: RecordsError.self) { try cases.setHistology(.nevus, of: "?", by: "phone", at: now) }
            let over = now.addingTimeInterval(3650 * TestConsent.day)
            #expect(throws: RecordsError.self) { try cases.setHistology(.nevus, of: id, by: "phone", at: over) }
            #expect(try store.entries().map(\.kind) == ["consent", "donation", "histology", "histology"])
        }
    }

    @Test(arguments: Backend.allCases)
    func `a donation that is sent again is kept once`(backend: Backend) throws {
        try withCases(backend) { store, cases, code in
            let request = IdempotentRequest(device: "phone", key: "k") { add in photo.withUnsafeBytes(add) }
            let ids = try (0..<3).map { _ in
                try cases.donate(photo, facts, consent: code, by: "phone", answering: request, at: now)
            }
            #expect(try Set(ids).count == 1 && all(cases).count == 1)
            // What was withdrawn is not said to be kept.
            _ = try store.consents(keys: cases.keys).withdraw(code, [.donation], at: now)
            #expect(throws: RecordsError.self) {
                try cases.donate(photo, facts, consent: code, by: "phone", answering: request, at: now)
            }
            #expect(try all(cases).isEmpty)
        }
    }

    @Test(arguments: Backend.allCases)
    func `another key opens nothing; a ring with both does, and after rekeying the new one alone`(backend: Backend) throws {
        try backend.withStore { store throws in
            let (old, new) = (KeyRing.newLine(), KeyRing.newLine())
            func cases(_ lines: String...) throws -> (ConsentStore, CaseStore) {
                let consents = store.consents(keys: try KeyRing(text: lines.joined()))
                return (consents, store.cases(keys: consents.keys))
            }
            let (consents, first) = try cases(old)
            let code = try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now).code
            _ = try first.donate(photo, facts, consent: code, by: "phone", at: now)
            #expect(throws: RecordsError.self) { try all(cases(new).1) }
            #expect(throws: RecordsError.self) { try store.check(KeyRing(text: new)) }
            try store.check(KeyRing(text: new + old))
            #expect(throws: RecordsError.self) { try store.rekey(KeyRing(text: new), at: now) }
            #expect(try all(cases(new, old).1).count == 1)
            #expect(try store.rekey(KeyRing(text: new + old), at: now) == 2)
            #expect(try all(cases(new).1).first?.photo == photo && cases(new).0.consent(code)[.donation] != nil)
            #expect(throws: RecordsError.self) { try all(cases(old).1) }
            // Whoever lost the key can still be asked to forget.
            #expect(try cases(old).0.withdraw(code, at: now).photosDeleted == 1)
        }
    }

    @Test(arguments: Backend.allCases)
    func `an export's secret stays the same, also under another key`(backend: Backend) throws {
        try backend.withStore { store throws in
            let (old, new) = (KeyRing.newLine(), KeyRing.newLine())
            let secret = try store.cases(keys: KeyRing(text: old)).exportSecret()
            #expect(try store.cases(keys: KeyRing(text: old)).exportSecret() == secret)
            #expect(try store.rekey(KeyRing(text: new + old), at: now) == 1)
            #expect(try store.cases(keys: KeyRing(text: new)).exportSecret() == secret)
        }
    }

    @Test(arguments: Backend.allCases)
    func `what was sealed for one row does not open in another`(backend: Backend) throws {
        try withCases(backend) { store, cases, code in
            for _ in 0..<2 { _ = try cases.donate(photo, facts, consent: code, by: "phone", at: now) }
            let ids = try all(cases).map(\.id)
            try store.tamper(["UPDATE cases SET photo = (SELECT photo FROM cases WHERE id = '\(ids[1])') WHERE id = '\(ids[0])'"])
            #expect(throws: RecordsError.key("what it sealed was changed or damaged")) { try all(cases) }
        }
    }

    @Test func `the bytes of a deleted photo and of its key are in no file of the folder`() throws {
        try Backend.sqlite.withPlace { folder in
            let store = try RecordsStore(folder)
            let consents = store.consents(keys: try TestConsent.keys())
            let cases = store.cases(keys: consents.keys)
            let codes = try (0..<3).map { _ in
                try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now).code
            }
            for code in codes { _ = try cases.donate(photo, facts, consent: code, by: "phone", at: now) }
            let doomed = try consents.consent(codes[1]).id
            let traces = try store.database.read { session in
                try session.rows("SELECT photo, facts, key FROM cases WHERE consent = $1", [.text(doomed)]) { row in
                    // Longer than a page of SQLite's would be split; these are from one page each.
                    [
                        try row.bytes("photo").prefix(64), try row.bytes("photo").suffix(64), try row.bytes("facts"),
                        try row.bytes("key"),
                    ]
                }.flatMap(\.self)
            }
            #expect(traces.count == 4)
            func found() throws -> Int {
                let files = try FileManager.default.contentsOfDirectory(atPath: folder)
                #expect(files.contains("records.sqlite"))
                return try files.map { try Data(contentsOf: URL(filePath: folder + "/" + $0)) }
                    .reduce(0) { count, file in count + traces.filter { file.range(of: $0) != nil }.count }
            }
            #expect(try found() >= 4, "they are there before")
            _ = try consents.withdraw(codes[1], at: now)
            #expect(try found() == 0)
            #expect(try all(cases).count == 2)
        }
    }

    @Test func `a backup is whole, for its owner only, and old ones go`() throws {
        try Backend.sqlite.withPlace { folder in
            let store = try RecordsStore(folder)
            let consents = store.consents(keys: try TestConsent.keys())
            let code = try consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now).code
            _ = try store.cases(keys: consents.keys).donate(photo, facts, consent: code, by: "phone", at: now)
            let backups = folder + "/backups"
            let names = try (0..<4).map { try store.backUp(to: backups, keep: 2, at: now.addingTimeInterval(Double($0) * 60)) }
            #expect(try RecordsStore.backups(in: backups) == Array(names.suffix(2)))
            #expect(try FileManager.default.contentsOfDirectory(atPath: backups).count == 2, "one file each, nothing half-made")
            let copy = backups + "/restored"
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: backups + "/" + names[3], toPath: copy + "/records.sqlite")
            #expect(try RecordsStore(copy).audit.verify() == store.audit.head())
            #expect(
                try FileManager.default.attributesOfItem(atPath: backups + "/" + names[3])[.posixPermissions] as? Int == 0o600)
        }
    }
}

@Suite struct KeyRingTests {
    @Test(arguments: ["", "\n", "abc", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
    func `a file that holds no key is refused`(text: String) {
        #expect(throws: RecordsError.self) { try KeyRing(text: text) }
    }

    @Test func `a file that others may read is refused`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString)").path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: file) }
        for (mode, isTaken) in [(0o400, true), (0o600, true), (0o440, false), (0o604, false)] {
            try? FileManager.default.removeItem(atPath: file)
            _ = FileManager.default.createFile(
                atPath: file, contents: Data(KeyRing.newLine().utf8), attributes: [.posixPermissions: mode])
            #expect(((try? KeyRing(file: file)) != nil) == isTaken)
        }
        #expect(throws: RecordsError.self) { try KeyRing(file: "/nowhere") }
    }
}
