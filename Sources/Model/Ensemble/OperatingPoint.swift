/// A threshold on the raw mean softmax, with what was measured there. Sensitivity and specificity come with 95 % intervals.
public struct OperatingPoint: Decodable, Sendable, Equatable {
    public var name: String
    public var threshold: Double
    /// The data that the threshold was chosen on.
    public var chosenOn: String?
    /// The data that sensitivity and specificity were measured on.
    public var measuredOn: String?
    public var sensitivity: Double?
    /// Lowest and highest.
    public var sensitivity95: [Double]?
    public var specificity: Double?
    public var specificity95: [Double]?

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

extension OperatingPoint: Encodable {
    private enum AnswerKeys: String, CodingKey {
        case name, threshold, sensitivity, specificity
        case chosenOn = "chosen_on"
        case measuredOn = "measured_on"
        case sensitivity95 = "sensitivity_95"
        case specificity95 = "specificity_95"
    }

    /// As answers give it, with null for what is not known.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnswerKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(threshold, forKey: .threshold)
        try container.encode(chosenOn, forKey: .chosenOn)
        try container.encode(measuredOn, forKey: .measuredOn)
        try container.encode(sensitivity, forKey: .sensitivity)
        try container.encode(sensitivity95, forKey: .sensitivity95)
        try container.encode(specificity, forKey: .specificity)
        try container.encode(specificity95, forKey: .specificity95)
    }
}
