import CFastCGI
import FoundationEssentials
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// One FastCGI request of one thread, reused for the next. FCGX_InitRequest, FCGX_Accept_r, FCGX_Finish_r, FCGX_Free.
///
/// Used by its own thread; only `stopReading` may be called from another.
final class FastCGIConnection: Connection, @unchecked Sendable {
    private let request: UnsafeMutablePointer<FCGX_Request>
    /// From the attempt to take a connection until its request is complete.
    private let isReading = Atomic(false)

    init(listeningOn descriptor: Int32) {
        request = .allocate(capacity: 1)
        FCGX_InitRequest(request, descriptor, 0)
    }

    deinit {
        FCGX_Free(request, 1)
        request.deallocate()
    }

    /// What came of an attempt to take a waiting connection.
    enum Acceptance: Equatable {
        case accepted
        /// Another thread was faster.
        case taken
        case failed(String)
    }

    /// Takes a waiting connection and reads its parameters.
    func accept() -> Acceptance {
        isReading.store(true, ordering: .relaxed)
        let status = FCGX_Accept_r(request)
        switch -status {
        case 0: return .accepted
        case EAGAIN: return .taken
        case let code: return .failed(String(cString: strerror(code)))
        }
    }

    /// Ends the request and closes the connection.
    func finish() {
        FCGX_Finish_r(request)
    }

    func parameter(_ name: String) -> String? {
        guard let value = FCGX_GetParam(name, request.pointee.envp) else { return nil }
        return String(cString: value)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, let base = buffer.baseAddress {
            let wanted = Int32(min(buffer.count - filled, 1 << 20))
            let count = FCGX_GetStr((base + filled).assumingMemoryBound(to: CChar.self), wanted, request.pointee.in)
            guard count > 0 else {
                isReading.store(false, ordering: .relaxed)
                break
            }
            filled += Int(count)
        }
        return filled
    }

    /// Ends a request that is not complete, as if its sender had closed: for a drain, which waits for answers, not for questions.
    func stopReading() {
        let descriptor = request.pointee.ipcFd
        if isReading.load(ordering: .relaxed), descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RD)) }
    }

    func write(_ data: Data) -> Bool {
        isReading.store(false, ordering: .relaxed)
        return data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count, let base = bytes.baseAddress {
                let wanted = Int32(min(bytes.count - sent, 1 << 20))
                let count = FCGX_PutStr((base + sent).assumingMemoryBound(to: CChar.self), wanted, request.pointee.out)
                guard count > 0 else { return false }
                sent += Int(count)
            }
            return true
        }
    }

    func flush() -> Bool {
        FCGX_FFlush(request.pointee.out) == 0
    }

    /// The web server closes its connection when its client leaves (nginx: `fastcgi_ignore_client_abort off`).
    var isGone: Bool {
        guard request.pointee.ipcFd >= 0 else { return true }
        var byte: UInt8 = 0
        let count = recv(request.pointee.ipcFd, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }
}
