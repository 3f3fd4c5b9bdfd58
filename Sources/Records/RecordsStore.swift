import Foundation
import GRDB

/// What the server keeps, in one SQLite file: for now the audit log. SQLite through GRDB.
///
/// The folder is for its owner only. Entries are on the disk when a call returns (write-ahead log, synced at each commit), and
/// several workers on one host may share a store.
public struct RecordsStore: Sendable {
    /// Seconds that a write waits for another process's.
    private static let patience = 5.0

    let database: any DatabaseWriter
    public let audit: AuditLog

    /// Opens the store in a folder; makes both if they are not there.
    /// - Throws: `RecordsError.unavailable`.
    public init(folder: String) throws(RecordsError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let path = folder + "/records.sqlite"
            // SQLite gives its other files the permissions of this one.
            if !FileManager.default.fileExists(atPath: path) {
                guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                    throw RecordsError.unavailable("its file can't be made; check the folder's owner and permissions")
                }
            }
            try self.init(DatabasePool(path: path, configuration: Self.configuration))
        } catch let error as RecordsError {
            throw error
        } catch {
            throw .unavailable(Self.reason(error))
        }
    }

    /// A store in memory, for tests.
    init() throws {
        try self.init(DatabaseQueue(configuration: Self.configuration))
    }

    private init(_ database: any DatabaseWriter) throws {
        self.database = database
        try Self.migrator.migrate(database)
        audit = AuditLog(database: database)
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(patience)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            // What is deleted is overwritten, and nothing is put down elsewhere.
            try database.execute(sql: "PRAGMA secure_delete = ON")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return configuration
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("audit") { database in
            try database.execute(sql: AuditLog.schema)
        }
        return migrator
    }

    /// SQLite's own words for an error, without the statement or the path.
    static func reason(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "its folder can't be used; check its owner and permissions" }
        return error.resultCode == .SQLITE_FULL
            ? "the disk is full" : error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
