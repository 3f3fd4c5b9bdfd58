import Model

/// An analysis as text for a terminal.
enum AnalysisText {
    static func describe(_ analysis: Analysis, photo: String) -> String {
        var lines = [photo]
        lines.append("  verdict: \(sentence(analysis.verdict))")
        lines += analysis.reasons.map { "    \($0.text)" }
        if !analysis.showsFigures {
            return (lines + ["  No figures are shown: for this photo they would mean nothing.", "  \(analysis.notice)"]).joined(
                separator: "\n")
        }
        let label = analysis.calibrated ? "melanoma, probability" : "melanoma, score (not calibrated)"
        let spread = analysis.spread
        lines.append(
            "  \(label): \(percent(analysis.probability))  "
                + "passes \(percent(spread.lowest))…\(percent(spread.highest)), \(analysis.passes) of \(analysis.passesAvailable), in \(analysis.precision.rawValue)"
        )
        if let point = analysis.operatingPoint, let sensitivity = point.sensitivity, let specificity = point.specificity {
            lines.append(
                "  there, sensitivity \(percent(sensitivity)), specificity \(percent(specificity))"
                    + (point.measuredOn.map { " (\($0))" } ?? ""))
        }
        let classes = analysis.classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        lines.append("  classes: " + classes.map { "\($0.key) \(percent($0.value))" }.joined(separator: ", "))
        if analysis.members.count > 1 {
            lines.append("  members: " + analysis.members.map { "\($0.file) \(percent($0.probability))" }.joined(separator: ", "))
        }
        lines += analysis.remarks.map { "  \($0)" }
        lines.append(
            "  \(milliseconds(analysis.timingMs.total)) ms (decode \(milliseconds(analysis.timingMs.decode)), "
                + "inference \(milliseconds(analysis.timingMs.inference)))")
        lines.append("  \(analysis.notice)")
        return lines.joined(separator: "\n")
    }

    private static func sentence(_ verdict: Verdict) -> String {
        switch verdict {
        case .flagged: "flagged"
        case .notFlagged: "not flagged; refer if you or the patient are worried"
        case .cannotJudge: "cannot judge"
        }
    }

    static func percent(_ value: Double) -> String { (value * 100).decimals(1) + " %" }
    static func milliseconds(_ value: Double) -> String { value.decimals(1) }
}
