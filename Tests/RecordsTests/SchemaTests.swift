import Foundation
import Testing

@testable import Records

@Suite struct SchemaTests {
    private let now = TestConsent.now
    private func days(_ count: Double) -> Date { now.addingTimeInterval(count * TestConsent.day) }

    private func names(of table: String, in store: RecordsStore, _ backend: Backend) throws -> [String] {
        let sql =
            backend == .sqlite
            ? "SELECT name FROM pragma_table_info('\(table)') ORDER BY name"
            : "SELECT column_name AS name FROM information_schema.columns WHERE table_name = '\(table)' ORDER BY column_name"
        return try store.database.read { try $0.rows(sql) { try $0.text("name") } }
    }

    @Test(arguments: Backend.allCases)
    func `consents of an older store keep what they were for, until when and how they ended`(backend: Backend) throws {
        try backend.withPlace { place in
            let keys = try TestConsent.keys()
            let older = try OlderStore(backend, at: place, keys: keys)
            let processing = try older.add(until: ["processing": days(30)], recorded: now)
            let donation = try older.add(until: ["donation": days(3650)], recorded: now)
            let both = try older.add(until: ["processing": days(30), "donation": days(3650)], recorded: now)
            // Over, and the nightly run did not come yet.
            let over = try older.add(until: ["processing": days(-1), "donation": days(-0.5)], recorded: days(-40))
            let ended = try older.add(until: [:], recorded: days(-4000))
            var withdrawn = try older.add(until: ["processing": days(30), "donation": days(3650)], recorded: now)
            try older.withdraw(&withdrawn, at: days(0.1))
            for (consent, photo) in [(donation, "one"), (both, "two"), (both, "three"), (over, "four")] {
                try older.addCase(Data(photo.utf8), of: consent, at: now)
            }
            let audit = AuditLog(database: older.database)
            let head = try audit.verify()

            let store = try RecordsStore(place)
            try store.check(keys)
            #expect(try store.audit.verify(kept: head.hash) == head)
            #expect(try !names(of: "consents", in: store, backend).contains { $0.hasSuffix("_until") })
            let consents = store.consents(keys: keys)
            let photos = [donation.id: 1, both.id: 2, over.id: 1]
            for old in [processing, donation, both, over, ended, withdrawn] {
                let consent = try consents.consent(old.code)
                #expect(consent.id == old.id && consent.recorded == old.recorded && consent.withdrawn == old.withdrawn)
                #expect(consent.photos == photos[old.id] ?? 0)
                #expect(try store.database.read { try ConsentStore.ends(of: old.id, in: $0) } == old.until)
                for purpose in ConsentTexts.Purpose.allCases {
                    let grant = consent[purpose]
                    #expect(grant?.until == old.until[purpose.rawValue])
                    #expect(grant.map { $0.givenBy == .guardian && $0.given == old.recorded } ?? true)
                    let holds = old.withdrawn == nil && old.until[purpose.rawValue].map { Timestamp.text(now) < $0 } ?? false
                    #expect(((try? consents.require(purpose, old.code, at: now)) != nil) == holds)
                }
            }
            // What comes after goes on as if it had begun here.
            #expect(try store.cases(keys: keys).facts(at: now).count == 3)
            let again = try consents.withdraw(withdrawn.code, at: days(1))
            #expect(again.time == withdrawn.withdrawn && again.proof == head && again.photosDeleted == 0)
            #expect(try consents.withdraw(over.code, [.donation], at: now).photosDeleted == 1)
            #expect(try store.expire(at: now) == .init(consents: 1, photos: 0, answers: 0))
            let part = try consents.withdraw(both.code, [.donation], at: now)
            #expect(part.photosDeleted == 2 && part.stillGranted == [.processing])
            _ = try consents.extend(
                processing.code, by: TestConsent.statement([.donation]), under: TestConsent.texts, by: "phone", at: now)
            #expect(try store.expire(at: days(31)) == .init(consents: 1, photos: 0, answers: 0))
            #expect(try store.rekey(keys, at: days(31)) == 3)
            #expect(try consents.require(.donation, processing.code, at: days(31))[.processing] != nil)
            #expect(try RecordsStore(place).audit.verify(kept: head.hash).sequence == head.sequence + 6)
        }
    }

    @Test(arguments: Backend.allCases)
    func `an older store has the tables of a new one once it is opened`(backend: Backend) throws {
        func columns(_ store: RecordsStore) throws -> [[String]] {
            let tables = ["audit", "devices", "consents", "consent_purposes", "cases", "answers", "secrets"]
            return try tables.map { try names(of: $0, in: store, backend) }
        }
        let new = try backend.withStore(columns)
        #expect(new.allSatisfy { !$0.isEmpty })
        try backend.withPlace { place in
            _ = try OlderStore(backend, at: place, keys: TestConsent.keys())
            #expect(try columns(RecordsStore(place)) == new)
        }
    }

    @Test func `a store opened by many at once is brought up to date once`() throws {
        try Backend.postgreSQL.withPlace { place in
            let older = try OlderStore(.postgreSQL, at: place, keys: TestConsent.keys())
            let consent = try older.add(until: ["processing": days(30)], recorded: now)
            DispatchQueue.concurrentPerform(iterations: 4) { _ in
                #expect(throws: Never.self) { try RecordsStore(place) }
            }
            #expect(try RecordsStore(place).database.read { try ConsentStore.ends(of: consent.id, in: $0) } == consent.until)
        }
    }
}

/// What the rows of purposes are for: another purpose needs no other table and no other statement.
@Suite struct ConsentPurposeTests {
    private let now = TestConsent.now
    private let day = TestConsent.day

    private func rows(_ store: RecordsStore) throws -> Int? {
        try store.database.read { try $0.firstRow("SELECT count(*) AS count FROM consent_purposes") { try $0.integer("count") } }
    }

    @Test func `a purpose is one small word, as forms, JSON and tables have it`() {
        for purpose in ConsentTexts.Purpose.allCases {
            #expect(purpose.rawValue.wholeMatch(of: /[a-z]+/) != nil, "\(purpose.rawValue)")
        }
        #expect(ConsentTexts.Purpose(rawValue: "all") == nil, "that is what a withdrawal of everything is called")
    }

    @Test(arguments: Backend.allCases)
    func `renewed, a purpose has the later end; withdrawn or over, none is left`(backend: Backend) throws {
        try backend.withStore { store throws in
            let consents = store.consents(keys: try TestConsent.keys())
            let (first, second) = try (
                consents.record(TestConsent.statement(), under: TestConsent.texts, by: "phone", at: now),
                consents.record(TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: now)
            )
            #expect(try rows(store) == 3)
            let later = now.addingTimeInterval(10 * day)
            let renewed = try consents.extend(
                second.code, by: TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: later)
            let end = Timestamp.text(later.addingTimeInterval(30 * day))
            #expect(renewed[.processing]?.until == end)
            #expect(try store.database.read { try ConsentStore.ends(of: renewed.id, in: $0) } == ["processing": end])
            #expect(try store.expire(at: now.addingTimeInterval(31 * day)).consents == 0)
            _ = try consents.withdraw(first.code, at: now)
            #expect(try rows(store) == 1)
            #expect(try store.expire(at: now.addingTimeInterval(41 * day)).consents == 1)
            #expect(try rows(store) == 0)
        }
    }

    @Test(arguments: Backend.allCases)
    func `a purpose that only a later version knows keeps the consent open, and ends with all of it`(backend: Backend) throws {
        try backend.withStore { store throws in
            let consents = store.consents(keys: try TestConsent.keys())
            let recorded = try consents.record(
                TestConsent.statement([.processing]), under: TestConsent.texts, by: "phone", at: now)
            let end = Timestamp.text(now.addingTimeInterval(100 * day))
            try store.tamper(["INSERT INTO consent_purposes VALUES ('\(recorded.consent.id)', 'teaching', '\(end)')"])
            #expect(try store.expire(at: now.addingTimeInterval(31 * day)).consents == 0)
            let part = try consents.withdraw(recorded.code, [.processing], at: now)
            #expect(part.proof != nil && part.stillGranted.isEmpty)
            #expect(try consents.consent(recorded.code).withdrawn == nil && rows(store) == 1)
            #expect(try consents.withdraw(recorded.code, at: now).proof != part.proof)
            #expect(try consents.consent(recorded.code).withdrawn != nil && rows(store) == 0)
        }
    }
}
