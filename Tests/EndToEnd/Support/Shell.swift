import Foundation

/// A command that has run to its end.
struct Shell: Sendable {
    let status: Int32
    /// Standard output and standard error as they came, mixed.
    let output: String

    var succeeded: Bool { status == 0 }

    /// Runs a program and waits for it. After `seconds` it is killed and this throws.
    static func run(
        _ program: String, _ arguments: String..., environment: [String: String] = [:],
        within seconds: Double = Waiting.limit
    ) throws -> Shell {
        try run(program, arguments: arguments, environment: environment, within: seconds)
    }

    static func run(
        _ program: String, arguments: [String], environment: [String: String] = [:],
        within seconds: Double = Waiting.limit
    ) throws -> Shell {
        let log = NSTemporaryDirectory() + "melascan-shell-" + UUID().uuidString
        defer { unlink(log) }
        let child = try Child(program, arguments, environment: environment, log: log)
        guard let status = child.wait(seconds) else {
            child.stop(SIGKILL)
            throw HarnessError("\(program) \(arguments) still ran after \(seconds) s")
        }
        let bytes = FileManager.default.contents(atPath: log) ?? Data()
        return Shell(status: status, output: String(decoding: bytes, as: UTF8.self))
    }

    /// Runs a line of bash.
    static func bash(
        _ line: String, environment: [String: String] = [:], within seconds: Double = Waiting.limit
    ) throws -> Shell {
        try run("/bin/bash", arguments: ["-c", line], environment: environment, within: seconds)
    }
}
