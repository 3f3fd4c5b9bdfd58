import Configuration
import FoundationEssentials
import Logging
import Model
import SettingNames

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
    /// Analyses end once further passes can hardly move the verdict, where the ensemble has a rule for it; nil: as the ensemble says.
    var earlyStop: Bool?
    /// Seconds that an analysis's passes may take; nil: as many as they take.
    var budgetSeconds: Int? = 15
    var mode = Mode.clinic
    /// Where the records are: a folder, or PostgreSQL's address; nil: nothing is kept.
    var records: String?
    /// File with the records' keys.
    var key: String?
    /// File with the texts of the consents.
    var consent: String?
    /// Photos may be donated.
    var donation = false
    /// Whose devices may send photos without a token.
    var openNetworks = OpenNetworks.loopback
    /// What needs no token.
    var openPaths: Set<OpenPath> = [.openAPI, .metrics]
    var allowedOrigins: [String] = []
    var logLevel = Logger.Level.info
    var kernels: String?
    /// nil: as the ensemble says.
    var precision: Precision?
    /// Folder of packed weights; nil: they are packed at each start.
    var cache: String?

    /// Where the server stands.
    enum Mode: String, Sendable, CaseIterable {
        /// In a clinic's own network: nothing is kept unless it is asked for.
        case clinic
        /// Away from the clinic, for many: TLS, a token and a consent each time.
        case cloud
    }

    /// What can be opened to those without a token.
    enum OpenPath: String, Sendable, CaseIterable {
        case openAPI = "openapi"
        case metrics
    }

    init() {}

    /// - Throws: `SettingsError` naming those variables that are no settings and seem to be, or the first whose value makes no sense.
    init(environment: [String: String]) throws(SettingsError) {
        let unknown = UnknownSetting.all(in: environment.keys)
        if let first = unknown.first {
            let reasons = [first.reason] + unknown.dropFirst().map(\.description)
            throw SettingsError(name: first.name, reason: reasons.joined(separator: "; "))
        }
        try self.init(from: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    private init(from reader: ConfigReader) throws(SettingsError) {
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
        func choice<Choice: RawRepresentable & CaseIterable>(
            _ key: ConfigKey, _ name: String, of type: Choice.Type
        ) throws(SettingsError) -> Choice? where Choice.RawValue == String {
            guard let text = text(key) else { return nil }
            guard let choice = Choice(rawValue: text.lowercased()) else {
                throw SettingsError(name: name, reason: "must be one of \(Choice.names)")
            }
            return choice
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
        earlyStop = try choice("melascan.early.stop", "MELASCAN_EARLY_STOP", of: Switch.self).map { $0 == .on }
        let seconds = try number(
            "melascan.budget.seconds", "MELASCAN_BUDGET_SECONDS", in: 0...3600, default: budgetSeconds ?? 0)
        budgetSeconds = seconds == 0 ? nil : seconds
        operatingPoint = text("melascan.operating.point")
        mode = try choice("melascan.mode", "MELASCAN_MODE", of: Mode.self) ?? mode
        records = text("melascan.records")
        let credentials = text("credentials.directory").map { $0 + "/records-key" }
        key = text("melascan.key") ?? credentials
        consent = text("melascan.consent")
        donation = try choice("melascan.donation", "MELASCAN_DONATION", of: Switch.self) == .on
        openNetworks = mode == .clinic ? .loopback : .none
        if let list = text("melascan.open.networks") {
            guard let networks = list == "none" ? OpenNetworks.none : OpenNetworks(list) else {
                throw SettingsError(
                    name: "MELASCAN_OPEN_NETWORKS", reason: "must be addresses such as 192.168.1.0/24, with commas, or none")
            }
            guard mode == .clinic || networks == .none else {
                throw SettingsError(name: "MELASCAN_OPEN_NETWORKS", reason: "can't be used in the cloud mode: all need a token")
            }
            openNetworks = networks
        }
        if let list = text("melascan.open.paths") {
            let names = list == "none" ? [] : list.split(separator: ",").map(\.trimmed)
            openPaths = Set(names.compactMap(OpenPath.init))
            guard openPaths.count == names.count else {
                throw SettingsError(name: "MELASCAN_OPEN_PATHS", reason: "must be of \(OpenPath.names), with commas, or none")
            }
        }
        allowedOrigins = (text("melascan.allowed.origins") ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
        if let level = text("melascan.log.level") {
            guard let known = Logger.Level(rawValue: level.lowercased()) else {
                throw SettingsError(name: "MELASCAN_LOG_LEVEL", reason: "must be one of those that --help lists")
            }
            logLevel = known
        }
        kernels = text("melascan.kernels")
        precision = try choice("melascan.precision", "MELASCAN_PRECISION", of: Precision.self)
        cache = text("melascan.cache") ?? text("cache.directory")
    }

    var limits: EnsembleCard.Limits {
        EnsembleCard.Limits(maxBodyBytes: maxBodyBytes, maxPixels: maxPixels, queue: queue)
    }
}

private enum Switch: String, CaseIterable {
    case on
    case off
}

extension CaseIterable where Self: RawRepresentable<String> {
    /// All values, as they are written.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// A setting that makes no sense.
struct SettingsError: Error, Equatable, CustomStringConvertible {
    var name: String
    var reason: String

    var description: String { "\(name) \(reason)" }
}
