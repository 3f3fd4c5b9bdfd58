import CPostgreSQL
import Foundation

/// One connection to PostgreSQL, used by one thread at a time. PQconnectdbParams, PQsendQueryParams, PQgetResult, PQfinish.
final class PostgreSQLConnection: @unchecked Sendable {
    private let connection: OpaquePointer

    /// - Parameters:
    ///   - address: a libpq connection string or URI; a password may come from the environment or a password file.
    ///   - patience: seconds that a statement may take; 0: as long as it takes.
    /// - Throws: `SQLFailure` without the address in it.
    init(address: String, patience: Int) throws {
        // Before the address, so that it can say otherwise. A cut network is noticed in seconds, not in hours.
        let defaults = [
            ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"), ("dbname", address), ("fallback_application_name", "melascan"),
            ("client_encoding", "UTF8"),
        ]
        var keywords = defaults.map { strdup($0.0).map { UnsafePointer($0) } } + [nil]
        var values = defaults.map { strdup($0.1).map { UnsafePointer($0) } } + [nil]
        defer { for pointer in keywords + values { free(UnsafeMutablePointer(mutating: pointer)) } }
        guard let connection = PQconnectdbParams(&keywords, &values, 1) else { throw SQLFailure(reason: "out of memory") }
        self.connection = connection
        guard isUsable else {
            throw SQLFailure(reason: "no connection to PostgreSQL; check MELASCAN_RECORDS, the server and the network")
        }
        // What stands still for longer is given up: the request gets an error that it can be tried again after.
        // The last is for the others: a host that is cut off in the middle of a write would hold the lock for hours.
        try run(
            script: """
                SET client_min_messages = error; SET statement_timeout = '\(patience)s'; SET lock_timeout = '\(patience / 2)s';
                SET idle_in_transaction_session_timeout = '5s'
                """)
    }

    deinit { PQfinish(connection) }

    /// False once the server or the network between has gone.
    var isUsable: Bool { PQstatus(connection) == CONNECTION_OK }

    /// Statements without values, one behind another.
    func run(script: String) throws {
        let result = PQexec(connection, script)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure(result) }
    }

    private func failure(_ result: OpaquePointer?) -> SQLFailure {
        guard isUsable else { return SQLFailure(reason: "the connection to PostgreSQL was lost") }
        let words = PQresultErrorField(result, Int32(UInt8(ascii: "M"))).map { String(cString: $0) }
        return SQLFailure(reason: words ?? "PostgreSQL failed")
    }

    /// Sends a statement with its values; bytes as they are, all else as text.
    private func send(_ sql: String, _ values: [SQLValue]) throws {
        // Each value, ended by a zero that is not counted: text needs it.
        let encoded: [Data?] = values.map { value in
            switch value {
            case .null: nil
            case .integer(let number): Data("\(number)\0".utf8)
            case .text(let text): Data("\(text)\0".utf8)
            case .bytes(let bytes): bytes + [0]
            }
        }
        let formats: [Int32] = values.map { if case .bytes = $0 { 1 } else { 0 } }
        let lengths = encoded.map { Int32(($0?.count ?? 1) - 1) }
        let sent = withPointers(encoded) { pointers in
            PQsendQueryParams(connection, sql, Int32(values.count), nil, pointers, lengths, formats, 0)
        }
        guard sent == 1 else { throw failure(nil) }
    }

    private func withPointers<Result>(_ values: [Data?], _ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        func next(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
            guard index < values.count else { return body(pointers) }
            guard let value = values[index] else { return next(index + 1, pointers + [nil]) }
            return value.withUnsafeBytes { next(index + 1, pointers + [$0.baseAddress?.assumingMemoryBound(to: CChar.self)]) }
        }
        return next(0, [])
    }

    /// Reads all results of what was sent; the connection is free for the next statement on return, whatever `body` threw.
    private func receive(_ body: (OpaquePointer) throws -> Void) throws -> Int {
        var changed = 0
        var thrown: (any Error)?
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                changed += Int(String(cString: PQcmdTuples(result))) ?? 0
            case PGRES_SINGLE_TUPLE:
                if thrown == nil { do { try body(result) } catch { thrown = error } }
            default:
                thrown = thrown ?? failure(result)
            }
        }
        if let thrown { throw thrown }
        guard isUsable else { throw failure(nil) }
        return changed
    }
}

extension PostgreSQLConnection: SQLSession {
    @discardableResult func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try send(sql, values)
        return try receive { _ in }
    }

    func forEachRow(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        try send(sql, values)
        PQsetSingleRowMode(connection)
        _ = try receive { try body(Self.row($0)) }
    }

    /// PostgreSQL's numbers for the types that the tables have (pg_type.dat).
    private enum TypeNumber {
        static let bytea: Oid = 17
        static let integers: Set<Oid> = [20, 21, 23]
    }

    private static func row(_ result: OpaquePointer) throws -> SQLRow {
        var values: [String: SQLValue] = [:]
        for column in 0..<PQnfields(result) {
            guard let name = PQfname(result, column) else { continue }
            values[String(cString: name)] = try value(result, column)
        }
        return SQLRow(values)
    }

    private static func value(_ result: OpaquePointer, _ column: Int32) throws -> SQLValue {
        guard PQgetisnull(result, 0, column) == 0, let start = PQgetvalue(result, 0, column) else { return .null }
        let type = PQftype(result, column)
        guard type == TypeNumber.bytea else {
            let text = String(cString: start)
            guard TypeNumber.integers.contains(type) else { return .text(text) }
            return Int(text).map(SQLValue.integer) ?? .text(text)
        }
        var count = 0
        let bytes = start.withMemoryRebound(to: UInt8.self, capacity: 1) { PQunescapeBytea($0, &count) }
        guard let bytes else { throw SQLFailure(reason: "out of memory") }
        defer { PQfreemem(bytes) }
        return .bytes(Data(bytes: bytes, count: count))
    }
}
