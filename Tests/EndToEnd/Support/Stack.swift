import Foundation

/// A real worker behind a real nginx, made from the text in deploy/, on a free loopback port and in a private folder.
/// Both stop, and the folder goes, when the last reference goes; and, for a stack that a suite keeps in a `static let`
/// or after a crash, when the test process ends.
final class Stack: @unchecked Sendable {
    enum Site: Sendable {
        case clinic
        /// With TLS at `tlsPort`, for `localhost`.
        case cloud(TestCertificate)
    }

    /// The folder of this run: the worker's socket and the logs are in it.
    let runDirectory: String
    /// The worker's unix socket.
    let socket: String
    /// The port for plain HTTP; 0 without nginx.
    let port: UInt16
    /// The port for HTTPS; 0 unless the site is the cloud's.
    let tlsPort: UInt16
    /// Nil where a test asked for nginx alone.
    let worker: Child?
    /// Nil where a test asked for the worker alone.
    private(set) var nginx: Child?

    private let folder: TemporaryFolder
    private let guardian: Child
    private let lifeline: Int32

    /// Starts what is asked for and waits until it is ready. `worker` is the path of the program, nil for nginx alone;
    /// `site` is nil for the worker alone; `devices` switches its certificates for clients on; `environment` holds the worker's settings. With `waits` false, or without a
    /// worker, only nginx's port is waited for. Throws, with the logs, when it is not ready after `seconds`.
    init(
        worker program: String? = Repository.worker, environment: [String: String] = [:],
        site: Site? = .clinic, devices: TestAuthority? = nil, waits: Bool = true, within seconds: Double = Waiting.limit
    ) throws {
        folder = try TemporaryFolder("melascan-stack")
        runDirectory = folder.path
        socket = folder.file("worker.sock")
        if let program {
            worker = try Child(
                program, environment: environment.merging(["MELASCAN_SOCKET": socket]) { $1 },
                log: folder.file("worker.log"))
        } else {
            worker = nil
        }
        if let site {
            port = try Socket.freePort()
            var words = [runDirectory, "127.0.0.1:\(port)", socket, Repository.path("web")]
            if case .cloud(let certificate) = site {
                tlsPort = try Socket.freePort()
                words += ["127.0.0.1:\(tlsPort)", certificate.certificate, certificate.key, "localhost"]
            } else {
                tlsPort = 0
            }
            nginx = try Stack.startNginx(words, devices: devices, in: folder)
        } else {
            (port, tlsPort, nginx) = (0, 0, nil)
        }
        (guardian, lifeline) = try Stack.watch([worker, nginx].compactMap { $0?.pid }, folder.path)
        do {
            try waitUntilReady(worker: waits, within: seconds)
        } catch {
            stop()
            throw error
        }
    }

    deinit {
        stop()
        close(lifeline)
    }

    var http: RawHTTP { RawHTTP(port: port) }

    func fastCGI(timeout: Double = Waiting.limit) throws -> FastCGIClient {
        try FastCGIClient(path: socket, timeout: timeout)
    }

    var workerLog: String { log("worker.log") }
    var accessLog: String { log("access.log") }
    var nginxLog: String { log("nginx.log") + log("error.log") }

    /// The worker, nginx's master and nginx's workers.
    var processes: [Int32] {
        var all = [worker?.pid, nginx?.pid].compactMap { $0 }
        if let master = nginx?.pid,
            let children = try? String(
                contentsOfFile: "/proc/\(master)/task/\(master)/children", encoding: .utf8)
        {
            all += children.split(separator: " ").compactMap { Int32($0) }
        }
        return all
    }

    /// Stops nginx, then the worker, as an orderly shutdown does. Gives the worker's exit status. Once is enough.
    @discardableResult
    func stop() -> Int32? {
        nginx?.stop(SIGQUIT, within: 10)
        let status = worker?.stop()
        guardian.stop(SIGKILL)
        return status
    }

    private func log(_ name: String) -> String {
        (try? String(contentsOfFile: folder.file(name), encoding: .utf8)) ?? ""
    }

    private func waitUntilReady(worker waitsForWorker: Bool, within seconds: Double) throws {
        let ready = waitUntil(within: seconds) { [self] in
            for child in [worker, nginx] where child?.isRunning == false { return true }
            if worker != nil && waitsForWorker {
                // The cloud's plain side leads on to HTTPS.
                let status =
                    nginx == nil || tlsPort != 0
                    ? try? FastCGIClient.call(socket, "GET", "/v1/health/ready", timeout: 5).http.status
                    : try? http.get("/v1/health/ready").status
                return status == 200 && (nginx == nil || (try? http.open()) != nil)
            }
            return nginx == nil || (try? http.open()) != nil
        }
        guard ready, worker?.isRunning != false, nginx?.isRunning != false else {
            throw HarnessError("not ready.\nworker: \(workerLog)\nnginx: \(nginxLog)")
        }
    }

    /// Stops nginx and starts it anew with the same configuration.
    func restartNginx() throws {
        nginx?.stop(SIGQUIT, within: 10)
        nginx = try Stack.startNginx(folder.file("nginx.conf"), in: folder)
        guard waitUntil({ (try? http.open()) != nil }) else { throw HarnessError(nginxLog) }
    }

    private static func startNginx(_ words: [String], devices: TestAuthority?, in folder: TemporaryFolder) throws -> Child {
        let text = try Shell.run(Repository.path("scripts/nginx-config"), arguments: words)
        guard text.succeeded else { throw HarnessError(text.output) }
        let configuration = try devices.map { try switchedOn(text.output, for: $0) } ?? text.output
        return try startNginx(folder.write(configuration, to: "nginx.conf"), in: folder)
    }

    /// As an administrator does it: the "#" of three lines is removed.
    private static func switchedOn(_ text: String, for devices: TestAuthority) throws -> String {
        let lines = [
            ("# ssl_verify_client optional;", "ssl_verify_client optional;"),
            ("# ssl_client_certificate /etc/melascan/devices/ca.pem;", "ssl_client_certificate \"\(devices.authority)\";"),
            ("# ssl_crl /etc/melascan/devices/crl.pem;", "ssl_crl \"\(devices.revoked)\";"),
        ]
        return try lines.reduce(text) { text, line in
            guard text.contains(line.0) else { throw HarnessError("no line \(line.0)") }
            return text.replacingOccurrences(of: line.0, with: line.1)
        }
    }

    private static func startNginx(_ file: String, in folder: TemporaryFolder) throws -> Child {
        try Child(
            "nginx", ["-e", folder.file("error.log"), "-c", file, "-g", "daemon off;"],
            log: folder.file("nginx.log"))
    }

    /// Starts a shell that waits for the end of this process, however it ends, and then clears up. A `deinit` does not
    /// run for what a static property holds, nor after a crash. Gives the shell, and the descriptor that it watches.
    private static func watch(_ pids: [Int32], _ folder: String) throws -> (Child, Int32) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw HarnessError("cannot make a pair of sockets") }
        defer { close(ends[0]) }
        let script =
            "read end; folder=$1; shift; kill -TERM \"$@\" 2>/dev/null; kill -CONT \"$@\" 2>/dev/null; rm -rf \"$folder\""
        let shell = try Child(
            "/bin/sh", ["-c", script, "sh", folder] + pids.map(String.init), log: "/dev/null", input: ends[0])
        return (shell, ends[1])
    }
}
