import Foundation
import GRDB

/// SQLite in one file, through GRDB: the default, for one host.
///
/// What is written is on the disk when a call returns (write-ahead log, synced at each commit); what is deleted is overwritten.
/// Several processes on one host may share the file.
struct SQLiteDatabase: SQLDatabase {
    /// Seconds that a write waits for another process's.
    private static let patience = 5.0

    let writer: any DatabaseWriter

    /// - Parameter steps: fewer than all for tests: as an older version left the store.
    init(path: String, steps: [Schema.Step] = Schema.steps) throws {
        writer = try DatabasePool(path: path, configuration: Self.configuration)
        try migrate(through: steps)
    }

    /// In memory, for tests.
    init() throws {
        writer = try DatabaseQueue(configuration: Self.configuration)
        try migrate(through: Schema.steps)
    }

    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try translated { try writer.read { try body(SQLiteSession(database: $0)) } }
    }

    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result {
        try translated { try writer.write { try body(SQLiteSession(database: $0)) } }
    }

    /// `secure_delete` has overwritten the rows; the copies in the write-ahead log go with it.
    func forgetDeleted() throws {
        try translated {
            guard let pool = writer as? DatabasePool else { return }
            _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }
    }

    func compact() throws { try forgetDeleted() }

    /// Copies the whole store while it is in use (SQLite's online backup).
    func backUp(to path: String) throws {
        try translated {
            var configuration = Configuration()
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let copy = try DatabaseQueue(path: path, configuration: configuration)
            try writer.backup(to: copy)
            // A copy is one file: no log beside it.
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA secure_delete = ON")
            // Nothing is put down elsewhere.
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return configuration
    }

    private func migrate(through steps: [Schema.Step]) throws {
        var migrator = DatabaseMigrator()
        for step in steps {
            migrator.registerMigration(step.name) { try $0.execute(sql: step.sqlite) }
        }
        try translated { try migrator.migrate(writer) }
    }

    /// SQLite's own words for an error, without the statement or the path.
    private func translated<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw SQLFailure(
                reason: error.resultCode == .SQLITE_FULL
                    ? "the disk is full" : error.message ?? "SQLite error \(error.resultCode.rawValue)")
        }
    }
}

private struct SQLiteSession: SQLSession {
    let database: Database

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try database.execute(sql: sql, arguments: StatementArguments(values.map(\.databaseValue)))
        return database.changesCount
    }

    func forEachRow(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        let rows = try Row.fetchCursor(database, sql: sql, arguments: StatementArguments(values.map(\.databaseValue)))
        while let row = try rows.next() {
            try body(SQLRow(Dictionary(uniqueKeysWithValues: row.map { ($0, SQLValue($1)) })))
        }
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .bytes(let bytes): bytes.databaseValue
        }
    }

    fileprivate init(_ value: DatabaseValue) {
        switch value.storage {
        case .null: self = .null
        case .int64(let number): self = .integer(Int(number))
        case .double(let number): self = .text("\(number)")
        case .string(let text): self = .text(text)
        case .blob(let bytes): self = .bytes(bytes)
        }
    }
}
