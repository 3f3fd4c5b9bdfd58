#if canImport(Glibc)
    import Glibc
#endif

/// SIGTERM, SIGINT, SIGUSR1 and SIGHUP, whichever thread the system hands them to: a library's own threads may take them as well as ours.
///
/// The handler writes the signal's number into a pipe, which is all that is safe there; `wait` reads it.
enum ProcessSignal {
    /// What the process is asked to do.
    enum Order {
        case stop
        /// SIGHUP: take the ensemble that is in its place now.
        case reload
    }

    /// SIGUSR1 is among them because libfcgi would take it as an order to accept nothing any more.
    private static let numbers = [SIGTERM, SIGINT, SIGUSR1, SIGHUP]
    private static let ends: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        return (ends[0], ends[1])
    }()

    /// From now on these signals are kept for `wait`. To be called before libfcgi starts, which handles them where no one else does.
    static func install() {
        _ = ends
        for number in numbers {
            signal(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(ProcessSignal.ends.write, &byte, 1)
                errno = saved
            }
        }
    }

    /// Runs `body` with these signals blocked; threads that it starts never see them, so that no call of theirs is interrupted.
    static func withoutSignals(_ body: () -> Void) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in numbers { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        body()
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Blocks until one of them has come.
    static func wait() -> Order {
        var byte: UInt8 = 0
        while read(ends.read, &byte, 1) < 0 && errno == EINTR {}
        return Int32(byte) == SIGHUP ? .reload : .stop
    }
}
