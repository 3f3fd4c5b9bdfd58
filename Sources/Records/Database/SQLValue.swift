import Foundation

/// A value as both databases know it.
enum SQLValue: Equatable, Sendable {
    case null
    case integer(Int)
    case text(String)
    case bytes(Data)

    init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }
    init(_ bytes: Data?) { self = bytes.map(SQLValue.bytes) ?? .null }
}

/// One row of an answer, by the columns' names.
struct SQLRow {
    let values: [String: SQLValue]

    init(_ values: [String: SQLValue]) {
        self.values = values
    }

    /// - Throws: `SQLFailure` if the column is not there or holds something else: the file is not ours.
    func text(_ column: String) throws -> String {
        guard case .text(let text)? = values[column] else { throw SQLFailure.unexpected(column) }
        return text
    }

    func optionalText(_ column: String) throws -> String? {
        values[column] == .null ? nil : try text(column)
    }

    func integer(_ column: String) throws -> Int {
        guard case .integer(let number)? = values[column] else { throw SQLFailure.unexpected(column) }
        return number
    }

    func optionalInteger(_ column: String) throws -> Int? {
        values[column] == .null ? nil : try integer(column)
    }

    func bytes(_ column: String) throws -> Data {
        guard case .bytes(let bytes)? = values[column] else { throw SQLFailure.unexpected(column) }
        return bytes
    }

    func optionalBytes(_ column: String) throws -> Data? {
        values[column] == .null ? nil : try bytes(column)
    }
}
