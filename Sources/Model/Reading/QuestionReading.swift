/// What a score says to one question. All figures but `raw` and `members` are on one scale: calibrated where there is a calibration.
public struct QuestionReading: Sendable, Equatable {
    /// The question's name.
    public var question: String
    /// The mean softmax of its classes.
    public var raw: Double
    /// The same on the scale of the answer.
    public var probability: Double
    public var isCalibrated: Bool
    /// Of single passes.
    public var spread: Spread
    /// Of single passes, before any calibration.
    public var rawSpread: Spread
    /// Where the verdict changes.
    public var threshold: Double?
    /// nil where there is no operating point.
    public var operatingPoint: OperatingPoint?

    /// - Parameter point: where the question is flagged.
    init(_ question: Question, of score: Score, at point: OperatingPoint?, in bundle: Manifest) {
        let classes = bundle.places(of: question.classes)
        let scores = score.passScores(of: classes)
        self.question = question.name
        raw = score.mean(of: classes)
        probability = question.probability(of: raw)
        isCalibrated = question.calibration != nil
        rawSpread = Spread(of: scores, around: raw)
        let scaled = scores.map(question.probability)
        spread = question.calibration == nil ? rawSpread : Spread(of: scaled, around: scaled.mean)
        threshold = point.map { question.probability(of: $0.threshold) }
        operatingPoint = point
    }

    /// The score is at or above the operating point; nil where there is none. The raw figures decide.
    public var isFlagged: Bool? { operatingPoint.map { raw >= $0.threshold } }
}
