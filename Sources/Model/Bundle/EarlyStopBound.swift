/// How far the mean of the first rounds of passes lay from the mean of all, over photos: what lets an analysis end early.
public struct EarlyStopBound: Codable, Sendable, Equatable {
    /// Of the verdicts, at most so many may be others than all passes would give.
    static let largestRate = 0.001

    /// For `exceeded` of `cases` the largest |asin √m - asin √M| / √(1/r - 1/R) over the rounds r was above it.
    public var bound: Double
    /// Photos that have nothing to do with each other: all of one lesion or patient are one case, with its largest value.
    public var cases: Int
    public var exceeded: Int
    /// The data: photos that the members did not learn from.
    public var measuredOn: String

    public init(bound: Double, cases: Int, exceeded: Int, measuredOn: String) {
        self.bound = bound
        self.cases = cases
        self.exceeded = exceeded
        self.measuredOn = measuredOn
    }

    /// The share of further photos of the same kind that lie above the bound is at most so large.
    public var rate: Double { (Double(exceeded) + 1) / (Double(cases) + 1) }

    /// What makes no sense, in words; nil if all does.
    var fault: String? {
        if !(bound > 0 && bound.isFinite) { return "the bound is not a positive number" }
        if exceeded < 0 || cases < exceeded {
            return "cases and exceeded are no counts of cases"
        }
        if rate > Self.largestRate {
            return "\(exceeded) of \(cases) cases above the bound do not show that at most 1 in 1,000 are"
        }
        return nil
    }
}
