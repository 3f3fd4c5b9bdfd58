import Foundation
import Testing

/// Where the worker listens: on a socket of its own, on systemd's, on spawn-fcgi's.
@Suite(.serialized) struct `The worker's socket` {
    let folder: TemporaryFolder
    let path: String
    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("worker.sock")
    }

    private func isReady() -> Bool {
        (try? FastCGIClient.call(path, "GET", "/v1/health/ready", timeout: 5).http.status) == 200
    }

    private func expectAnswers(_ child: Child) throws {
        #expect(waitUntil { !child.isRunning || isReady() })
        try #require(child.isRunning, "\(log)")
        let (type, body) = try FormPart.encoded([.file("image", Fixture.photo("odd.jpg")), .text("views", "1")])
        let reply = try FastCGIClient.call(path, "POST", "/melanoma", body: body, parameters: [("CONTENT_TYPE", type)])
        #expect(reply.http.status == 200)
        #expect(reply.appStatus == 0 && reply.stderr.isEmpty)
    }

    // MARK: Its own

    @Test func `is open to its owner and its group only`() throws {
        let worker = try Child(Repository.worker, environment: ["MELASCAN_SOCKET": path], log: folder.file("log"))
        try expectAnswers(worker)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFSOCK)
        #expect(status.st_mode & 0o7777 == 0o660)
    }

    @Test func `is not taken from a worker that listens on it`() throws {
        let first = try Child(Repository.worker, environment: ["MELASCAN_SOCKET": path], log: folder.file("log"))
        try expectAnswers(first)
        let second = try Shell.run(Repository.worker, environment: ["MELASCAN_SOCKET": path])
        #expect(second.status == 1)
        #expect(second.output.contains("another worker listens on it"), "\(second.output)")
        #expect(first.isRunning)
        #expect(isReady(), "the first has kept its socket")
    }

    @Test func `replaces one that was left over, but no other file`() throws {
        do { _ = try UnixListener(path) }
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(throws: HarnessError.self) { try FastCGIClient(path: path) }
        let worker = try Child(Repository.worker, environment: ["MELASCAN_SOCKET": path], log: folder.file("log"))
        try expectAnswers(worker)
        // Killed, it leaves its own; the next one comes in its place.
        #expect(worker.stop(SIGKILL) == 128 + SIGKILL)
        #expect(FileManager.default.fileExists(atPath: path))
        let next = try Child(Repository.worker, environment: ["MELASCAN_SOCKET": path], log: folder.file("log"))
        try expectAnswers(next)

        let file = try folder.write("mine", to: "file")
        let refused = try Shell.run(Repository.worker, environment: ["MELASCAN_SOCKET": file])
        #expect(refused.status == 1)
        #expect(refused.output.contains("the socket can't be opened"), "\(refused.output)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    }

    // MARK: Another's

    @Test func `may come from systemd, which keeps it`() throws {
        let worker = try Child(
            "systemd-socket-activate", ["-l", path, Repository.worker], log: folder.file("log"))
        #expect(waitUntil { FileManager.default.fileExists(atPath: path) }, "\(log)")
        try expectAnswers(worker)
        #expect(worker.stop() == 0, "\(log)")
        #expect(FileManager.default.fileExists(atPath: path), "it is systemd's to remove")
    }

    @Test func `of another process's LISTEN_PID is not taken`() throws {
        // The variables without the descriptor, as a child of an activated service inherits them.
        let ended = try Shell.run(
            Repository.worker, environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"])
        #expect(ended.status == 64)
        #expect(ended.output.contains("there is no socket to listen on"), "\(ended.output)")
        let own = try Shell.bash(
            "export LISTEN_FDS=1 LISTEN_PID=$BASHPID; exec '\(Repository.worker)' 3</dev/null")
        #expect(own.status == 1)
        #expect(own.output.contains("descriptor 3 is no listening socket"), "\(own.output)")
        let two = try Shell.bash("export LISTEN_FDS=2 LISTEN_PID=$BASHPID; exec '\(Repository.worker)'")
        #expect(two.status == 1)
        #expect(two.output.contains("systemd passed 2 sockets"), "\(two.output)")
    }

    @Test func `may come from spawn-fcgi`() throws {
        let worker = try Child(
            "spawn-fcgi", ["-n", "-s", path, "-M", "0660", "--", Repository.worker], log: folder.file("log"))
        #expect(waitUntil { FileManager.default.fileExists(atPath: path) }, "\(log)")
        try expectAnswers(worker)
        #expect(worker.stop() == 0, "\(log)")
    }

    @Test func `systemd is told READY only once the worker is ready, and STOPPING when it stops`() throws {
        let manager = try UnixListener(folder.file("notify"), SOCK_DGRAM)
        let worker = try Child(
            Repository.worker,
            environment: `The worker`.slow.merging(["MELASCAN_SOCKET": path, "NOTIFY_SOCKET": manager.path]) { $1 },
            log: folder.file("log"))
        #expect(waitUntil { FileManager.default.fileExists(atPath: path) }, "\(log)")
        // While it starts nothing is said; once it is said, it is true.
        var early = ""
        while !isReady(), worker.isRunning, early.isEmpty { early = manager.message(within: 0.005) ?? "" }
        #expect(early.isEmpty || isReady(), "\(early) was said too early")
        let said = early.isEmpty ? manager.message() : early
        #expect(said?.split(separator: "\n").contains("READY=1") == true)
        #expect(log.contains("ready: "))
        worker.send(SIGTERM)
        #expect(manager.message()?.contains("STOPPING=1") == true)
        #expect(worker.wait() == 0)
    }

    @Test func `systemd is never told READY by a worker that cannot start`() throws {
        let manager = try UnixListener(folder.file("notify"), SOCK_DGRAM)
        let ended = try Shell.run(
            Repository.worker,
            environment: [
                "MELASCAN_SOCKET": path, "NOTIFY_SOCKET": manager.path, "MELASCAN_ENSEMBLE": "/nonexistent",
            ])
        #expect(ended.status == 1)
        #expect(manager.message(within: 0.2)?.contains("READY") != true)
    }
}
