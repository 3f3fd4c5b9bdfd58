import Foundation
import Synchronization
import Testing

/// What systemd's watchdog hears from a worker, and what it does not hear from one that is stuck.
@Suite(.serialized) struct `The watchdog` {
    /// systemd's end of NOTIFY_SOCKET.
    let manager: UnixListener
    let folder: TemporaryFolder
    let path: String
    var log: String { (try? String(contentsOfFile: folder.file("log"), encoding: .utf8)) ?? "" }

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("worker.sock")
        manager = try UnixListener(folder.file("notify"), SOCK_DGRAM)
    }

    /// A slow worker that has said READY. It is to signal within each second, and takes four without a step for being stuck.
    private func start(
        _ watchdog: [String: String] = ["WATCHDOG_USEC": "1000000"], program: String = Repository.worker
    ) throws -> Child {
        let environment = ["MELASCAN_SOCKET": path, "NOTIFY_SOCKET": manager.path].merging(watchdog) { $1 }
        let worker = try Child(
            program, environment: `The worker`.slow.merging(environment) { $1 }, log: folder.file("log"))
        #expect(manager.message()?.contains("READY=1") == true, "\(log)")
        return worker
    }

    /// The longest time without a signal while `body` runs, in seconds.
    private func longestSilence(while body: @escaping @Sendable () throws -> Void) throws -> Double {
        let hasEnded = Mutex(false)
        let results = atOnce(2) { [manager] index in
            if index == 0 {
                defer { hasEnded.withLock { $0 = true } }
                try body()
                return 0.0
            }
            var last = Date()
            var longest = 0.0
            while !hasEnded.withLock({ $0 }) {
                let message = manager.message(within: 0.02)
                longest = max(longest, Date().timeIntervalSince(last))
                if message == "WATCHDOG=1" { last = Date() }
            }
            return longest
        }
        return try results.map { try $0.get() }[1]
    }

    @Test func `is told at least twice a period that the worker lives, idle or in a long analysis`() throws {
        let worker = try start()
        // A busy machine wakes a thread late now and then; one that signals too seldom is too late in each try.
        #expect(try (0..<5).contains { _ in try longestSilence { sleep(2) } <= 0.5 })
        let form = try FormPart.encoded([.file("image", Fixture.photo("landscape.jpg"))])
        // Longer than what would be a standstill, but each pass is a step. The bound is systemd's own, with as many tries.
        let isHeard = try (0..<5).contains { _ in
            let end = Date().addingTimeInterval(5)
            return try longestSilence { [path] in
                let results = atOnce(2) { _ in
                    repeat {
                        let reply = try FastCGIClient.call(
                            path, "POST", "/melanoma", body: form.body, parameters: [("CONTENT_TYPE", form.contentType)])
                        #expect(reply.http.status == 200)
                    } while Date() < end
                }
                for result in results { try result.get() }
            } < 1
        }
        #expect(isHeard)
        #expect(worker.stop() == 0)
    }

    @Test func `hears nothing from a worker in which nothing moves, until it moves again`() throws {
        let worker = try start()
        // As if its thread hung.
        let client = try FastCGIClient.unfinished(path)
        // Read as systemd reads them: a full socket would hold the worker up.
        func readAll() { while manager.message(within: 0) != nil {} }
        let isStuck = waitUntil {
            readAll()
            return log.contains("no analysis makes a step")
        }
        #expect(isStuck, "\(log)")
        readAll()
        #expect(manager.message(within: 1) == nil)
        #expect(worker.isRunning, "it is systemd that ends it")
        client.close()
        #expect(manager.message() == "WATCHDOG=1")
        #expect(worker.stop() == 0)
    }

    @Test(arguments: ["", "none", "0", "-1", "99999999999"])
    func `is told nothing where its period makes no sense`(period: String) throws {
        let worker = try start(["WATCHDOG_USEC": period])
        #expect(manager.message(within: 0.5) == nil)
        #expect(worker.stop() == 0)
    }

    @Test func `is told nothing by another process than the one that it watches`() throws {
        let other = try start(["WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"])
        #expect(manager.message(within: 0.5) == nil)
        #expect(other.stop() == 0)
        #expect(manager.message() == "STOPPING=1")
        let program = try folder.write(
            program: "#!/bin/sh\nexport WATCHDOG_PID=$$\nexec '\(Repository.worker)'\n", to: "itself")
        let own = try start(["WATCHDOG_USEC": "500000"], program: program)
        #expect(manager.message() == "WATCHDOG=1")
        #expect(own.stop() == 0)
    }
}
