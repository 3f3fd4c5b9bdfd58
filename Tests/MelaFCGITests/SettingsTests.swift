import Configuration
import Testing

@testable import MelaFCGI

@Suite struct SettingsTests {
    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(from: ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment)))
    }

    @Test func `nothing set gives the defaults, and so does the empty text`() throws {
        #expect(try settings([:]) == Settings())
        #expect(try settings(["MELASCAN_QUEUE": "", "MELASCAN_KERNELS": ""]) == Settings())
    }

    @Test func `every setting that help lists is read`() throws {
        let values = [
            "MELASCAN_ENSEMBLE": "/e", "MELASCAN_SOCKET": "/s", "MELASCAN_THREADS": "3", "MELASCAN_QUEUE": "4",
            "MELASCAN_MAX_BODY_BYTES": "5000", "MELASCAN_MAX_PIXELS": "6", "MELASCAN_OPERATING_POINT": "p",
            "MELASCAN_ALLOWED_ORIGINS": "http://a, http://b", "MELASCAN_LOG_LEVEL": "Debug", "MELASCAN_KERNELS": "avx2",
            "MELASCAN_VIEWS": "2", "MELASCAN_MEMBERS": "7", "MELASCAN_RECORDS": "/r",
            "MELASCAN_MODE": "Clinic", "MELASCAN_KEY": "/k", "MELASCAN_CONSENT": "/c", "MELASCAN_DONATION": "on",
            "MELASCAN_OPEN_NETWORKS": "10.0.0.0/8, fd00::/8", "MELASCAN_OPEN_PATHS": "metrics",
            "MELASCAN_EARLY_STOP": "off", "MELASCAN_BUDGET_SECONDS": "8", "MELASCAN_PRECISION": "bf16",
            "MELASCAN_CACHE": "/cache",
        ]
        #expect(Set(values.keys) == Set(Settings.help.map(\.name)))
        let settings = try settings(values)
        #expect(settings.ensemble == "/e" && settings.socket == "/s" && settings.threads == 3 && settings.queue == 4)
        #expect(settings.maxBodyBytes == 5000 && settings.maxPixels == 6 && settings.operatingPoint == "p")
        #expect(settings.mode == .clinic && settings.key == "/k" && settings.consent == "/c" && settings.donation)
        #expect(settings.openNetworks == OpenNetworks("10.0.0.0/8,fd00::/8") && settings.openPaths == [.metrics])
        #expect(settings.views == 2 && settings.members == 7 && settings.records == "/r")
        #expect(settings.earlyStop == false && settings.budgetSeconds == 8)
        #expect(settings.precision == .bf16 && settings.cache == "/cache")
        #expect(settings.allowedOrigins == ["http://a", "http://b"] && settings.logLevel == .debug && settings.kernels == "avx2")
    }

    @Test(arguments: [
        ("MELASCAN_THREADS", "0"), ("MELASCAN_THREADS", "many"), ("MELASCAN_QUEUE", "-1"), ("MELASCAN_MAX_PIXELS", "1e6"),
        ("MELASCAN_LOG_LEVEL", "loud"), ("MELASCAN_VIEWS", "0"), ("MELASCAN_VIEWS", "9"), ("MELASCAN_MEMBERS", "all"),
        ("MELASCAN_MODE", "home"), ("MELASCAN_DONATION", "yes"), ("MELASCAN_OPEN_NETWORKS", "10.0.0.0/33"),
        ("MELASCAN_EARLY_STOP", "1"), ("MELASCAN_PRECISION", "fp16"), ("MELASCAN_BUDGET_SECONDS", "-1"),
        ("MELASCAN_BUDGET_SECONDS", "2.5"),
        ("MELASCAN_OPEN_NETWORKS", "everyone"), ("MELASCAN_OPEN_PATHS", "all"), ("MELASCAN_OPEN_PATHS", "none, metrics"),
    ])
    func `a value that makes no sense is named`(name: String, value: String) {
        #expect {
            try settings([name: value])
        } throws: { ($0 as? SettingsError)?.name == name }
    }

    @Test func `analyses end early as the ensemble says, and within 15 seconds, unless it is said otherwise`() throws {
        #expect(try settings([:]).earlyStop == nil && settings(["MELASCAN_EARLY_STOP": "on"]).earlyStop == true)
        #expect(try settings([:]).budgetSeconds == 15)
        #expect(try settings(["MELASCAN_BUDGET_SECONDS": "0"]).budgetSeconds == nil)
    }

    @Test func `packed weights are kept in systemd's cache directory unless a folder is named`() throws {
        #expect(try settings([:]).cache == nil)
        #expect(try settings(["CACHE_DIRECTORY": "/var/cache/m"]).cache == "/var/cache/m")
        #expect(try settings(["CACHE_DIRECTORY": "/var/cache/m", "MELASCAN_CACHE": "/c"]).cache == "/c")
    }

    @Test func `the key comes from systemd's credentials unless a file is named, and the cloud has no open networks`() throws {
        #expect(try settings(["CREDENTIALS_DIRECTORY": "/run/c"]).key == "/run/c/records-key")
        #expect(try settings(["CREDENTIALS_DIRECTORY": "/run/c", "MELASCAN_KEY": "/k"]).key == "/k")
        #expect(try settings(["MELASCAN_MODE": "cloud"]).openNetworks == .none)
        #expect(throws: SettingsError.self) { try settings(["MELASCAN_MODE": "cloud", "MELASCAN_OPEN_NETWORKS": "10.0.0.1"]) }
        #expect(try settings(["MELASCAN_OPEN_PATHS": "none"]).openPaths.isEmpty)
        #expect(try settings(["MELASCAN_OPEN_NETWORKS": "none"]).openNetworks == .none)
    }
}

@Suite struct OpenNetworksTests {
    @Test(arguments: [
        ("127.0.0.0/8, ::1", "127.3.4.5", true), ("127.0.0.0/8", "128.0.0.1", false), ("127.0.0.0/8,::1", "::1", true),
        ("192.168.1.0/24", "192.168.1.255", true), ("192.168.1.0/24", "192.168.2.0", false),
        ("192.168.1.0/24", "::ffff:192.168.1.7", true), ("10.0.0.7", "10.0.0.7", true), ("10.0.0.7", "10.0.0.70", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false), ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe80::1", false),
        ("", "127.0.0.1", false), ("127.0.0.0/8", "unix:", false), ("127.0.0.0/8", "127.0.0.1 ", false),
    ])
    func `an address is in a network or not`(networks: String, address: String, isIn: Bool) throws {
        #expect(try #require(OpenNetworks(networks)).contains(address) == isIn)
    }

    @Test func `an address that is not known is in none`() {
        #expect(!OpenNetworks.loopback.contains(nil) && !OpenNetworks.none.contains("127.0.0.1"))
        #expect(OpenNetworks.loopback == OpenNetworks("127.0.0.0/8, ::1"))
    }

    @Test(arguments: ["1.2.3", "1.2.3.4/", "1.2.3.4/-1", "1.2.3.4/33", "::1/129", "1.2.3.4/8/8", "localhost"])
    func `what is no network is refused`(text: String) {
        #expect(OpenNetworks(text) == nil)
    }
}
