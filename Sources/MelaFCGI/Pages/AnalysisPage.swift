import Model

/// An analysis as a page, with what the scripted page shows.
enum AnalysisPage {
    static let words = Words.english.typeset

    static func page(_ analysis: Analysis, of manifest: Manifest) -> HTML {
        PageFrame.page(
            title: words.headline(of: analysis), back: "Another photo",
            main: [
                result(analysis, intendedUse: manifest.intendedUse),
                analysis.showsFigures ? accuracy(analysis.operatingPoint) : .empty,
                analysis.showsFigures ? classes(analysis, target: manifest.target) : .empty,
                computation(analysis, licence: manifest.licence), limits,
            ].joined())
    }

    private static func result(_ analysis: Analysis, intendedUse: String) -> HTML {
        """
        <section class="card card--result">
        \(verdict(analysis))
        \(analysis.showsFigures ? score(analysis) : "<p>\(words.text("no_figures"))</p>")
        <p class="notice">\(analysis.notice)</p>
        <p class="hint">\(words.text("intended_use", ["use": .text(intendedUse)]))</p>
        </section>
        """
    }

    private static func score(_ analysis: Analysis) -> HTML {
        """
        <div class="score">
        <p class="score__line"><span class="score__label">\(words.label(of: analysis))</span>
        <strong class="score__value" id="score">\(words.percent(analysis.probability, beside: analysis.probabilityThreshold))</strong>
        <span class="score__warning">\(words.warning(of: analysis))</span></p>
        </div>
        \(Gauge.svg(analysis, words))
        <p class="spread">\(words.spread(of: analysis))</p>
        \(words.shortcuts(of: analysis).map { "<p>\($0)</p>" as HTML }.joined())
        """
    }

    private static func verdict(_ analysis: Analysis) -> HTML {
        let reasons = analysis.reasons.map { "<li>\($0.text)</li>" as HTML }
        return """
            <div class="verdict verdict--\(analysis.verdict.rawValue.replacing("_", with: "-"))">
            <h1 class="verdict__title">\(words.headline(of: analysis))</h1>
            <p>\(words.explanation(of: analysis))</p>
            \(analysis.verdict == .cannotJudge ? "<ul class=\"reasons\">\(reasons.joined())</ul>" as HTML : .empty)
            </div>
            """
    }

    private static func accuracy(_ point: OperatingPoint?) -> HTML {
        guard let point else {
            return """
                <section class="card"><h2>\(words.text("point.none.title"))</h2>
                <p>\(words.text("point.none"))</p></section>
                """
        }
        return """
            <section class="card"><h2>\(words.text("point.title", ["point": .text(point.name)]))</h2>
            <dl class="facts">
            \(fact("point.sensitivity", words.rate(point.sensitivity, point.sensitivity95)))
            \(fact("point.specificity", words.rate(point.specificity, point.specificity95)))
            \(fact("point.measured_on", point.measuredOn))
            </dl>
            <p class="hint">\(words.text("point.hint"))</p>
            </section>
            """
    }

    /// A line of a list of facts; nothing where there is nothing to say.
    private static func fact(_ name: String, _ value: String?, style: String? = nil) -> HTML {
        guard let value else { return .empty }
        let opening: HTML = style.map { "<dd class=\"\($0)\">" } ?? "<dd>"
        return "<div><dt>\(words.text(name))</dt>\(opening)\(value)</dd></div>"
    }

    private static func classes(_ analysis: Analysis, target: String) -> HTML {
        let sorted = analysis.classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let rows = sorted.map { name, share -> HTML in
            let row: HTML = name == target ? "<tr class=\"classes__target\">" : "<tr>"
            return """
                \(row)<th scope="row">\(words.name(ofClass: name))</th><td>\(words.percent(share))<svg class="bar" width="100%" height="6" \
                aria-hidden="true"><rect class="bar__track" width="100%" height="6" rx="1"/><rect class="bar__fill" \
                width="\((100 * share).decimals(2))%" height="6" rx="1"/></svg></td></tr>
                """
        }
        let title = analysis.earlyStop == nil ? "classes.title" : "classes.title.stopped"
        return """
            <section class="card"><h2>\(words.text(title, ["count": .count(sorted.count)]))</h2>
            <table class="classes">
            <thead class="visually-hidden"><tr><th scope="col">\(words.text("classes.class"))</th><th scope="col">\(words.text("classes.score"))</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>
            </section>
            """
    }

    private static func computation(_ analysis: Analysis, licence: String) -> HTML {
        let shows = analysis.showsFigures
        let remarks = analysis.remarks.map { "<li>\($0)</li>" as HTML }.joined()
        return """
            <section class="card"><h2>\(words.text("computed.title"))</h2>
            \(shows ? "<ul class=\"remarks\">\(remarks)</ul>" as HTML : .empty)
            <dl class="facts">
            \(fact("computed.time", words.text("computed.time.server", ["time": .text(analysis.timingMs.total.decimals(0) + "\u{A0}ms")])))
            \(fact("computed.passes", words.passes(of: analysis)))
            \(fact("computed.rule", analysis.earlyStop?.rule))
            \(fact("computed.photo", words.square(of: analysis)))
            \(fact("computed.patient", words.patient(of: analysis)))
            \(fact("computed.ensemble", "\(analysis.ensemble.name) \(analysis.ensemble.version)"))
            \(fact("computed.licence", licence))
            \(fact("computed.raw", analysis.calibrated && shows ? words.percent(analysis.rawProbability) : nil))
            \(fact("computed.sha256", analysis.ensemble.sha256, style: "code"))
            \(fact("computed.analysis", analysis.id, style: "code"))
            </dl>
            \(shows ? members(analysis.members) : .empty)
            </section>
            """
    }

    private static func members(_ members: [Analysis.MemberScore]) -> HTML {
        let rows = members.map { member -> HTML in
            """
            <tr><th scope="row">\(member.architecture)</th><td>\(member.inputSize) px</td><td>\(member.passes)</td>\
            <td>\(words.percent(member.probability))</td></tr>
            """
        }
        let heads = ["network", "input", "passes", "score"].map {
            "<th scope=\"col\">\(words.text("members." + $0))</th>" as HTML
        }
        return """
            <table class="members">
            <caption>\(words.text("members.title"))</caption>
            <thead><tr>\(heads.joined())</tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>
            """
    }

    private static let limits: HTML = """
        <section class="card"><h2>\(words.text("limits.title"))</h2>
        <p>\(words.text("limits.training"))</p>
        <p>\(words.text("limits.low"))</p>
        </section>
        """
}
