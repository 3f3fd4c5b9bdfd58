/// What the software says to the doctor: flagged or not at a named operating point, or that it cannot judge. No diagnosis.
public enum Verdict: String, Codable, Sendable, Equatable {
    /// The score is at or above the operating point's threshold.
    case flagged
    /// The score is below it. This is no all-clear.
    case notFlagged = "not_flagged"
    /// The photo, or the ensemble, gives no ground for either.
    case cannotJudge = "cannot_judge"

    /// Reads the answer to the verdict's question, unless the photo can't be judged.
    static func reached(
        _ answer: QuestionReading, obstacles: [Statement]
    ) -> (verdict: Verdict, reasons: [Statement]) {
        guard let point = answer.operatingPoint, let threshold = answer.threshold, let isFlagged = answer.isFlagged else {
            return (.cannotJudge, obstacles + [Statement(.noOperatingPoint)])
        }
        guard obstacles.isEmpty else { return (.cannotJudge, obstacles) }
        let reason = Statement(
            isFlagged ? .aboveThreshold : .belowThreshold,
            ["score": .number(answer.probability), "threshold": .number(threshold), "point": .text(point.name)])
        return (isFlagged ? .flagged : .notFlagged, [reason])
    }
}
