/// A variable that begins as the settings do and is none: misspelt, or of another version. Whoever set it believes that it holds.
public struct UnknownSetting: Error, Equatable, CustomStringConvertible {
    /// Letters that a name may differ by from the one that is meant.
    private static let nearby = 2

    public var name: String
    /// The name that may be meant; nil where none is near.
    public var likely: String?

    /// Those among the names of variables, in the order of the alphabet.
    public static func all(in names: some Sequence<String>) -> [UnknownSetting] {
        names.filter { $0.hasPrefix(SettingName.prefix) && !SettingName.all.contains($0) }.sorted().map { name in
            let near = SettingName.settings.map { (name: $0.name, distance: distance(name, $0.name)) }.filter {
                $0.distance <= nearby
            }
            return UnknownSetting(name: name, likely: near.min { $0.distance < $1.distance }?.name)
        }
    }

    public var reason: String {
        "is not a setting; " + (likely.map { "\($0) may be meant" } ?? "`MelaFCGI --help` lists all")
    }

    public var description: String { "\(name) \(reason)" }

    /// How many letters are to be changed, added, left out, or swapped with the next one (optimal string alignment).
    static func distance(_ first: String, _ second: String) -> Int {
        let (first, second) = (Array(first.utf8), Array(second.utf8))
        // The rows above this one: from a beginning of the first word to each beginning of the second.
        var (before, last) = ([Int](), Array(0...second.count))
        for row in first.indices {
            var next = [row + 1]
            for column in second.indices {
                var least = min(last[column] + (first[row] == second[column] ? 0 : 1), last[column + 1] + 1, next[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    least = min(least, before[column - 1] + 1)
                }
                next.append(least)
            }
            (before, last) = (last, next)
        }
        return last[second.count]
    }
}
