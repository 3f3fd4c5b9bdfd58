import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// The one request of a plain CGI program: parameters in the environment, body on descriptor 0, answer on descriptor 1.
final class CGIConnection: Connection {
    private let environment: [String: String]

    init(environment: [String: String]) {
        self.environment = environment
    }

    func parameter(_ name: String) -> String? { environment[name] }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let count = Glibc.read(STDIN_FILENO, base + filled, buffer.count - filled)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            filled += count
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
    var isClientGone: Bool { false }
}
