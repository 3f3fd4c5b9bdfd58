/// How an analysis ended that made only the first of its passes.
public struct EarlyEnd: Sendable, Equatable {
    public enum Reason: String, Encodable, Sendable {
        /// The others can hardly move the verdict.
        case settled
        /// The photo can't be judged, whatever the others give.
        case notJudged = "not_judged"
    }

    public var reason: Reason
    /// Passes that would have been made otherwise.
    public var planned: Int
    /// The rule that ended it.
    public var rule: Statement
    /// Where the raw mean of all passes of the ensemble lies, for at least 999 of 1,000 photos; nil where no figure means anything.
    public var expected: ClosedRange<Double>?
}
