import Foundation

/// A connected stream socket with time-outs. Closes itself when the last reference goes.
final class Socket {
    private var descriptor: Int32

    /// Connects to a port on the loopback. `from` is the address to come from: all of 127.0.0.0/8 is this machine.
    init(port: UInt16, from source: String? = nil, timeout: Double) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Socket.failure("socket") }
        setTimeouts(timeout)
        if let source {
            var address = Socket.address(source, 0)
            try check("bind", Socket.withPointer(&address) { bind(descriptor, $0, $1) })
        }
        var address = Socket.address("127.0.0.1", port)
        try check("connect to port \(port)", Socket.withPointer(&address) { connect(descriptor, $0, $1) })
    }

    /// Connects to a unix socket.
    init(path: String, timeout: Double) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Socket.failure("socket") }
        setTimeouts(timeout)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw HarnessError("the path of the socket is too long: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        try check("connect to \(path)", Socket.withPointer(&address) { connect(descriptor, $0, $1) })
    }

    deinit { close() }

    /// Sends all of `bytes`; throws when the other side does not take them in time or has closed.
    func send(_ bytes: Data) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Socket.failure("send") }
            sent += count
        }
    }

    /// The next bytes; empty at the end of the stream.
    func receive(atMost limit: Int = 65_536) throws -> Data {
        var bytes = [UInt8](repeating: 0, count: limit)
        while true {
            let count = recv(descriptor, &bytes, limit, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Socket.failure("receive") }
            return Data(bytes.prefix(count))
        }
    }

    /// Says that nothing more will be sent; the answer can still be read.
    func finishSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Leaves without a good-bye (RST), as a phone does that loses the network.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }

    /// A port on the loopback at which nothing listens at this moment.
    static func freePort() throws -> UInt16 {
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { Glibc.close(probe) }
        var address = Socket.address("127.0.0.1", 0)
        guard withPointer(&address, { bind(probe, $0, $1) }) == 0 else { throw failure("bind") }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(probe, $0, &length) }
        }
        guard named == 0 else { throw failure("getsockname") }
        return UInt16(bigEndian: address.sin_port)
    }

    private func setTimeouts(_ seconds: Double) {
        var time = timeval(
            tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1_000_000))
        let size = socklen_t(MemoryLayout.size(ofValue: time))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }

    private func check(_ what: String, _ result: Int32) throws {
        guard result != 0 else { return }
        let error = Socket.failure(what)
        close()
        throw error
    }

    private static func failure(_ what: String) -> HarnessError {
        let reason = errno == EAGAIN ? "timed out" : String(cString: strerror(errno))
        return HarnessError("\(what): \(reason)")
    }

    private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(text)
        return address
    }

    private static func withPointer<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
