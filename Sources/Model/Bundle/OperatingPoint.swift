/// A threshold on the raw mean softmax, with what was measured there. Sensitivity and specificity come with 95 % intervals.
public struct OperatingPoint: Codable, Sendable, Equatable {
    public var name: String
    public var threshold: Double
    /// The data that the threshold was chosen on.
    @Nullable public var chosenOn: String?
    /// The data that sensitivity and specificity were measured on.
    @Nullable public var measuredOn: String?
    @Nullable public var sensitivity: Double?
    /// Lowest and highest.
    @Nullable public var sensitivity95: [Double]?
    @Nullable public var specificity: Double?
    @Nullable public var specificity95: [Double]?

    public init(name: String, threshold: Double) {
        self.name = name
        self.threshold = threshold
    }

    /// What makes no sense, in words; nil if all does.
    var fault: String? {
        let shares = [sensitivity, specificity].compactMap { $0 } + (sensitivity95 ?? []) + (specificity95 ?? [])
        if !(threshold > 0 && threshold < 1) { return "the threshold is not between 0 and 1" }
        if !shares.allSatisfy({ (0...1).contains($0) }) { return "a sensitivity or specificity is not in 0...1" }
        let intervals = [sensitivity95, specificity95].compactMap { $0 }
        if !intervals.allSatisfy({ $0.count == 2 && $0[0] <= $0[1] }) { return "an interval is not a lower and an upper bound" }
        return nil
    }
}
