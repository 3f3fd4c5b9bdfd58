import ArgumentParser
import Configuration
import Foundation
import Records

/// Where the server's records are: by options, else by the environment, else by the installed service's settings.
struct ServiceSettings: ParsableArguments {
    /// The installed service's settings and key (deploy/README.md).
    private static let file = "/etc/melascan/melascan.env"
    private static let keyFile = "/etc/melascan/records.key"

    @Option(
        help:
            "The server's MELASCAN_RECORDS: a folder, or a postgresql:// address. (default: MELASCAN_RECORDS, else the installed service's)",
        completion: .directory)
    var records: String?

    /// The place of the records.
    func place() throws -> String {
        guard let place = records ?? Self.setting("melascan.records") else {
            throw Complaint("where are the records? Name the server's folder or address with --records.")
        }
        return place
    }

    /// A store that is there: a mistyped folder must not become an empty one.
    func open() throws -> RecordsStore {
        let place = try place()
        guard RecordsStore.exists(place) else {
            throw Complaint("there are no records there. Start the server with MELASCAN_RECORDS once, or name another folder.")
        }
        return try RecordsStore(place)
    }

    /// A setting of the server's, by its name in lower case with points.
    static func setting(_ name: String) -> String? {
        let key = ConfigKey(name)
        if let value = ConfigReader(provider: EnvironmentVariablesProvider()).string(forKey: key), !value.isEmpty { return value }
        guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else { return nil }
        let variable = name.uppercased().map { $0 == "." ? "_" : $0 }
        // The last line counts, as for systemd.
        return text.split(whereSeparator: \.isNewline).reversed().lazy.compactMap { line -> String? in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, parts[0] == String(variable), !parts[1].isEmpty else { return nil }
            let value = parts[1]
            let isQuoted = value.count > 1 && value.first == value.last && (value.first == "\"" || value.first == "'")
            return isQuoted ? String(value.dropFirst().dropLast()) : value
        }.first
    }

    /// The keys and the words that consents are kept with.
    struct Keys: ParsableArguments {
        @Option(
            help:
                "The server's MELASCAN_KEY. (default: MELASCAN_KEY, systemd's credential records-key, else the installed service's)",
            completion: .file())
        var key: String?

        func ring() throws -> KeyRing {
            let credential = ServiceSettings.setting("credentials.directory").map { $0 + "/records-key" }
            return try KeyRing(file: key ?? ServiceSettings.setting("melascan.key") ?? credential ?? ServiceSettings.keyFile)
        }
    }
}
