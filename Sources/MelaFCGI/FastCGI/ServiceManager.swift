#if canImport(Glibc)
    import Glibc
#endif

/// Tells systemd how the service fares (sd_notify(3)); does nothing where no one asked.
struct ServiceManager: Sendable {
    private let path: String?

    init(environment: [String: String]) {
        path = environment["NOTIFY_SOCKET"]
    }

    func ready() { send("READY=1") }
    func alive() { send("WATCHDOG=1") }
    func stopping() { send("STOPPING=1") }

    private func send(_ message: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard let path, (2..<MemoryLayout.size(ofValue: address.sun_path)).contains(path.utf8.count) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        if path.hasPrefix("@") { address.sun_path.0 = 0 }  // Linux's abstract sockets
        let length = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? 2
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), $0,
                    socklen_t(length + path.utf8.count))
            }
        }
    }
}
