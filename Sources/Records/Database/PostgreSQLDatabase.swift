import Foundation
import Synchronization

/// PostgreSQL through libpq, where workers on several hosts share one store.
///
/// Writes follow one another by an advisory lock, as the chain of the audit log demands. A connection that was lost is replaced by the
/// next call; the call that lost it throws, since nobody can know whether its commit arrived.
final class PostgreSQLDatabase: SQLDatabase {
    /// "melascan" in numbers: the lock that all writes of all workers take.
    private static let lock = 7_310_012_115_799

    private let address: String
    /// Seconds that a statement may take; 0: as long as it takes.
    private let patience: Int
    private let idle = Mutex<[PostgreSQLConnection]>([])

    /// - Parameter steps: fewer than all for tests: as an older version left the store.
    init(address: String, patience: Int, steps: [Schema.Step] = Schema.steps) throws {
        self.address = address
        self.patience = patience
        try migrate(through: steps)
    }

    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") { try body($0) }
    }

    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try transaction("BEGIN") { connection in
            try connection.forEachRow("SELECT pg_advisory_xact_lock(\(Self.lock))", []) { _ in }
            return try body(connection)
        }
    }

    /// Nothing: what would do it locks the tables.
    func forgetDeleted() throws {}

    /// Writes the tables anew without the deleted rows. PostgreSQL's own log keeps them until it is recycled: that is the
    /// administrator's to see to.
    func compact() throws {
        try withConnection { connection in
            for table in ["answers", "cases", "consent_purposes", "consents"] {
                try connection.execute("VACUUM (FULL) \(table)", [])
            }
        }
    }

    private func transaction<Result>(_ begin: String, _ body: (PostgreSQLConnection) throws -> Result) throws -> Result {
        try withConnection { connection in
            try connection.execute(begin, [])
            do {
                let result = try body(connection)
                try connection.execute("COMMIT", [])
                return result
            } catch {
                _ = try? connection.execute("ROLLBACK", [])
                throw error
            }
        }
    }

    /// An idle connection that answers, or a new one; it goes back if it still works.
    private func withConnection<Result>(_ body: (PostgreSQLConnection) throws -> Result) throws -> Result {
        var connection: PostgreSQLConnection?
        while connection == nil, let candidate = idle.withLock({ $0.popLast() }) {
            // The server may have been restarted since, or the network cut: then the others are of no more use either, and
            // to try each would cost as many times the wait.
            if (try? candidate.execute("SELECT 1", [])) != nil {
                connection = candidate
            } else {
                idle.withLock { $0.removeAll() }
            }
        }
        let used = try connection ?? PostgreSQLConnection(address: address, patience: patience)
        defer { if used.isUsable { idle.withLock { $0.append(used) } } }
        return try body(used)
    }

    private func migrate(through steps: [Schema.Step]) throws {
        try withConnection { connection in
            try connection.run(
                script:
                    "BEGIN; SELECT pg_advisory_xact_lock(\(Self.lock)); CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY)"
            )
            do {
                let done = try connection.rows("SELECT name FROM schema_steps") { try $0.text("name") }
                for step in steps where !done.contains(step.name) {
                    try connection.run(script: step.postgreSQL)
                    try connection.execute("INSERT INTO schema_steps VALUES ($1)", [.text(step.name)])
                }
                try connection.execute("COMMIT", [])
            } catch {
                _ = try? connection.execute("ROLLBACK", [])
                throw error
            }
        }
    }
}
