import Model

/// An analysis as a page, with what the scripted page shows.
enum AnalysisPage {
    static func page(_ analysis: Analysis, of manifest: Manifest) -> HTML {
        PageFrame.page(
            title: title(analysis.verdict), back: "Another photo",
            main: [
                result(analysis, intendedUse: manifest.intendedUse),
                analysis.showsFigures ? accuracy(analysis.operatingPoint) : .empty,
                analysis.showsFigures ? classes(analysis, target: manifest.target) : .empty,
                computation(analysis, licence: manifest.licence), limits,
            ].joined())
    }

    /// One decimal and a no-break space.
    static func percent(_ share: Double) -> String { (100 * share).decimals(1) + "\u{A0}%" }

    private static func title(_ verdict: Verdict) -> String {
        switch verdict {
        case .flagged: "Flagged"
        case .notFlagged: "Not flagged"
        case .cannotJudge: "Cannot judge"
        }
    }

    private static func result(_ analysis: Analysis, intendedUse: String) -> HTML {
        """
        <section class="card card--result">
        \(verdict(analysis))
        \(analysis.showsFigures ? score(analysis) : "<p>No figures are shown: for this photo they would mean nothing.</p>")
        <p class="notice">\(analysis.notice)</p>
        <p class="hint">Intended use of this ensemble: \(intendedUse).</p>
        </section>
        """
    }

    private static func score(_ analysis: Analysis) -> HTML {
        let (label, warning) =
            analysis.calibrated
            ? ("Probability of melanoma", "Calibrated.")
            : ("Model score for melanoma", "Not calibrated: not the patient’s risk.")
        let spread = analysis.spread
        return """
            <div class="score">
            <p class="score__line"><span class="score__label">\(label)</span>
            <strong class="score__value" id="score">\(percent(analysis.probability))</strong>
            <span class="score__warning">\(warning)</span></p>
            </div>
            \(Gauge.svg(analysis))
            <p class="spread">The \(analysis.passes) passes gave \(percent(spread.lowest)) to \(percent(spread.highest)), \
            standard deviation \((100 * spread.standardDeviation).decimals(1)) points.</p>
            \(shortened(analysis))
            """
    }

    /// That fewer passes were made than there are, beside the score; the remarks say more.
    private static func shortened(_ analysis: Analysis) -> HTML {
        var parts: [HTML] = []
        if let stop = analysis.earlyStop {
            parts.append(
                "<p>Stopped after \(analysis.passes) of \(stop.planned) passes: the others would hardly change the verdict.</p>")
        }
        if let budget = analysis.budget {
            parts.append(
                "<p>\(budget.asked - budget.planned) passes were left out to answer within \(budget.seconds) s on this machine.</p>"
            )
        }
        return parts.joined()
    }

    private static func verdict(_ analysis: Analysis) -> HTML {
        let style = analysis.verdict.rawValue.replacing("_", with: "-")
        let point = analysis.operatingPoint.map { "the operating point \($0.name) (\(percent($0.threshold)))" } ?? ""
        let text: HTML =
            switch analysis.verdict {
            case .flagged: "<p>At or above \(point).</p>"
            case .notFlagged: "<p>Below \(point). Refer if you or the patient are worried.</p>"
            case .cannotJudge:
                """
                <p>This photo gives no answer. Judge the mole without it, or take a new photo.</p>
                <ul class="reasons">\(analysis.reasons.map { "<li>\($0.text)</li>" as HTML }.joined())</ul>
                """
            }
        return """
            <div class="verdict verdict--\(style)">
            <h1 class="verdict__title">\(title(analysis.verdict))</h1>
            \(text)
            </div>
            """
    }

    private static func accuracy(_ point: OperatingPoint?) -> HTML {
        guard let point else {
            return """
                <section class="card"><h2>Operating point</h2>
                <p>This ensemble has none, so nothing is known of how often it is right.</p></section>
                """
        }
        func fact(_ name: String, _ value: Double?, _ interval: [Double]?) -> HTML {
            guard let value else { return .empty }
            var text = percent(value)
            if let interval, interval.count == 2 { text += " (95 % interval \(percent(interval[0])) to \(percent(interval[1])))" }
            return "<div><dt>\(name)</dt><dd>\(text)</dd></div>"
        }
        return """
            <section class="card"><h2>How often it is right at \(point.name)</h2>
            <dl class="facts">
            \(fact("Melanomas flagged (sensitivity)", point.sensitivity, point.sensitivity95))
            \(fact("Others not flagged (specificity)", point.specificity, point.specificity95))
            <div><dt>Measured on</dt><dd>\(point.measuredOn ?? "not stated")</dd></div>
            </dl>
            <p class="hint">In a practice, with other cameras and other patients, it can be right less often.</p>
            </section>
            """
    }

    private static func classes(_ analysis: Analysis, target: String) -> HTML {
        let sorted = analysis.classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let rows = sorted.map { name, share -> HTML in
            let row: HTML = name == target ? "<tr class=\"classes__target\">" : "<tr>"
            return """
                \(row)<th scope="row">\(ClassName.full(name))</th><td>\(percent(share))<svg class="bar" width="100%" height="6" \
                aria-hidden="true"><rect class="bar__track" width="100%" height="6" rx="1"/><rect class="bar__fill" \
                width="\((100 * share).decimals(2))%" height="6" rx="1"/></svg></td></tr>
                """
        }
        return """
            <section class="card"><h2>All \(sorted.count) classes, mean of \(analysis.earlyStop == nil ? "all" : "these") passes</h2>
            <table class="classes">
            <thead class="visually-hidden"><tr><th scope="col">Class</th><th scope="col">Score</th></tr></thead>
            <tbody>
            \(rows.joined())</tbody>
            </table>
            </section>
            """
    }

    private static func computation(_ analysis: Analysis, licence: String) -> HTML {
        let image = analysis.image
        let crop = image.crop
        let remarks = analysis.remarks.map { "<li>\($0)</li>" as HTML }.joined()
        let members = analysis.members.map { member -> HTML in
            """
            <tr><th scope="row">\(member.architecture)</th><td>\(member.inputSize) px</td><td>\(member.passes)</td>\
            <td>\(percent(member.probability))</td></tr>
            """
        }
        let table: HTML = """
            <table class="members">
            <caption>Each member of the ensemble</caption>
            <thead><tr><th scope="col">Network</th><th scope="col">Input</th><th scope="col">Passes</th><th scope="col">Score</th></tr></thead>
            <tbody>
            \(members.joined())</tbody>
            </table>
            """
        let shows = analysis.showsFigures
        return """
            <section class="card"><h2>How it was computed</h2>
            \(shows ? "<ul class=\"remarks\">\(remarks)</ul>" as HTML : .empty)
            <dl class="facts">
            <div><dt>Time</dt><dd>\(analysis.timingMs.total.decimals(0)) ms in the server</dd></div>
            <div><dt>Passes</dt><dd>\(analysis.passes) of \(analysis.passesAvailable)\(analysis.earlyStop == nil ? "" : "; stopped early"), in \(analysis.precision.rawValue)</dd></div>
            \(analysis.earlyStop.map { "<div><dt>Rule</dt><dd>\($0.rule)</dd></div>" as HTML } ?? .empty)
            <div><dt>Photo</dt><dd>\(image.width) × \(image.height) pixels; square of \(crop.side) from (\(crop.x), \(crop.y))</dd></div>
            \(patient(analysis.patient))<div><dt>Ensemble</dt><dd>\(analysis.ensemble.name) \(analysis.ensemble.version)</dd></div>
            <div><dt>Licence</dt><dd>\(licence)</dd></div>
            <div><dt>SHA-256</dt><dd class="code">\(analysis.ensemble.sha256)</dd></div>
            <div><dt>Analysis</dt><dd class="code">\(analysis.id)</dd></div>
            </dl>
            \(shows ? table : .empty)
            </section>
            """
    }

    private static func patient(_ patient: Analysis.Patient) -> HTML {
        let facts = [patient.sex?.rawValue, patient.age.map { "\($0) years" }, patient.site?.rawValue].compactMap { $0 }
        guard !facts.isEmpty else { return .empty }
        let use = patient.used ? "" : " (not used for the score)"
        return "<div><dt>Patient</dt><dd>\(facts.joined(separator: ", "))\(use)</dd></div>\n"
    }

    private static let limits: HTML = """
        <section class="card"><h2>What it is not</h2>
        <p>The training photos are almost all of light skin and almost all taken through a dermatoscope. Nothing is shown for dark \
        skin, and plain phone photos are judged less well.</p>
        <p>A low score does not rule melanoma out. A growing, changing or worrying mole is referred whatever the score is.</p>
        </section>
        """
}

/// The classes' names in full.
enum ClassName {
    private static let names = [
        "AK": "Actinic keratosis (AK)", "BCC": "Basal cell carcinoma (BCC)", "BKL": "Keratosis (BKL)",
        "DF": "Dermatofibroma (DF)", "SCC": "Squamous cell carcinoma (SCC)", "VASC": "Vascular lesion (VASC)",
        "melanoma": "Melanoma", "nevus": "Nevus", "unknown": "Unknown or other",
    ]

    static func full(_ name: String) -> String { names[name] ?? name }
}
