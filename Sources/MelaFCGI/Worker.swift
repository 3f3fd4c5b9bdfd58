import CFastCGI
import Logging
import Model
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The persistent process: threads that accept, answer and wait; it drains when told to stop.
final class Worker: Sendable {
    /// How long a drain waits for answers; then the rest is given up.
    private static let drainMilliseconds = 300_000.0
    /// How long it waits for requests that have begun to arrive.
    private static let arrivalMilliseconds = 2_000.0

    private let socket: ListeningSocket
    private let router: Router
    private let logger: Logger
    private let connections: [FastCGIConnection]
    /// Requests that are being taken or answered.
    private let active = Atomic(0)
    /// A pipe: its writing end is closed when the worker stops, which ends every `poll` on its reading end.
    private let stopSignal: (read: Int32, write: Int32)

    /// - Parameter threads: requests that can be read, wait and be answered at the same time.
    init(socket: ListeningSocket, service: Service, threads: Int) {
        FCGX_Init()
        self.socket = socket
        router = Router(service: service)
        logger = service.logger
        connections = (0..<threads).map { _ in FastCGIConnection(listeningOn: socket.descriptor) }
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        stopSignal = (ends[0], ends[1])
    }

    /// Answers from now on.
    func start() {
        for connection in connections { _ = WorkThread { self.acceptRequests(connection) } }
    }

    /// Accepts no more, and returns when what has been asked is answered or the time is up.
    /// - Returns: the requests given up.
    func drain() -> Int {
        socket.stop()
        close(stopSignal.write)
        let watch = Stopwatch()
        var waitsForArrivals = true
        while active.load(ordering: .acquiring) > 0, watch.milliseconds < Self.drainMilliseconds {
            usleep(10_000)
            if waitsForArrivals, watch.milliseconds > Self.arrivalMilliseconds {
                waitsForArrivals = false
                for connection in connections { connection.stopReading() }
            }
        }
        return active.load(ordering: .acquiring)
    }

    private func acceptRequests(_ connection: FastCGIConnection) {
        while waitForConnection() {
            // Counted before it is taken, so that a drain can't miss it in between.
            active.add(1, ordering: .acquiringAndReleasing)
            switch connection.accept() {
            case .accepted:
                connection.send(router.respond(to: connection.request()))
                connection.finish()
            case .taken: break
            case .failed(let reason):
                logger.warning("a connection was not accepted: \(reason)")
                usleep(50_000)  // out of descriptors, perhaps: the connection still waits, so do not spin
            }
            active.subtract(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Blocks until a connection waits; false once the worker stops.
    private func waitForConnection() -> Bool {
        while true {
            var descriptors = [
                pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopSignal.read, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&descriptors, 2, -1)
            if descriptors[1].revents != 0 { return false }
            if descriptors[0].revents != 0 { return true }
        }
    }
}
