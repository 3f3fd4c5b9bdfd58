import FoundationEssentials
import Imaging
import Logging
import Model
import SettingNames

#if canImport(Glibc)
    import Glibc
#endif

/// The program: a FastCGI worker where a socket is given, a plain CGI program where a request is, help otherwise.
@main
enum MelaFCGI {
    /// Seconds. A large ensemble takes about as long to load.
    private static let startPatience = 60

    static func main() {
        switch CommandLine.arguments.dropFirst().first {
        case nil: exit(run(environment: ProcessInfo.processInfo.environment))
        case "--help", "-h":
            print(help)
        case "--version":
            print(Release.version)
        case let argument?:
            complain("\(argument) is not an option; settings come from the environment, see --help")
            exit(64)
        }
    }

    private static func run(environment: [String: String]) -> Int32 {
        do {
            let settings = try Settings(environment: environment)
            let logger = Logger(label: "melascan") { label in
                var handler = StreamLogHandler.standardError(label: label)
                handler.logLevel = settings.logLevel
                return handler
            }
            let service = Service(settings: settings, logger: logger, patience: startPatience)
            ignoreBrokenPipes()
            let handlesRequest = environment["REQUEST_METHOD"] != nil
            if !handlesRequest { ProcessSignal.install() }  // before the socket's file can be seen
            if let socket = try ListeningSocket.find(path: settings.socket, environment: environment) {
                let manager = ServiceManager(environment: environment)
                let watchdog = Watchdog(environment: environment, manager: manager, service: service)
                return try serve(service, socket: socket, manager: manager, watchdog: watchdog)
            }
            if handlesRequest {
                try service.start()
                let connection = CGIConnection(environment: environment)
                connection.send(Router(service: service).respond(to: connection.request()))
                return 0
            }
            complain("there is no socket to listen on and no CGI request; set MELASCAN_SOCKET, see --help")
            return 64
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// Answers at once (health says "starting", photos wait), loads, and serves until SIGTERM or SIGINT.
    private static func serve(
        _ service: Service, socket: ListeningSocket, manager: ServiceManager, watchdog: Watchdog?
    ) throws -> Int32 {
        // All that run or wait, and some to turn further ones away and to answer health checks.
        let worker = Worker(socket: socket, service: service, threads: service.settings.queue + 5)
        ProcessSignal.withoutSignals { worker.start() }
        do {
            try service.start()
        } catch {
            socket.stop()
            throw error
        }
        manager.ready()
        ProcessSignal.withoutSignals { watchdog?.start() }
        while ProcessSignal.wait() == .reload { service.reload() }
        manager.stopping()
        let abandoned = worker.drain()
        if abandoned > 0 { service.logger.warning("stopped with \(abandoned) requests unanswered") }
        service.logger.info("stopped")
        return 0
    }

    private static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    private static func complain(_ text: String) {
        _ = "MelaFCGI: \(text)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    private static var help: String {
        let kernels = Kernels.available.map(\.name).joined(separator: ", ")
        let settings = SettingName.settings.map { name, meaning in
            "  \(name)\n      \(meaning)" + (name == "MELASCAN_KERNELS" ? ": \(kernels)" : "")
        }.joined(separator: "\n")
        return """
            MelaFCGI \(Release.version): answers photos of moles with an ensemble's probability of melanoma. Decision support, not a diagnosis.

            A FastCGI worker where a listening socket is given (systemd's LISTEN_FDS, MELASCAN_SOCKET, or descriptor 0 from
            spawn-fcgi); a plain CGI program where REQUEST_METHOD is set. SIGTERM finishes what runs and exits;
            SIGHUP takes the ensemble that is in its place now, without a pause.

            Settings, from the environment (default):
            \(settings)

            Options: --help, --version
            """
    }
}
