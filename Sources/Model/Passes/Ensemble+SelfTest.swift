import Imaging

extension Ensemble {
    /// What a stored result's numbers may differ by on another processor.
    private static let tolerance = 0.001
    /// The same in bf16: what half precision may differ by at most.
    private static let narrowTolerance = 0.005

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
            guard answer.count == test.probabilities[member].count,
                difference <= (precision == .bf16 ? max(test.tolerance, Self.narrowTolerance) : test.tolerance)
            else {
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

    /// How far two ways to compute the same members are apart: the largest difference of a logit over its member's largest, for two
    /// views of the synthetic photo.
    ///
    /// - Parameter isCancelled: asked between passes.
    /// - Throws: `ModelError.selfTest` if a logit is no number, `.cancelled`.
    public func difference(from other: Ensemble, isCancelled: () -> Bool = { false }) throws(ModelError) -> Double {
        var largest = 0.0
        for (index, (one, two)) in zip(members, other.members).enumerated() {
            for view in [0, 5] {
                guard !isCancelled() else { throw .cancelled }
                let (ours, theirs) = (logits(of: one, view: view), other.logits(of: two, view: view))
                let scale = Double(theirs.map(abs).max() ?? 1)
                for (a, b) in zip(ours, theirs) {
                    let difference = abs(Double(a) - Double(b)) / max(scale, 1e-3)
                    guard difference.isFinite else {
                        throw .selfTest(member: manifest.members[index].file, difference: .infinity)
                    }
                    largest = max(largest, difference)
                }
            }
        }
        return largest
    }

    /// One pass on this thread, nothing known of the patient.
    private func logits(of member: LoadedMember, view: Int) -> [Float] {
        let photo = prepare(SyntheticLesion.image(width: Self.newTest.width, height: Self.newTest.height))
        let executor = Executor(kernels: kernels, plans: [member.plan])
        let metadata = member.metadata?.features(for: PatientInformation()) ?? []
        guard let square = photo.squares[member.plan.inputSize] else { return [] }
        let normalization = normalization
        let output = executor.run(member.plan, metadata: metadata, isDropped: { false }) { rows, target, stride in
            View(index: view).write(rows: rows, of: square, normalized: normalization, to: target, stride: stride)
        }
        return output?.logits ?? []
    }

    private static let newTest = Manifest.SelfTest(
        image: "synthetic-lesion", width: 320, height: 240, view: 0, probabilities: [], tolerance: tolerance)

    /// One view of the synthetic photo through each member, nothing known of the patient.
    private func answers(to test: Manifest.SelfTest) throws(ModelError) -> [(member: Int, probabilities: [Double])] {
        let photo = prepare(SyntheticLesion.image(width: test.width, height: test.height))
        let order = manifest.members.indices.map { Pass(member: $0, view: test.view) }
        // A small ensemble's members as often as it takes to give every thread something to do.
        let repeated = (0..<((threads + order.count - 1) / order.count)).flatMap { _ in order }
        var answers: [(member: Int, probabilities: [Double])] = []
        _ = run(repeated, photo: photo) { answers.append(($1.pass.member, $1.probabilities)) }
        for (member, answer) in answers where !answer.allSatisfy(\.isFinite) {
            throw .selfTest(member: manifest.members[member].file, difference: .infinity)
        }
        return answers
    }
}
