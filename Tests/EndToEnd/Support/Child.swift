import Foundation

/// A program that a test has started, with its output in a file. It is killed when the last reference goes.
///
/// Not Foundation's `Process`: that one counts a program as running for as long as any of its own children lives.
final class Child: @unchecked Sendable {
    let pid: Int32

    // Guards `ended`: a process must be waited for once only.
    private let lock = NSLock()
    private var ended: Int32?

    /// Starts `program` (a path, or a name to be found in PATH) in the repository's root. `environment` is added to
    /// this process's own. Both outputs are appended to the file at `log`. Standard input is `input`, else empty.
    init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], log: String,
        input: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        // env becomes the program, after it has undone what a test run in the background inherits: an ignored Ctrl-C.
        let path = try Child.find(program)
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let words = ["env", "--default-signal", "-C", Repository.root, path] + arguments
        let arguments = words.map { strdup($0) } + [nil]
        let settings = all.map { strdup("\($0)=\($1)") } + [nil]
        defer {
            for word in arguments + settings { free(word) }
        }
        var started: pid_t = 0
        let error = posix_spawn(&started, "/usr/bin/env", &actions, &attributes, arguments, settings)
        guard error == 0 else { throw HarnessError("cannot start \(path): \(String(cString: strerror(error)))") }
        pid = started
    }

    deinit {
        if isRunning { stop(SIGKILL) }
    }

    var isRunning: Bool { status == nil }

    /// The exit status, or 128 and the signal's number as a shell counts; nil while it runs.
    var status: Int32? {
        lock.withLock {
            if let ended { return ended }
            var word: Int32 = 0
            guard waitpid(pid, &word, WNOHANG) == pid else { return nil }
            let signal = word & 0x7F
            ended = signal == 0 ? (word >> 8) & 0xFF : 128 + signal
            return ended
        }
    }

    /// Whether it has a handler for this signal (SigCgt).
    func catches(_ signal: Int32) -> Bool {
        let lines = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8))?.split(separator: "\n") ?? []
        let mask = lines.first { $0.hasPrefix("SigCgt:") }.flatMap { UInt64($0.dropFirst(8), radix: 16) } ?? 0
        return mask & 1 << (UInt64(signal) - 1) != 0
    }

    func send(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// Waits for the end and gives the exit status; nil if it still runs after `seconds`.
    func wait(_ seconds: Double = Waiting.limit) -> Int32? {
        waitUntil(within: seconds) { !isRunning }
        return status
    }

    /// Sends `signal`, waits, and kills what is still there after `seconds`. Gives the exit status.
    @discardableResult
    func stop(_ signal: Int32 = SIGTERM, within seconds: Double = Waiting.limit) -> Int32 {
        send(signal)
        if let status = wait(seconds) { return status }
        send(SIGKILL)
        return wait(10) ?? 128 + SIGKILL
    }

    private static func find(_ program: String) throws -> String {
        if program.contains("/") { return program }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        for folder in path.split(separator: ":") {
            let candidate = folder + "/" + program
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw HarnessError("there is no \(program) in the path")
    }
}
