import Foundation

/// One run of the built tool, with what it said and took.
struct ToolRun {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    var status: Int32
    var output: String
    /// The largest resident set in bytes, where it was to be measured.
    var memory = 0
    /// Of processor time, which a busy machine hardly changes.
    var seconds: Double

    /// Runs the rest of the command line and prints its largest resident set in KiB. Asked for from a small process, since Linux counts
    /// what a child shares with its parent before it becomes another program.
    private static let measure = """
        import resource, subprocess, sys
        status = subprocess.run(sys.argv[1:]).returncode
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        sys.exit(status)
        """

    /// Both outputs go to one text. The folder is the repository's.
    init(
        _ arguments: [String], measuresMemory: Bool = false, sending signal: Int32? = nil, onceThereIs path: String = ""
    ) throws {
        var tool = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: "melascan")
        if !FileManager.default.isExecutableFile(atPath: tool.path(percentEncoded: false)) {
            tool = Self.root.appending(path: ".build-tests/release/melascan")
        }
        let log = FileManager.default.temporaryDirectory.appending(path: "melascan-run-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: log) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log.path(percentEncoded: false), O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let measured = measuresMemory ? ["/usr/bin/python3", "-c", Self.measure] : []
        let words =
            ["env", "--default-signal", "-C", Self.root.path(percentEncoded: false)] + measured
            + [tool.path(percentEncoded: false)] + arguments
        let pointers = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, "/usr/bin/env", &actions, nil, pointers, environ) == 0 else { throw CocoaError(.executableLoad) }
        if let signal {
            for _ in 0..<5000 where access(path, F_OK) != 0 { usleep(1000) }
            kill(pid, signal)
        }
        var raw: Int32 = 0
        var usage = rusage()
        _ = wait4(pid, &raw, 0, &usage)
        status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        output = String(decoding: (try? Data(contentsOf: log)) ?? Data(), as: UTF8.self)
        if measuresMemory, let line = output.split(separator: "\n").last, let kilobytes = Int(line) {
            memory = kilobytes << 10
            output = String(output.dropLast(line.count + 1))
        }
        seconds = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}
