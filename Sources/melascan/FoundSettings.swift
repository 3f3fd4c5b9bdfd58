import Foundation
import SettingNames

/// The server's settings as the tool finds them: in the environment, else in the installed service's file.
struct FoundSettings {
    /// Of the installed service (deploy/README.md).
    static let file = "/etc/melascan/melascan.env"

    private let values: [String: String]
    /// Names that seem to be settings and are none.
    let unknown: [UnknownSetting]

    init(environment: [String: String] = ProcessInfo.processInfo.environment, file: String = file) {
        let lines = Self.lines(of: file)
        // The last line that says something counts, as for systemd; and the environment before it.
        let fromFile = Dictionary(lines.filter { !$0.value.isEmpty }) { $1 }
        values = fromFile.merging(environment.filter { !$0.value.isEmpty }) { $1 }
        unknown = UnknownSetting.all(in: Set(lines.map(\.key)).union(environment.keys))
    }

    /// A setting, or another variable.
    /// - Throws: `Complaint` where a misspelt name may be meant for it: the tool would work on other records than it was told.
    func value(_ name: String) throws -> String? {
        if let misspelt = unknown.first(where: { $0.likely == name }) { throw Complaint("\(misspelt).") }
        return values[name]
    }

    private static func lines(of file: String) -> [(key: String, value: String)] {
        guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else { return [] }
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { return nil }
            let value = parts[1]
            let isQuoted = value.count > 1 && value.first == value.last && (value.first == "\"" || value.first == "'")
            return (parts[0], isQuoted ? String(value.dropFirst().dropLast()) : value)
        }
    }
}
