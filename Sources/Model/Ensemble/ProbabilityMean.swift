/// The weighted mean of passes' probabilities: each class over the passes of the members that know it.
///
/// Probabilities, not ranks: the contest winners' blend averages a photo's ranks among a test set, which one patient's photo has none of.
struct ProbabilityMean {
    private var sums: [Double]
    private var weights: [Double]

    /// - Parameter classes: how many the ensemble tells apart.
    init(classes: Int) {
        sums = [Double](repeating: 0, count: classes)
        weights = sums
    }

    mutating func add(_ probabilities: [Double], of member: Member) {
        for (index, probability) in zip(member.classIndices, probabilities) {
            sums[index] += member.weight * probability
            weights[index] += member.weight
        }
    }

    /// nil for a class that no pass knew.
    func mean(of index: Int) -> Double? {
        weights[index] > 0 ? sums[index] / weights[index] : nil
    }
}
