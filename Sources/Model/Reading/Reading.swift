/// What a score means: a pure function of the score, the photo's facts, the bundle, and the plan that bundle, practice and request
/// made together.
///
/// It holds codes and figures, no sentences; `Words` makes those, in the reader's language.
public struct Reading: Sendable, Equatable {
    public var score: Score
    public var photo: PhotoFacts
    public var plan: AnalysisPlan
    /// One a question of the bundle; the verdict's first.
    public var answers: [QuestionReading]
    public var verdict: Verdict
    /// Why; at least one.
    public var reasons: [Statement]
    /// What a reader should know about this very answer.
    public var remarks: [Statement]
    /// Where it ended before all passes that were planned.
    public var end: EarlyEnd?

    /// - Parameters:
    ///   - obstacles: why the photo can't be judged, as `obstacles(in:of:)` found before the passes.
    ///   - end: what ended the analysis early.
    init(
        of score: Score, photo: PhotoFacts, obstacles: [Statement], by plan: AnalysisPlan, of bundle: Manifest, end: EarlyEnd?
    ) {
        self.score = score
        self.photo = photo
        self.plan = plan
        self.end = end
        answers = plan.questions.enumerated().map { index, question in
            QuestionReading(
                question, of: score, at: index == 0 ? plan.operatingPoint : question.operatingPoints.first, in: bundle)
        }
        (verdict, reasons) = Verdict.reached(answers[0], obstacles: obstacles)
        remarks = []
        remarks = remarks(of: bundle)
    }

    /// The answer to the verdict's question.
    public var answer: QuestionReading { answers[0] }

    /// The passes that count.
    var order: PassOrder { plan.order.prefix(rounds: score.count / plan.order.members) }
}

extension [Double] {
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}
