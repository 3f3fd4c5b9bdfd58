#if canImport(Glibc)
    import Glibc
#endif

/// Ends an analysis once the passes that are left can hardly move the verdict across the operating point (ARCHITECTURE.md derives it).
///
/// After r of R rounds, each member once a round, with the mean m so far and the threshold t, it ends where
/// |asin √m - asin √t| > bound √(1/r - 1/R).
struct EarlyStop: Equatable, Sendable {
    /// Of the verdicts, at most so many may be others than all passes would give.
    static let largestRate = 0.001

    private let measured: Manifest.EarlyStop
    /// Rounds of all passes of the ensemble.
    private let rounds: Int
    private let planned: PassOrder
    private let threshold: Double
    /// The photo can be judged.
    private let isJudged: Bool

    /// nil where nothing is known of how far the mean still moves: the bundle has no measured bound, or the passes are not the first
    /// rounds of those that it was measured with. nil too without a threshold: then the score is all the answer there is.
    init?(_ planned: PassOrder, photo: PreparedPhoto, of manifest: Manifest, at point: OperatingPoint?) {
        guard let measured = manifest.earlyStop, let point else { return nil }
        let whole = PassOrder(members: manifest.members.count, views: manifest.views)
        guard planned == whole.prefix(rounds: planned.rounds) else { return nil }
        self.measured = measured
        self.planned = planned
        rounds = whole.rounds
        threshold = point.threshold
        isJudged = Verdict.obstacles(in: photo, smallestCrop: manifest.smallestCrop).isEmpty
    }

    /// Whether the mean of the first so many passes decides; never within a round, nor after the last.
    func settles(mean: Double, after passes: Int) -> Bool {
        guard passes % planned.members == 0, passes < planned.passes.count else { return false }
        return !isJudged || abs(angle(mean) - angle(threshold)) > reach(after: passes / planned.members)
    }

    /// What the answer says of an end after these passes.
    func ending(mean: Double, after order: PassOrder) -> Analysis.EarlyStop {
        guard isJudged else {
            return Analysis.EarlyStop(
                reason: .notJudged, planned: planned.passes.count,
                rule: "The photo can't be judged, whatever further passes give.", expected: nil)
        }
        let range = range(around: mean, after: order.rounds)
        return Analysis.EarlyStop(
            reason: .settled, planned: planned.passes.count, rule: rule,
            expected: .init(lowest: range.lowerBound.rounded6, highest: range.upperBound.rounded6))
    }

    /// Where the mean of all passes lies, at the stated rate.
    func range(around mean: Double, after round: Int) -> ClosedRange<Double> {
        func share(_ angle: Double) -> Double {
            let sine = sin(min(max(angle, 0), .pi / 2))
            return sine * sine
        }
        return share(angle(mean) - reach(after: round))...share(angle(mean) + reach(after: round))
    }

    private var rule: String {
        "The mean of the first r of \(rounds) rounds of passes decides where its arcsine square root is more than "
            + "\(measured.bound) √(1/r - 1/\(rounds)) from the threshold's. All passes give another verdict for at most 1 in 1,000 "
            + "photos like those that this was measured on (\(measured.measuredOn); \(measured.cases) cases)."
    }

    /// Stabilises the variance of a share (Fisher's angular transformation).
    private func angle(_ share: Double) -> Double { asin(min(max(share, 0), 1).squareRoot()) }

    private func reach(after round: Int) -> Double { measured.bound * (1 / Double(round) - 1 / Double(rounds)).squareRoot() }
}
