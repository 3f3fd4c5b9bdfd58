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
            let before = signal(number) { _ in Interruption.flag.store(true, ordering: .relaxed) }
            // Under nohup, for one.
            if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
        }
        // A file on a lost network drive, or one that somebody cuts while it is read.
        signal(SIGBUS) { _ in
            Terminal.complain("A file could no longer be read, or was changed, while it was imported. Nothing was put in place.")
            _exit(1)
        }
    }
}
