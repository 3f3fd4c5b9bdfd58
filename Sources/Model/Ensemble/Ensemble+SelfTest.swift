import Imaging

extension Ensemble {
    /// What a stored result's numbers may differ by on another processor.
    private static let tolerance = 0.001

    /// Reproduces the manifest's stored result, and so warms every thread.
    ///
    /// - Returns: the largest difference from the stored probabilities; nil if the bundle stores none, and then only that the
    ///   members' answers are probabilities was checked.
    /// - Throws: `ModelError.selfTest`.
    public func selfTest() throws(ModelError) -> Double? {
        let test = manifest.selfTest
        var largest = 0.0
        for (member, answer) in try answers(to: test ?? Self.newTest) {
            guard let test else { continue }
            let difference = zip(answer, test.probabilities[member]).map { abs($0 - $1) }.max() ?? 0
            guard difference <= test.tolerance else {
                throw .selfTest(member: manifest.members[member].file, difference: difference)
            }
            largest = max(largest, difference)
        }
        return test == nil ? nil : largest
    }

    /// This installation's own result, for a manifest to store.
    /// - Throws: `ModelError.selfTest` if an answer is no probability.
    public func newSelfTest() throws(ModelError) -> Manifest.SelfTest {
        var test = Self.newTest
        test.probabilities = manifest.members.map { _ in [] }
        for (member, answer) in try answers(to: test) { test.probabilities[member] = answer.map(\.rounded6) }
        return test
    }

    /// The largest difference between this ensemble's probabilities and those of another with the same members.
    /// - Throws: `ModelError.selfTest` if an answer is no probability.
    public func difference(from other: Ensemble) throws(ModelError) -> Double {
        let (ours, theirs) = (try newSelfTest(), try other.newSelfTest())
        return zip(ours.probabilities.joined(), theirs.probabilities.joined()).map { abs($0 - $1) }.max() ?? 0
    }

    private static let newTest = Manifest.SelfTest(
        image: "synthetic-lesion", width: 320, height: 240, view: 0, probabilities: [], tolerance: tolerance)

    /// One view of the synthetic photo through each member, nothing known of the patient.
    private func answers(to test: Manifest.SelfTest) throws(ModelError) -> [(member: Int, probabilities: [Double])] {
        let photo = prepare(SyntheticLesion.image(width: test.width, height: test.height))
        let order = manifest.members.indices.map { PassOrder.Pass(member: $0, view: test.view) }
        // A small ensemble's members as often as it takes to give every thread something to do.
        let repeated = (0..<((threads + order.count - 1) / order.count)).flatMap { _ in order }
        var answers: [(member: Int, probabilities: [Double])] = []
        _ = run(repeated, photo: photo, patient: PatientInformation(), isCancelled: { false }) {
            answers.append((repeated[$0].member, $1))
        }
        for (member, answer) in answers where !answer.allSatisfy(\.isFinite) {
            throw .selfTest(member: manifest.members[member].file, difference: .infinity)
        }
        return answers
    }
}
