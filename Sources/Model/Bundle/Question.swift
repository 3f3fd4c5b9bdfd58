/// What is asked of a photo: which classes count, how their score becomes a probability, and from where on it is flagged.
public struct Question: Sendable, Equatable {
    public var name: String
    /// Those whose probabilities are summed, by name.
    public var classes: [String]
    public var calibration: Calibration?
    /// The first is used unless the practice chose another.
    public var operatingPoints: [OperatingPoint]

    /// A raw mean softmax on the scale of the answer: calibrated where there is a calibration. It keeps the order, so that
    /// thresholds and spreads can be shown on the same scale.
    func probability(of raw: Double) -> Double { calibration?.calibrated(raw) ?? raw }

    /// The operating point of a name, or the first.
    /// - Throws: `ModelError.manifest` if there is none of that name.
    func operatingPoint(named name: String?) throws(ModelError) -> OperatingPoint? {
        guard let name else { return operatingPoints.first }
        guard let point = operatingPoints.first(where: { $0.name == name }) else {
            throw .manifest("there is no operating point named \(name)")
        }
        return point
    }
}

extension Manifest {
    /// What is asked of each photo; the verdict's question first.
    public var questions: [Question] {
        [Question(name: target, classes: [target], calibration: calibration, operatingPoints: operatingPoints)]
    }

    /// Classes' places among the ensemble's.
    func places(of names: [String]) -> [Int] { names.compactMap { classes.firstIndex(of: $0) } }
}
