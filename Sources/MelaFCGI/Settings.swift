import Configuration
import FoundationEssentials
import Logging
import Model

/// The worker's settings, all of them, from the environment.
struct Settings: Sendable, Equatable {
    var ensemble = "ensembles/default"
    var socket: String?
    var threads = Processor.count
    var queue = 8
    var maxBodyBytes = 20 * 1024 * 1024
    var maxPixels = 50_000_000
    var operatingPoint: String?
    /// How much an analysis takes unless it is asked otherwise; nil: as the ensemble says.
    var views: Int?
    var members: Int?
    /// Folder of the records; nil: nothing is kept.
    var records: String?
    var allowedOrigins: [String] = []
    var logLevel = Logger.Level.info
    var kernels: String?

    /// What `--help` prints about each.
    static let help: [(name: String, meaning: String)] = [
        ("MELASCAN_ENSEMBLE", "folder of the ensemble (ensembles/default)"),
        ("MELASCAN_SOCKET", "unix socket to make, mode 0660; not needed under systemd or spawn-fcgi"),
        ("MELASCAN_THREADS", "inference threads (one a processor)"),
        ("MELASCAN_QUEUE", "analyses that may wait; more are answered 503 (8)"),
        ("MELASCAN_MAX_BODY_BYTES", "largest upload (20971520); nginx has the same limit"),
        ("MELASCAN_MAX_PIXELS", "largest photo, width times height (50000000)"),
        ("MELASCAN_VIEWS", "views a member, 1 to 8, that an analysis takes unless asked otherwise (as the ensemble says)"),
        ("MELASCAN_MEMBERS", "first members that an analysis takes unless asked otherwise (as the ensemble says)"),
        ("MELASCAN_OPERATING_POINT", "operating point of the verdicts (the ensemble's first)"),
        ("MELASCAN_RECORDS", "folder to keep an audit log of all analyses in, without photos and patients (nothing is kept)"),
        ("MELASCAN_ALLOWED_ORIGINS", "pages of other origins that may call this server, with commas (none)"),
        ("MELASCAN_LOG_LEVEL", "trace, debug, info, notice, warning, error or critical (info)"),
        ("MELASCAN_KERNELS", "forces an instruction set: \(Kernels.available.map(\.name).joined(separator: ", "))"),
    ]

    init() {}

    /// - Throws: `SettingsError` naming the first variable that makes no sense.
    init(from reader: ConfigReader) throws(SettingsError) {
        func text(_ key: ConfigKey) -> String? {
            reader.string(forKey: key).flatMap { $0.isEmpty ? nil : $0 }
        }
        func number(_ key: ConfigKey, _ name: String, in range: ClosedRange<Int>, default value: Int) throws(SettingsError) -> Int
        {
            guard let text = text(key) else { return value }
            guard let number = Int(text), range.contains(number) else {
                throw SettingsError(name: name, reason: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        func limit(_ key: ConfigKey, _ name: String, upTo largest: Int) throws(SettingsError) -> Int? {
            text(key) == nil ? nil : try number(key, name, in: 1...largest, default: 1)
        }
        ensemble = text("melascan.ensemble") ?? ensemble
        socket = text("melascan.socket")
        threads = try number("melascan.threads", "MELASCAN_THREADS", in: 1...64, default: threads)
        queue = try number("melascan.queue", "MELASCAN_QUEUE", in: 0...200, default: queue)
        maxBodyBytes = try number(
            "melascan.max.body.bytes", "MELASCAN_MAX_BODY_BYTES", in: 1024...1_073_741_824, default: maxBodyBytes)
        maxPixels = try number("melascan.max.pixels", "MELASCAN_MAX_PIXELS", in: 1...1_000_000_000, default: maxPixels)
        views = try limit("melascan.views", "MELASCAN_VIEWS", upTo: 8)
        members = try limit("melascan.members", "MELASCAN_MEMBERS", upTo: 1000)
        operatingPoint = text("melascan.operating.point")
        records = text("melascan.records")
        allowedOrigins = (text("melascan.allowed.origins") ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        if let level = text("melascan.log.level") {
            guard let known = Logger.Level(rawValue: level.lowercased()) else {
                throw SettingsError(name: "MELASCAN_LOG_LEVEL", reason: "must be one of those that --help lists")
            }
            logLevel = known
        }
        kernels = text("melascan.kernels")
    }

    var limits: EnsembleCard.Limits {
        EnsembleCard.Limits(maxBodyBytes: maxBodyBytes, maxPixels: maxPixels, queue: queue)
    }
}

/// A setting that makes no sense.
struct SettingsError: Error, Equatable, CustomStringConvertible {
    var name: String
    var reason: String

    var description: String { "\(name) \(reason)" }
}
