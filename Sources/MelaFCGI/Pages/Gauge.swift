import Model

/// A linear scale from 0 to 100 %: the passes' spread, the score, and the operating point's threshold, all on the scale of
/// `probability`. Static SVG without styles.
enum Gauge {
    static func svg(_ analysis: Analysis, _ words: Words) -> HTML {
        let spread = analysis.probabilitySpread
        let ticks = [0, 25, 50, 75, 100].map { position -> HTML in
            let anchor = position == 0 ? "start" : position == 100 ? "end" : "middle"
            return """
                <line class="gauge__tick" x1="\(position)%" x2="\(position)%" y1="46" y2="52"/><text class="gauge__number" \
                x="\(position)%" y="68" text-anchor="\(anchor)">\(position)&nbsp;%</text>
                """
        }
        return """
            <svg class="gauge" width="100%" height="76" role="img" aria-label="\(words.gauge(of: analysis))">
            <rect class="gauge__track" x="0" y="34" width="100%" height="12" rx="2"/>
            <rect class="gauge__spread" x="\(place(spread.lowest))" y="34" width="\(place(spread.highest - spread.lowest))" height="12"/>
            \(ticks.joined())\(threshold(of: analysis, words))
            <svg class="gauge__marker" x="\(place(analysis.probability))" y="34" overflow="visible"><line class="gauge__score" x1="0" \
            x2="0" y1="-7" y2="19"/><circle class="gauge__dot" cx="0" cy="6" r="7"/></svg>
            </svg>
            """
    }

    private static func threshold(of analysis: Analysis, _ words: Words) -> HTML {
        guard let threshold = analysis.probabilityThreshold else { return .empty }
        let anchor = threshold < 0.25 ? "start" : threshold > 0.75 ? "end" : "middle"
        return """
            <line class="gauge__threshold" x1="\(place(threshold))" x2="\(place(threshold))" y1="20" y2="52"/>
            <text class="gauge__label" x="\(place(threshold))" y="13" text-anchor="\(anchor)">\(words.gaugeLabel(of: analysis))</text>
            """
    }

    private static func place(_ share: Double) -> String { (100 * share).decimals(2) + "%" }
}
