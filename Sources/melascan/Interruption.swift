import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Whether somebody has asked this process to stop (Ctrl-C, SIGTERM, a closed terminal), for work that must tidy up first. sigaction.
enum Interruption {
    private static let flag = Atomic(false)

    static var wasAsked: Bool { flag.load(ordering: .relaxed) }

    /// From now on those signals are noted and no longer end the process; nor does a file that reaches the system's limit of size.
    static func watch() {
        signal(SIGXFSZ, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in Interruption.flag.store(true, ordering: .relaxed) }
        }
    }
}
