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
        ]
        #expect(Set(values.keys) == Set(Settings.help.map(\.name)))
        let settings = try settings(values)
        #expect(settings.ensemble == "/e" && settings.socket == "/s" && settings.threads == 3 && settings.queue == 4)
        #expect(settings.maxBodyBytes == 5000 && settings.maxPixels == 6 && settings.operatingPoint == "p")
        #expect(settings.views == 2 && settings.members == 7 && settings.records == "/r")
        #expect(settings.allowedOrigins == ["http://a", "http://b"] && settings.logLevel == .debug && settings.kernels == "avx2")
    }

    @Test(arguments: [
        ("MELASCAN_THREADS", "0"), ("MELASCAN_THREADS", "many"), ("MELASCAN_QUEUE", "-1"), ("MELASCAN_MAX_PIXELS", "1e6"),
        ("MELASCAN_LOG_LEVEL", "loud"), ("MELASCAN_VIEWS", "0"), ("MELASCAN_VIEWS", "9"), ("MELASCAN_MEMBERS", "all"),
    ])
    func `a value that makes no sense is named`(name: String, value: String) {
        #expect {
            try settings([name: value])
        } throws: { ($0 as? SettingsError)?.name == name }
    }
}
