import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// The one request of a plain CGI program: parameters in the environment, body on descriptor 0, answer on descriptor 1.
final class CGIConnection: Connection {
    private let environment: [String: String]
    /// What CONTENT_LENGTH leaves to be read: a server need not close its end, so there is nothing to wait for behind it (RFC 3875, 4.2).
    private var left: Int

    init(environment: [String: String]) {
        self.environment = environment
        left = environment["CONTENT_LENGTH"].flatMap(Int.init) ?? 0
    }

    /// Who starts the program by hand, without a web server, is on this machine.
    func parameter(_ name: String) -> String? {
        environment[name] ?? (name == "REMOTE_ADDR" && environment["GATEWAY_INTERFACE"] == nil ? "127.0.0.1" : nil)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, left > 0, let base = buffer.baseAddress {
            let count = Glibc.read(STDIN_FILENO, base + filled, min(buffer.count - filled, left))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            filled += count
            left -= count
        }
        return filled
    }

    func write(_ data: Data) -> Bool {
        data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count, let base = bytes.baseAddress {
                let count = Glibc.write(STDOUT_FILENO, base + sent, bytes.count - sent)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    func flush() -> Bool { true }

    /// A CGI program's client can't be watched.
    var isGone: Bool { false }
}
