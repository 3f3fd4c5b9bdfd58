#if canImport(Glibc)
    import Glibc
#endif

/// Ends an analysis once the passes that are left can hardly move the verdict across the operating point (ARCHITECTURE.md derives it).
///
/// After r of R rounds, each member once a round, with the mean m so far and the threshold t, it ends where
/// |asin √m - asin √t| > bound √(1/r - 1/R).
struct StoppingRule: Equatable, Sendable {
    private let measured: EarlyStopBound
    /// Rounds of all passes of the ensemble.
    private let rounds: Int
    private let planned: PassOrder
    private let threshold: Double
    private let isJudged: Bool
    /// The places of the question's classes.
    private let classes: [Int]

    /// nil where the plan does not ask for it, and where nothing is known of how far the mean still moves: the bundle has no measured
    /// bound, or the passes are not the first rounds of those that it was measured with. nil too without a threshold: then the
    /// score is all the answer there is.
    ///
    /// - Parameter isJudged: the photo can be judged.
    init?(_ plan: AnalysisPlan, of bundle: Manifest, isJudged: Bool) {
        guard plan.stopsEarly, let measured = bundle.earlyStop, let point = plan.operatingPoint else { return nil }
        let whole = PassOrder(members: bundle.members.count, views: bundle.views)
        guard plan.order == whole.prefix(rounds: plan.order.rounds) else { return nil }
        self.measured = measured
        self.isJudged = isJudged
        planned = plan.order
        rounds = whole.rounds
        threshold = point.threshold
        classes = bundle.places(of: plan.question.classes)
    }

    /// Whether the passes so far decide; never within a round, nor after the last.
    func settles(_ score: Score) -> Bool {
        settles(mean: score.mean(of: classes), after: score.count)
    }

    func settles(mean: Double, after passes: Int) -> Bool {
        guard passes % planned.members == 0, passes < planned.passes.count else { return false }
        return !isJudged || abs(angle(mean) - angle(threshold)) > reach(after: passes / planned.members)
    }

    /// How an analysis ended that made these passes.
    func ending(_ score: Score) -> EarlyEnd {
        guard isJudged else {
            return EarlyEnd(
                reason: .notJudged, planned: planned.passes.count, rule: Statement(.ruleNotJudged), expected: nil)
        }
        let rule = Statement(
            .ruleSettled,
            [
                "rounds": .count(rounds), "bound": .number(measured.bound), "measured_on": .text(measured.measuredOn),
                "cases": .count(measured.cases),
            ])
        return EarlyEnd(
            reason: .settled, planned: planned.passes.count, rule: rule,
            expected: range(around: score.mean(of: classes), after: score.count / planned.members))
    }

    /// Where the mean of all passes lies, at the stated rate.
    func range(around mean: Double, after round: Int) -> ClosedRange<Double> {
        func share(_ angle: Double) -> Double {
            let sine = sin(min(max(angle, 0), .pi / 2))
            return sine * sine
        }
        return share(angle(mean) - reach(after: round))...share(angle(mean) + reach(after: round))
    }

    /// Stabilises the variance of a share (Fisher's angular transformation).
    private func angle(_ share: Double) -> Double { asin(min(max(share, 0), 1).squareRoot()) }

    private func reach(after round: Int) -> Double { measured.bound * (1 / Double(round) - 1 / Double(rounds)).squareRoot() }
}
