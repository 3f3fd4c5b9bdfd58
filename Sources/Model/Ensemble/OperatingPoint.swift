/// A threshold on the raw mean softmax, with what was measured there. Sensitivity and specificity come with 95 % intervals.
public struct OperatingPoint: Codable, Sendable, Equatable {
    public var name: String
    public var threshold: Double
    /// The data that the threshold was chosen on.
    public var chosenOn: String?
    /// The data that sensitivity and specificity were measured on.
    public var measuredOn: String?
    public var sensitivity: Double?
    public var sensitivity95: [Double]?
    public var specificity: Double?
    public var specificity95: [Double]?
}
