#if canImport(Glibc)
    import Glibc
#endif

/// The unix socket that nginx connects to: inherited from systemd or spawn-fcgi, or made here and removed at the end.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    /// Set if the socket was made here.
    private let path: String?

    /// Finds the socket: LISTEN_FDS (systemd's protocol, sd_listen_fds(3)), then a path, then descriptor 0 if it listens.
    ///
    /// - Returns: nil if there is none.
    /// - Throws: `SocketError`.
    static func find(path: String?, environment: [String: String]) throws(SocketError) -> ListeningSocket? {
        if let count = environment["LISTEN_FDS"].flatMap(Int.init), count >= 1,
            environment["LISTEN_PID"].flatMap(Int32.init) == getpid()
        {
            guard count == 1 else { throw SocketError(reason: "systemd passed \(count) sockets; pass one") }
            return try ListeningSocket(inherited: 3)
        }
        if let path { return try ListeningSocket(path: path) }
        return isListening(0) ? try ListeningSocket(inherited: 0) : nil
    }

    private init(inherited descriptor: Int32) throws(SocketError) {
        guard Self.isListening(descriptor) else { throw SocketError(reason: "descriptor \(descriptor) is no listening socket") }
        self.descriptor = descriptor
        path = nil
        makeNonBlocking()
    }

    private init(path: String) throws(SocketError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw SocketError(reason: "its path is longer than \(capacity - 1) bytes; choose a shorter one")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError(reason: String(cString: strerror(errno))) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        func withAddress(_ call: (UnsafePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, call) }
        }
        // A socket file that nobody listens on any more is left over from a worker that was killed.
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let answered = withAddress { connect(probe, $0, size) } == 0
        close(probe)
        guard !answered else {
            close(descriptor)
            throw SocketError(reason: "another worker listens on it; stop that one first")
        }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        let mask = umask(0o117)
        let bound = withAddress { bind(descriptor, $0, size) }
        umask(mask)
        guard bound == 0, listen(descriptor, 511) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw SocketError(reason: reason)
        }
        self.descriptor = descriptor
        self.path = path
        makeNonBlocking()
    }

    /// Takes no more connections; removes the socket's file if it was made here.
    func stop() {
        if let path { unlink(path) }
    }

    /// Several threads wait for one connection; those that come too late must not block.
    private func makeNonBlocking() {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
    }
}

/// The socket can't be used.
struct SocketError: Error, Equatable, CustomStringConvertible {
    var reason: String

    var description: String { "the socket can't be opened: \(reason)" }
}
