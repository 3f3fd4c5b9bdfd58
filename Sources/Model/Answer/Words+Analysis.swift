/// What is said of a whole analysis: the same for the page without script, FHIR and the tool.
extension Words {
    /// The verdict.
    public func headline(of analysis: Analysis) -> String { text("verdict." + analysis.verdict.rawValue) }

    /// What the verdict means, in a sentence or two.
    public func explanation(of analysis: Analysis) -> String {
        let isWithoutPoint = analysis.verdict == .cannotJudge && analysis.showsFigures
        return text("verdict.\(analysis.verdict.rawValue)\(isWithoutPoint ? ".no_point" : "").text", scale(of: analysis))
    }

    /// What the figure is called.
    public func label(of analysis: Analysis) -> String { text(analysis.calibrated ? "score.calibrated" : "score.raw") }

    /// What the figure is not.
    public func warning(of analysis: Analysis) -> String {
        let warning = text(analysis.calibrated ? "score.calibrated.warning" : "score.raw.warning")
        return analysis.verdict == .cannotJudge ? warning + " " + text("score.unjudged.warning") : warning
    }

    public func spread(of analysis: Analysis) -> String {
        let spread = analysis.probabilitySpread
        return text(
            analysis.passes == analysis.passesAvailable ? "spread.all" : "spread",
            [
                "count": .count(analysis.passes), "available": .count(analysis.passesAvailable),
                "lowest": .number(spread.lowest), "highest": .number(spread.highest),
                "deviation": .number(spread.standardDeviation),
            ])
    }

    /// That fewer passes were made than there are, and why; the remarks say more.
    public func shortcuts(of analysis: Analysis) -> [String] {
        let stopped = analysis.earlyStop.map {
            text("stopped", ["passes": .count(analysis.passes), "planned": .count($0.planned)])
        }
        let leftOut = analysis.budget.map {
            text("left_out", ["count": .count($0.asked - $0.planned), "seconds": .count($0.seconds)])
        }
        return [stopped, leftOut].compactMap(\.self)
    }

    /// The gauge in words.
    public func gauge(of analysis: Analysis) -> String {
        let values = scale(of: analysis)
        return [
            text("gauge", values), text("gauge.spread", values),
            text(analysis.probabilityThreshold == nil ? "gauge.no_threshold" : "gauge.threshold", values),
        ].joined(separator: " ")
    }

    /// At the gauge's mark.
    public func gaugeLabel(of analysis: Analysis) -> String { text("gauge.label", scale(of: analysis)) }

    /// A measured rate with its interval; nil where none was measured.
    public func rate(_ rate: Double?, _ interval: [Double]?) -> String? {
        guard let rate else { return nil }
        guard let interval, interval.count == 2 else { return text("point.rate", ["rate": .number(rate)]) }
        return text(
            "point.rate.interval",
            ["rate": .number(rate), "lowest": .number(interval[0]), "highest": .number(interval[1])])
    }

    public func passes(of analysis: Analysis) -> String {
        text(
            analysis.earlyStop == nil ? "computed.passes.made" : "computed.passes.stopped",
            [
                "passes": .count(analysis.passes), "available": .count(analysis.passesAvailable),
                "precision": .text(analysis.precision.rawValue),
            ])
    }

    /// The photo, and the square that was analysed.
    public func square(of analysis: Analysis) -> String {
        let (image, crop) = (analysis.image, analysis.image.crop)
        return text(
            "computed.photo.square",
            [
                "width": .count(image.width), "height": .count(image.height), "side": .count(crop.side), "x": .count(crop.x),
                "y": .count(crop.y),
            ])
    }

    /// What was said of the patient, and whether it was used.
    public func patient(of analysis: Analysis) -> String {
        let patient = analysis.patient
        let age = patient.age.map { text("computed.patient.years", ["count": .count($0)]) }
        let facts = [patient.sex?.rawValue, age, patient.site?.rawValue].compactMap(\.self)
        guard !facts.isEmpty else { return text("computed.patient.none") }
        return text(
            patient.used ? "computed.patient.used" : "computed.patient.unused", ["facts": .text(facts.joined(separator: ", "))])
    }

    /// The figures that are on one scale.
    private func scale(of analysis: Analysis) -> [String: Statement.Value] {
        var values: [String: Statement.Value] = [
            "score": .number(analysis.probability),
            "lowest": .number(analysis.probabilitySpread.lowest), "highest": .number(analysis.probabilitySpread.highest),
        ]
        if let threshold = analysis.probabilityThreshold { values["threshold"] = .number(threshold) }
        if let point = analysis.operatingPoint { values["point"] = .text(point.name) }
        return values
    }
}
