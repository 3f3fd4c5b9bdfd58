import Foundation
import GRDB
import Testing

@testable import Records

@Suite struct AuditLogTests {
    private struct Note: Encodable {
        var number: Int
    }

    private func filled(_ count: Int = 5) throws -> RecordsStore {
        let store = try RecordsStore()
        for number in 1...count { try store.audit.append("analysis", Note(number: number)) }
        return store
    }

    /// Does what the log forbids, as one could with the file in hand.
    private func tamper(_ store: RecordsStore, _ sql: String) throws {
        try store.database.write { database in
            try database.execute(sql: "DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_shortened")
            try database.execute(sql: sql)
        }
    }

    private func broken(_ store: RecordsStore, kept: String? = nil) -> AuditLog.Break? {
        do {
            _ = try store.audit.verify(kept: kept)
            return nil
        } catch {
            guard case .broken(let found) = error else { return nil }
            return found
        }
    }

    @Test func `an empty log verifies, and its head is the origin`() throws {
        let head = try RecordsStore().audit.verify()
        #expect(head == AuditLog.Head(sequence: 0, hash: String(repeating: "0", count: 64)))
    }

    @Test func `entries are numbered and chained, and the chain verifies to the head`() throws {
        let store = try filled()
        var entries: [AuditEntry] = []
        try store.audit.forEach { entries.append($0) }
        #expect(entries.map(\.sequence) == [1, 2, 3, 4, 5] && Set(entries.map(\.hash)).count == 5)
        #expect(entries[0].content == #"{"number":1}"# && entries[0].time.hasSuffix("Z"))
        #expect(try store.audit.verify() == store.audit.head())
        #expect(try store.audit.head() == AuditLog.Head(sequence: 5, hash: entries[4].hash))
    }

    @Test func `the hash is the one that the documentation describes`() throws {
        let entry = AuditEntry(
            sequence: 1, time: "2026-01-01T00:00:00.000Z", kind: "analysis", content: "{}", after: AuditEntry.origin)
        // printf '%064d\n1\n2026-01-01T00:00:00.000Z\nanalysis\n{}\n' 0 | sha256sum
        #expect(entry.hash == "689e4f0fb2d930f949245ea44e032e43ad66bae097a0182d6f5917fd2e4f2044")
    }

    @Test(arguments: [
        ("UPDATE audit SET content = '{\"number\":9}' WHERE sequence = 3", AuditLog.Break.changed(sequence: 3)),
        ("UPDATE audit SET time = '2020-01-01T00:00:00.000Z' WHERE sequence = 1", .changed(sequence: 1)),
        ("UPDATE audit SET kind = 'other' WHERE sequence = 5", .changed(sequence: 5)),
        ("UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'f') WHERE sequence = 2", .changed(sequence: 2)),
        ("DELETE FROM audit WHERE sequence = 3", .missing(sequence: 3)),
        ("DELETE FROM audit WHERE sequence = 1", .missing(sequence: 1)),
        (
            "UPDATE audit SET sequence = 99 WHERE sequence = 2; UPDATE audit SET sequence = 2 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 99",
            .changed(sequence: 2)
        ),
        ("INSERT INTO audit VALUES (6, '2026-01-01T00:00:00.000Z', 'analysis', '{}', 'abc')", .changed(sequence: 6)),
    ])
    func `a change, a removal, another order and a forged entry are found`(sql: String, found: AuditLog.Break) throws {
        let store = try filled()
        try tamper(store, sql)
        #expect(broken(store) == found)
    }

    @Test func `an end that was cut off shows against a head that was kept`() throws {
        let store = try filled()
        let kept = try store.audit.head().hash
        try store.audit.append("analysis", Note(number: 6))
        #expect(broken(store, kept: kept) == nil)
        try tamper(store, "DELETE FROM audit WHERE sequence >= 5")
        #expect(broken(store) == nil, "without a head it can't be seen")
        #expect(broken(store, kept: kept) == .headUnknown)
    }

    @Test(arguments: ["UPDATE audit SET kind = 'x'", "DELETE FROM audit"])
    func `through the database nothing is changed or removed`(sql: String) throws {
        let store = try filled()
        #expect(throws: DatabaseError.self) { try store.database.write { try $0.execute(sql: sql) } }
        #expect(try store.audit.verify().sequence == 5)
    }
}

@Suite struct RecordsStoreTests {
    private struct Note: Encodable {
        var thread: Int
        var number: Int
    }

    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-records-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test func `a store is for its owner only, and is there when it is opened again`() throws {
        try withFolder { folder in
            let path = folder.path(percentEncoded: false)
            try RecordsStore(folder: path).audit.append("analysis", Note(thread: 0, number: 1))
            func mode(_ path: String) throws -> Int {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
            }
            #expect(try mode(path) == 0o700 && mode(path + "/records.sqlite") == 0o600)
            for name in try FileManager.default.contentsOfDirectory(atPath: path) {
                #expect(try mode(path + "/" + name) == 0o600)
            }
            #expect(try RecordsStore(folder: path).audit.verify().sequence == 1)
        }
    }

    @Test func `two stores on one file, and many threads, make one chain`() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-records-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let stores = try (0..<2).map { _ in try RecordsStore(folder: folder.path(percentEncoded: false)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<25 { try stores[thread % 2].audit.append("analysis", Note(thread: thread, number: number)) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try stores[0].audit.verify().sequence == 200)
        #expect(try stores[1].audit.head() == stores[0].audit.head())
    }

    @Test func `a folder that can't be used is said to be, without its path`() {
        #expect {
            try RecordsStore(folder: "/proc/melascan")
        } throws: { error in
            "\(error)".contains("can't be") && !"\(error)".contains("/proc")
        }
    }

    @Test func `a file that is no database is refused and kept`() throws {
        try withFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appending(path: "records.sqlite")
            try Data("this was never a database, and is long enough to be looked at as one".utf8).write(to: file)
            #expect(throws: RecordsError.self) { try RecordsStore(folder: folder.path(percentEncoded: false)) }
            #expect(try Data(contentsOf: file).count == 68)
        }
    }
}
