import Foundation

/// A unix socket of a test's own: one that listens, to be handed on or left over, or one that takes messages.
final class UnixListener: @unchecked Sendable {
    let descriptor: Int32
    let path: String

    /// Binds it, without removing the file at the end. `kind` is SOCK_STREAM or SOCK_DGRAM.
    init(_ path: String, _ kind: __socket_type = SOCK_STREAM) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(kind.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, kind == SOCK_DGRAM || listen(descriptor, 16) == 0 else {
            throw HarnessError("cannot listen at \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// The next message; nil if none comes within `seconds`.
    func message(within seconds: Double = Waiting.limit) -> String? {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, Int32(seconds * 1000)) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
