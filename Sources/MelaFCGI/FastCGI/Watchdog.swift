import Model

#if canImport(Glibc)
    import Glibc
#endif

/// Tells systemd that the worker lives, three times a period and for as long as it is true; systemd ends and restarts a worker that
/// is silent for a period (WatchdogSec=). sd_watchdog_enabled(3).
///
/// It is not true any more when analyses wait and none of them has made a step for four periods: two minutes in our unit, where the
/// longest step, one pass of a large network, takes seconds. A long analysis makes a step with each pass, an idle worker need not.
struct Watchdog: Sendable {
    private static let signalsPerPeriod: UInt32 = 3
    private static let periodsOfStandstill = 4.0

    /// Microseconds.
    private let period: UInt32
    private let manager: ServiceManager
    private let service: Service

    /// Nil where nobody watches, or another process is meant.
    init?(environment: [String: String], manager: ServiceManager, service: Service) {
        guard let period = environment["WATCHDOG_USEC"].flatMap(UInt32.init), period >= Self.signalsPerPeriod else { return nil }
        if let pid = environment["WATCHDOG_PID"] {
            guard Int32(pid) == getpid() else { return nil }
        }
        self.period = period
        self.manager = manager
        self.service = service
    }

    /// Signals from now on, as long as the process runs.
    func start() {
        _ = WorkThread {
            var wasStuck = false
            while true {
                let isStuck = isStuck
                if !isStuck { manager.alive() }
                if isStuck, !wasStuck {
                    service.logger.critical("no analysis makes a step; systemd, hearing no more, restarts the worker")
                }
                wasStuck = isStuck
                usleep(period / Self.signalsPerPeriod)
            }
        }
    }

    private var isStuck: Bool { service.standstill > Self.periodsOfStandstill * Double(period) / 1000 }
}
