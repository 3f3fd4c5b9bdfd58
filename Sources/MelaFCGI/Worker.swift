import CFastCGI
import Logging
import Model

#if canImport(Glibc)
    import Glibc
#endif

/// The persistent process: threads that accept, answer and wait; it drains on SIGTERM or SIGINT.
final class Worker: Sendable {
    private struct State {
        var isStopping = false
        /// Requests that were accepted and are not answered yet.
        var active = 0
    }

    /// How long a drain may take; then the rest is given up.
    private static let drainSeconds = 60

    private let socket: ListeningSocket
    private let router: Router
    private let logger: Logger
    private let state = Monitor(State())
    /// A pipe: its writing end is closed when the worker stops, which ends every `poll` on its reading end.
    private let stopSignal: (read: Int32, write: Int32)

    init(socket: ListeningSocket, service: Service) {
        self.socket = socket
        router = Router(service: service)
        logger = service.logger
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        stopSignal = (ends[0], ends[1])
    }

    /// Answers from now on, on `threads` threads.
    func start(threads: Int) {
        FCGX_Init()
        for _ in 0..<threads { _ = WorkThread { self.acceptRequests() } }
    }

    /// Accepts no more, and returns when what runs is answered or the time is up.
    /// - Returns: the requests given up.
    func drain() -> Int {
        state.update { $0.isStopping = true }
        socket.stop()
        close(stopSignal.write)
        let timer = WorkThread { [state] in
            sleep(UInt32(Self.drainSeconds))
            state.update { _ in }
        }
        _ = timer
        let watch = Stopwatch()
        return state.wait { state in
            state.active == 0 || watch.milliseconds >= Double(Self.drainSeconds) * 1000 ? state.active : nil
        }
    }

    private func acceptRequests() {
        let connection = FastCGIConnection(listeningOn: socket.descriptor)
        while waitForConnection() {
            // Counted before it is taken, so that a drain can't miss it in between.
            state.update { $0.active += 1 }
            switch connection.accept() {
            case .accepted:
                connection.send(router.respond(to: connection.request()))
                connection.finish()
            case .taken: break
            case .failed(let reason):
                logger.warning("a connection was not accepted: \(reason)")
                usleep(50_000)  // out of descriptors, perhaps: the connection still waits, so do not spin
            }
            state.update { $0.active -= 1 }
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
