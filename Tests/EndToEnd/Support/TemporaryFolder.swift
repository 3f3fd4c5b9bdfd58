import Foundation

/// A private folder that goes, with all in it, when the last reference goes.
final class TemporaryFolder: Sendable {
    let path: String

    init(_ name: String = "melascan-tests") throws {
        // Short: the path of a unix socket may have 107 bytes.
        var template = Array("/tmp/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw HarnessError("cannot make a folder in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
        return file(name)
    }

    /// Writes a program. A shell does it: had this process the file open while another thread starts a child, the
    /// child would hold it open too, and running it would fail as "text file busy".
    @discardableResult
    func write(program text: String, to name: String) throws -> String {
        let written = try Shell.run(
            "/bin/sh", "-c", "printf '%s' \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", text, file(name))
        guard written.succeeded else { throw HarnessError(written.output) }
        return file(name)
    }
}
