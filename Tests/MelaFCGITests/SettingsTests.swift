import Foundation
import Testing

@testable import MelaFCGI
@testable import SettingNames

@Suite struct SettingsTests {
    private func settings(_ environment: [String: String]) throws -> Settings {
        try Settings(environment: environment)
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
        #expect(Set(values.keys) == Set(SettingName.settings.map(\.name)))
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

    @Test func `a setting that there is none of is named, with the one that may be meant`() {
        func said(_ names: String...) -> String? {
            do { return try "\(settings(Dictionary(uniqueKeysWithValues: names.map { ($0, "cloud") })))" } catch {
                return "\(error)"
            }
        }
        #expect(said("MELASCAN_MOED") == "MELASCAN_MOED is not a setting; MELASCAN_MODE may be meant")
        #expect(said("MELASCAN_COLOUR") == "MELASCAN_COLOUR is not a setting; `MelaFCGI --help` lists all")
        #expect(
            said("MELASCAN_THREAD", "MELASCAN_OPEN_NETWORK")
                == "MELASCAN_OPEN_NETWORK is not a setting; MELASCAN_OPEN_NETWORKS may be meant; "
                + "MELASCAN_THREAD is not a setting; MELASCAN_THREADS may be meant")
        #expect(throws: SettingsError.self) { try settings(["MELASCAN_MOED": ""]) }
    }

    @Test func `what is not ours, or is the scripts' and the tests', is left alone`() throws {
        let others = SettingName.others + ["PATH", "MELA_MODE", "HTTP_MELASCAN_MODE", "CREDENTIALS_DIRECTORY"]
        #expect(try settings(Dictionary(uniqueKeysWithValues: others.map { ($0, "") })) == Settings())
    }

    /// Instructions, units, scripts and Python tests: what they name would stop the worker or the tool if it were not known.
    @Test(arguments: [
        "README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "deploy", "scripts", "Benchmarks", "Tests",
    ])
    func `every setting that the repository names is known`(place: String) throws {
        let root = TestService.root.appending(path: place)
        let paths = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        let texts = (paths + [root]).filter { $0.pathExtension != "swift" }
            .compactMap { try? String(contentsOf: $0, encoding: .utf8) }
        let names = Set(texts.flatMap { $0.matches(of: /MELASCAN_[A-Z][A-Z_]*[A-Z]/).map { String($0.0) } })
        #expect(!names.isEmpty && UnknownSetting.all(in: names).isEmpty, "\(UnknownSetting.all(in: names))")
    }

    @Test(arguments: [
        ("", "", 0), ("mode", "mode", 0), ("moed", "mode", 1), ("mde", "mode", 1), ("modde", "mode", 1), ("node", "mode", 1),
        ("", "key", 3), ("kye", "key", 1), ("ca", "abc", 3), ("records", "record_", 1),
    ])
    func `the distance of two words counts letters changed, added, left out and swapped`(a: String, b: String, distance: Int) {
        #expect(UnknownSetting.distance(a, b) == distance && UnknownSetting.distance(b, a) == distance)
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
