import Foundation
import Synchronization
import Testing

/// The worker is stopped and started while people send photos, as by an upgrade: systemd holds the socket, here this process does.
@Suite(.serialized) struct `A restart` {
    /// A worker that takes the socket `listener` over as systemd hands it on (LISTEN_FDS).
    private func start(on listener: UnixListener, in folder: TemporaryFolder, _ environment: [String: String]) throws -> Child {
        let activated = try folder.write(
            program: "#!/bin/sh\nexport LISTEN_FDS=1 LISTEN_PID=$$\nexec '\(Repository.worker)' 3<&0 </dev/null\n",
            to: "activated")
        return try Child(activated, environment: environment, log: folder.file("worker.log"), input: listener.descriptor)
    }

    /// What `clients` that send photo after photo are told, while `body` runs.
    private func replies(
        from site: Stack, clients: Int, while body: @escaping @Sendable () throws -> Void
    ) throws -> [HTTPReply] {
        let photo = try Fixture.photo("odd.jpg")
        let hasEnded = Mutex(false)
        let told = atOnce(clients + 1) { index in
            if index == clients {
                defer { hasEnded.withLock { $0 = true } }
                try body()
                return [HTTPReply]()
            }
            var replies: [HTTPReply] = []
            while !hasEnded.withLock({ $0 }) {
                replies.append(try site.http.post("/v1/analyses", [.file("image", photo), .text("views", "2")]))
            }
            return replies
        }
        return try told.flatMap { try $0.get() }
    }

    @Test(arguments: [[:], `The worker`.slow])
    func `refuses and loses no request of eight clients`(environment: [String: String]) throws {
        let site = try Stack(worker: nil)
        let folder = try TemporaryFolder()
        let listener = try UnixListener(site.socket)
        let workers = Mutex([try start(on: listener, in: folder, environment)])
        let statuses = Mutex<[Int32]>([])
        let replies = try replies(from: site, clients: 8) {
            for _ in 0..<5 {
                usleep(700_000)
                let old = workers.withLock { $0.removeLast() }
                // Until then a signal ends it as it would any program.
                #expect(waitUntil { old.catches(SIGTERM) })
                let status = old.stop()
                statuses.withLock { $0.append(status) }
                let new = try start(on: listener, in: folder, environment)
                workers.withLock { $0.append(new) }
            }
            usleep(700_000)
        }
        let log = try String(contentsOfFile: folder.file("worker.log"), encoding: .utf8)
        #expect(log.split(separator: "\n").count { $0.contains("ready: ") } == 6, "\(log)")
        #expect(statuses.withLock { $0 } == [0, 0, 0, 0, 0], "\(log)")
        #expect(replies.count > 40, "too few to show anything")
        for reply in replies where reply.status != 200 { Issue.record("\(reply.status) \(reply.text)") }
        #expect(workers.withLock { $0.removeLast() }.stop() == 0)
    }
}
