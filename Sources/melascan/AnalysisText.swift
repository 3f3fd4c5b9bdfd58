import Model

/// An analysis as text for a terminal.
enum AnalysisText {
    private static let words = Words.english

    static func describe(_ analysis: Analysis, photo: String) -> String {
        var lines = [photo]
        lines.append("  \(words.headline(of: analysis)). \(words.explanation(of: analysis))")
        lines += analysis.reasons.map { "    \($0.text)" }
        if !analysis.showsFigures {
            return (lines + ["  \(words.text("no_figures"))", "  \(analysis.notice)"]).joined(separator: "\n")
        }
        let score = words.percent(analysis.probability, beside: analysis.probabilityThreshold)
        lines.append("  \(words.label(of: analysis)): \(score). \(words.warning(of: analysis))")
        lines.append("  \(words.spread(of: analysis))")
        if let point = analysis.operatingPoint {
            lines += facts([
                ("point.sensitivity", words.rate(point.sensitivity, point.sensitivity95)),
                ("point.specificity", words.rate(point.specificity, point.specificity95)),
                ("point.measured_on", point.measuredOn),
            ])
        }
        let classes = analysis.classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        lines.append("  classes: " + classes.map { "\($0.key) \(words.percent($0.value))" }.joined(separator: ", "))
        if analysis.members.count > 1 {
            lines.append(
                "  members: " + analysis.members.map { "\($0.file) \(words.percent($0.probability))" }.joined(separator: ", "))
        }
        lines += analysis.remarks.map { "  \($0)" }
        lines += facts([("computed.passes", words.passes(of: analysis))])
        lines.append(
            "  \(milliseconds(analysis.timingMs.total)) ms (decode \(milliseconds(analysis.timingMs.decode)), "
                + "inference \(milliseconds(analysis.timingMs.inference)))")
        lines.append("  \(analysis.notice)")
        return lines.joined(separator: "\n")
    }

    private static func facts(_ facts: [(name: String, value: String?)]) -> [String] {
        facts.compactMap { fact in fact.value.map { "  \(words.text(fact.name)): \($0)" } }
    }

    private static func milliseconds(_ value: Double) -> String { value.decimals(1) }
}
