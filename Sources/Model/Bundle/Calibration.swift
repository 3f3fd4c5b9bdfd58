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

    /// The calibrated probability of a mean softmax in 0...1.
    public func calibrated(_ probability: Double) -> Double {
        let p = min(max(probability, 1e-9), 1 - 1e-9)
        return 1 / (1 + exp(-(parameters.slope * log(p / (1 - p)) + parameters.intercept)))
    }
}
