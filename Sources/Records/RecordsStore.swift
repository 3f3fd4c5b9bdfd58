import Foundation

/// What the server keeps: the audit log, the devices that may use it, and, with a key and a consent text, consents and donated cases.
///
/// In SQLite for one host (`SQLiteDatabase`), or in PostgreSQL where several hosts share it (`PostgreSQLDatabase`); the rest is the same.
public struct RecordsStore: Sendable {
    let database: any SQLDatabase

    public var audit: AuditLog { AuditLog(database: database) }
    public var devices: DeviceStore { DeviceStore(database: database) }

    /// Opens the store; makes it if it is not there.
    ///
    /// - Parameters:
    ///   - place: a folder for SQLite, or PostgreSQL's address, which begins with `postgresql://` or `postgres://`.
    ///   - patience: seconds that a statement of PostgreSQL's may take, for those who answer requests; 0: as long as it takes.
    /// - Throws: `RecordsError.unavailable`.
    public init(_ place: String, patience: Int = 0) throws(RecordsError) {
        do {
            database =
                Self.isPostgreSQL(place)
                ? try PostgreSQLDatabase(address: place, patience: patience) : try SQLiteDatabase(path: Self.file(in: place))
        } catch {
            throw RecordsError(error, or: RecordsError.unavailable)
        }
    }

    /// A store in memory, for tests.
    init() throws {
        database = try SQLiteDatabase()
    }

    /// Tries the keys on what was sealed last: with others, a server would find out only when a patient comes.
    /// - Throws: `RecordsError.key`, `.unavailable`.
    public func check(_ keys: KeyRing) throws(RecordsError) {
        try database.reading { session in
            try session.forEachRow(
                "SELECT id, key FROM consents WHERE key IS NOT NULL ORDER BY recorded DESC LIMIT 1", []
            ) { row in
                _ = try DataKey(row.bytes("key"), of: row.text("id"), in: keys)
            }
        }
    }

    public func consents(keys: KeyRing) -> ConsentStore { ConsentStore(database: database, keys: keys) }
    public func cases(keys: KeyRing) -> CaseStore { CaseStore(database: database, keys: keys) }

    public static func isPostgreSQL(_ place: String) -> Bool {
        place.hasPrefix("postgresql://") || place.hasPrefix("postgres://")
    }

    /// True if there is a store at a place, so that a mistyped folder does not become an empty one.
    public static func exists(_ place: String) -> Bool {
        isPostgreSQL(place) || FileManager.default.fileExists(atPath: place + "/" + fileName)
    }

    private static let fileName = "records.sqlite"

    /// The database's file, made for its owner only if it is not there; SQLite gives its other files the permissions of this one.
    private static func file(in folder: String) throws -> String {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = folder + "/" + fileName
        if !manager.fileExists(atPath: path) {
            guard manager.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw SQLFailure(reason: "its file can't be made; check the folder's owner and permissions")
            }
            // Made by root for a service: the service's, as the folder is.
            let owner = try manager.attributesOfItem(atPath: folder)
            for id in [FileAttributeKey.ownerAccountID, .groupOwnerAccountID] {
                if let value = owner[id] { try? manager.setAttributes([id: value], ofItemAtPath: path) }
            }
        }
        return path
    }
}
