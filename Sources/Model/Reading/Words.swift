import FoundationEssentials

/// The sentences of a result in one language, by their codes: for the page without script, FHIR, the tool, and the texts in JSON.
/// The page with script reads the same catalogue (`web/words`), so each sentence stands once.
///
///     Words.english.text(Statement(.tooSmall, ["side": .count(90), "smallest": .count(150)]))
///
/// A figure stands in braces, with how it is written: `{side}` as it is, `{score:3}` with so many decimals, `{lowest:percent}` with
/// one decimal, `{threshold:percent~score}` with as many as it takes to tell it from `score`, `{deviation:points}` in points of a
/// hundred. A sentence that ends in `.one` or `.other` goes by the value `count`. What is not in the catalogue is answered by its code.
public struct Words: Sendable {
    /// From `web/words/en.json`.
    public static let english = Words(json: PackageResources.en_json)

    private var sentences: [String: String]
    /// Between a figure and its unit.
    private var space = " "

    init(json: [UInt8]) {
        sentences = (try? JSONDecoder().decode([String: String].self, from: Data(json))) ?? [:]
    }

    /// For pages: the space between a figure and its unit does not break.
    public var typeset: Words {
        var words = self
        words.space = "\u{A0}"
        return words
    }

    public func text(_ statement: Statement) -> String { text(statement.code.rawValue, statement.values) }

    public func text(_ code: String, _ values: [String: Statement.Value] = [:]) -> String {
        guard let sentence = sentences[code] ?? plural(code, values) else { return code }
        var text = ""
        var rest = sentence[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            text += figure(rest[rest.index(after: open)..<close], values)
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }

    /// A class's full name; the bundle's own where the catalogue has none.
    public func name(ofClass name: String) -> String { sentences["class." + name] ?? name }

    /// A share as a percentage. One that is not zero is not shown as zero.
    ///
    /// - Parameter other: as many decimals are shown as it takes to tell the share from this one.
    public func percent(_ share: Double, beside other: Double? = nil) -> String {
        guard let other, share != other else { return percent(share, decimals: 1) }
        for decimals in 1...4 {
            let text = percent(share, decimals: decimals)
            if text != percent(other, decimals: decimals) { return text }
        }
        return percent(share, decimals: 5)
    }

    private func percent(_ share: Double, decimals: Int) -> String {
        if share > 0, share < 0.0005, decimals < 3 { return "<\(space)0.1\(space)%" }
        return (100 * share).decimals(decimals) + space + "%"
    }

    private func plural(_ code: String, _ values: [String: Statement.Value]) -> String? {
        guard case .count(let count)? = values["count"] else { return nil }
        return sentences[code + (count == 1 ? ".one" : ".other")]
    }

    /// What stands in braces, such as `threshold:percent~score`.
    private func figure(_ place: Substring, _ values: [String: Statement.Value]) -> String {
        let parts = place.split(separator: ":", maxSplits: 1)
        guard let name = parts.first, let value = values[String(name)] else { return "" }
        guard parts.count == 2, let number = value.number else { return plain(value) }
        let format = parts[1].split(separator: "~", maxSplits: 1)
        switch format[0] {
        case "percent": return percent(number, beside: format.count == 2 ? values[String(format[1])]?.number : nil)
        case "points": return (100 * number).decimals(1)
        default: return number.decimals(Int(format[0]) ?? 0)
        }
    }

    private func plain(_ value: Statement.Value) -> String {
        func name(_ code: String) -> String { sentences["name." + code] ?? code }
        switch value {
        case .number(let number): return "\(number)"
        case .count(let count): return String(count)
        case .text(let text): return text
        case .names(let codes): return codes.map(name).joined(separator: ", ")
        case .figures(let figures):
            return figures.sorted { $0.key < $1.key }.map { "\(name($0.key)) \($0.value.decimals(0))" }.joined(separator: ", ")
        }
    }
}

extension Statement.Value {
    fileprivate var number: Double? {
        switch self {
        case .number(let number): number
        case .count(let count): Double(count)
        case .text, .names, .figures: nil
        }
    }
}
