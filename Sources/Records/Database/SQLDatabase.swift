import Foundation

/// One of the two databases. A statement is written once for both: SQL that both know, with `$1`, `$2` … which appear in this order.
protocol SQLDatabase: Sendable {
    /// Runs statements that only read, on one state of the data.
    func read<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result
    /// Runs statements in one transaction that no other can come between; it is on the disk on return, or nothing of it is.
    func write<Result>(_ body: (any SQLSession) throws -> Result) throws -> Result
    /// Makes rows that were just deleted unreadable in the database's own files, as far as it can without holding others up.
    func forgetDeleted() throws
    /// The same thoroughly, once a night.
    func compact() throws
}

/// An open transaction.
protocol SQLSession {
    /// - Returns: the rows that were changed.
    @discardableResult func execute(_ sql: String, _ values: [SQLValue]) throws -> Int
    func forEachRow(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws
}

extension SQLSession {
    func rows<Element>(_ sql: String, _ values: [SQLValue] = [], as make: (SQLRow) throws -> Element) throws -> [Element] {
        var elements: [Element] = []
        try forEachRow(sql, values) { elements.append(try make($0)) }
        return elements
    }

    func firstRow<Element>(_ sql: String, _ values: [SQLValue] = [], as make: (SQLRow) throws -> Element) throws -> Element? {
        try rows(sql, values, as: make).first
    }
}

/// What a database says of a statement that failed, without the statement and its values.
struct SQLFailure: Error, Equatable {
    var reason: String

    static func unexpected(_ column: String) -> SQLFailure { SQLFailure(reason: "the column \(column) is not as it was written") }
}

extension SQLDatabase {
    /// `read` with the errors that callers know.
    func reading<Result>(_ body: (any SQLSession) throws -> Result) throws(RecordsError) -> Result {
        do { return try read(body) } catch { throw RecordsError(error, or: RecordsError.unavailable) }
    }

    /// `write` with the errors that callers know.
    func writing<Result>(_ body: (any SQLSession) throws -> Result) throws(RecordsError) -> Result {
        do { return try write(body) } catch { throw RecordsError(error, or: RecordsError.notWritten) }
    }
}
