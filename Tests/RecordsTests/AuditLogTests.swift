import Foundation
import Testing

@testable import Records

@Suite struct AuditLogTests {
    private struct Note: Encodable {
        var number: Int
    }

    private func withFilled(_ backend: Backend, _ body: (RecordsStore) throws -> Void) throws {
        try backend.withStore { store throws in
            for number in 1...5 { try store.audit.append(.analysis, Note(number: number)) }
            try body(store)
        }
    }

    /// Does what the log forbids.
    private func tamper(_ store: RecordsStore, _ backend: Backend, _ statements: [String]) throws {
        let on = backend == .postgreSQL ? " ON audit" : ""
        let triggers =
            backend == .postgreSQL
            ? ["audit_is_not_changed", "audit_is_not_emptied"] : ["audit_is_not_changed", "audit_is_not_shortened"]
        try store.tamper(triggers.map { "DROP TRIGGER \($0)\(on)" } + statements)
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

    @Test(arguments: Backend.allCases)
    func `an empty log verifies, and its head is the origin`(backend: Backend) throws {
        try backend.withStore { store throws in
            #expect(try store.audit.verify() == AuditLog.Head(sequence: 0, hash: String(repeating: "0", count: 64)))
        }
    }

    @Test(arguments: Backend.allCases)
    func `entries are numbered and chained, and the chain verifies to the head`(backend: Backend) throws {
        try withFilled(backend) { store throws in
            let entries = try store.entries()
            #expect(entries.map(\.sequence) == [1, 2, 3, 4, 5] && Set(entries.map(\.hash)).count == 5)
            #expect(entries[0].content == #"{"number":1}"# && entries[0].time.hasSuffix("Z"))
            #expect(try store.audit.verify() == store.audit.head())
            #expect(try store.audit.head() == AuditLog.Head(sequence: 5, hash: entries[4].hash))
        }
    }

    @Test func `the hash is the one that the documentation describes`() throws {
        let entry = AuditEntry(
            sequence: 1, time: "2026-01-01T00:00:00.000Z", kind: "analysis", content: "{}", after: AuditEntry.origin)
        // printf '%064d\n1\n2026-01-01T00:00:00.000Z\nanalysis\n{}\n' 0 | sha256sum
        #expect(entry.hash == "689e4f0fb2d930f949245ea44e032e43ad66bae097a0182d6f5917fd2e4f2044")
    }

    private static let changes: [(statements: [String], found: AuditLog.Break)] = [
        (["UPDATE audit SET content = '{\"number\":9}' WHERE sequence = 3"], .changed(sequence: 3)),
        (["UPDATE audit SET time = '2020-01-01T00:00:00.000Z' WHERE sequence = 1"], .changed(sequence: 1)),
        (["UPDATE audit SET kind = 'other' WHERE sequence = 5"], .changed(sequence: 5)),
        (["UPDATE audit SET hash = 'f' WHERE sequence = 2"], .changed(sequence: 2)),
        (["DELETE FROM audit WHERE sequence = 3"], .missing(sequence: 3)),
        (["DELETE FROM audit WHERE sequence = 1"], .missing(sequence: 1)),
        (
            [(2, 99), (3, 2), (99, 3)].map { "UPDATE audit SET sequence = \($1) WHERE sequence = \($0)" },
            .changed(sequence: 2)
        ),
        (["INSERT INTO audit VALUES (6, '2026-01-01T00:00:00.000Z', 'analysis', '{}', 'abc')"], .changed(sequence: 6)),
    ]

    @Test(arguments: Backend.allCases, changes.indices)
    func `a change, a removal, another order and a forged entry are found`(backend: Backend, change: Int) throws {
        try withFilled(backend) { store throws in
            try tamper(store, backend, Self.changes[change].statements)
            #expect(broken(store) == Self.changes[change].found)
        }
    }

    @Test(arguments: Backend.allCases)
    func `an end that was cut off shows against a head that was kept`(backend: Backend) throws {
        try withFilled(backend) { store throws in
            let kept = try store.audit.head().hash
            try store.audit.append(.analysis, Note(number: 6))
            #expect(broken(store, kept: kept) == nil)
            try tamper(store, backend, ["DELETE FROM audit WHERE sequence >= 5"])
            #expect(broken(store) == nil, "without a head it can't be seen")
            #expect(broken(store, kept: kept) == .headUnknown)
        }
    }

    @Test(arguments: Backend.allCases, ["UPDATE audit SET kind = 'x'", "DELETE FROM audit"])
    func `through the database nothing is changed or removed`(backend: Backend, statement: String) throws {
        try withFilled(backend) { store throws in
            #expect(throws: SQLFailure(reason: "the audit log is append-only")) { try store.tamper([statement]) }
            #expect(try store.audit.verify().sequence == 5)
        }
    }
}
