/// The passes so far, read as one: each class's mean softmax, over the passes of the members that know the class.
///
/// The mean is of probabilities, not of ranks: the contest winners' blend averages a photo's ranks among a test set, and the
/// photo of a single patient has none. Passes are added in their order, whichever thread was quicker, so that the answer
/// depends on nothing but the photo.
public struct Score: Sendable, Equatable {
    /// How the outputs of one member count.
    struct Vote: Sendable, Equatable {
        /// For each of its outputs, the class's place among the ensemble's.
        var classes: [Int]
        /// Its share in the mean, before all shares are scaled to 1.
        var weight: Double
    }

    private let votes: [Vote]
    /// In the order in which they were added.
    private(set) var results: [PassResult] = []
    private var sums: [Double]
    private var weights: [Double]

    /// - Parameters:
    ///   - votes: one a member of the bundle, in its order.
    ///   - classes: how many the ensemble tells apart.
    init(votes: [Vote], classes: Int) {
        self.votes = votes
        sums = [Double](repeating: 0, count: classes)
        weights = sums
    }

    mutating func add(_ result: PassResult) {
        let vote = votes[result.pass.member]
        for (index, probability) in zip(vote.classes, result.probabilities) {
            sums[index] += vote.weight * probability
            weights[index] += vote.weight
        }
        results.append(result)
    }

    /// Passes that were added.
    public var count: Int { results.count }

    /// The mean of a class, by its place among the ensemble's; nil if no pass knew it.
    func mean(of index: Int) -> Double? {
        weights[index] > 0 ? sums[index] / weights[index] : nil
    }

    /// The mean of some classes together.
    func mean(of classes: [Int]) -> Double {
        classes.reduce(0) { $0 + (mean(of: $1) ?? 0) }
    }

    /// What single passes gave for some classes together, in their order.
    func passScores(of classes: [Int]) -> [Double] {
        results.map { score(of: $0, for: classes) }
    }

    /// The mean over one member's passes for some classes together, and how many those are; nil if it made none.
    func mean(ofMember member: Int, for classes: [Int]) -> (score: Double, passes: Int)? {
        let own = results.filter { $0.pass.member == member }.map { score(of: $0, for: classes) }
        return own.isEmpty ? nil : (own.mean, own.count)
    }

    private func score(of result: PassResult, for classes: [Int]) -> Double {
        let known = votes[result.pass.member].classes
        return classes.reduce(0) { sum, index in
            sum + (known.firstIndex(of: index).map { result.probabilities[$0] } ?? 0)
        }
    }

    /// The members did not all tell the same classes apart.
    var mixesClasses: Bool { Set(results.map { votes[$0.pass.member].classes }).count > 1 }
}
