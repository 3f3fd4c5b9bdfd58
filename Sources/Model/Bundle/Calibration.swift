#if canImport(Glibc)
    import Glibc
#endif

/// Turns the mean softmax into a probability that holds at a stated rate of melanoma.
public struct Calibration: Codable, Sendable, Equatable {
    public enum Method: String, Codable, Sendable {
        /// sigmoid(slope * logit(p) + intercept); Platt 1999, on the logit of the mean softmax.
        case platt
    }

    public struct Parameters: Codable, Sendable, Equatable {
        public var slope: Double
        public var intercept: Double
    }

    public var method: Method
    public var parameters: Parameters
    /// The rate of the target in the data that it was fitted on, 0...1.
    public var prevalence: Double

    /// What makes no sense, in words; nil if all does.
    var fault: String? {
        if !(prevalence > 0 && prevalence < 1) { return "the prevalence is not between 0 and 1" }
        // Else a higher score would be a lower probability.
        if !(parameters.slope > 0 && parameters.slope.isFinite) { return "the slope is not a positive number" }
        if !parameters.intercept.isFinite { return "the intercept is not a number" }
        return nil
    }

    /// The calibrated probability of a mean softmax in 0...1.
    public func calibrated(_ probability: Double) -> Double {
        let p = min(max(probability, 1e-9), 1 - 1e-9)
        return 1 / (1 + exp(-(parameters.slope * log(p / (1 - p)) + parameters.intercept)))
    }
}
