import FoundationEssentials
import Imaging

/// A loaded bundle, warm in memory: from a photo to an analysis.
///
/// One analysis runs at a time, on the ensemble's own threads; further callers wait.
public final class Ensemble: Sendable {
    public let manifest: Manifest
    /// Of `ensemble.json`.
    public let sha256: String
    public let threads: Int
    public let kernels: Kernels
    /// The number format the weights are stored in; arithmetic is fp32.
    public let storage: String
    let plans: [Plan]
    let pool: PassPool
    let normalization: Normalization

    /// Loads a bundle's folder, checks every file's SHA-256, and packs the weights.
    ///
    /// - Parameter threads: inference threads, one pass each.
    /// - Throws: `ModelError`.
    public init(directory: String, threads: Int, kernels: Kernels) throws(ModelError) {
        let json = try MappedFile(path: directory + "/ensemble.json", name: "ensemble.json")
        manifest = try Manifest(json: Data(json.bytes))
        sha256 = json.sha256
        var plans: [Plan] = []
        var precisions: Set<String> = []
        for member in manifest.members {
            let weights = try Safetensors(path: directory + "/" + member.file, name: member.file)
            guard weights.file.sha256 == member.sha256 else { throw .checksum(file: member.file) }
            precisions.insert(weights.precision)
            plans.append(
                try Plan(
                    architecture: Architecture(name: member.architecture), classes: manifest.classes.count,
                    inputSize: member.inputSize, weights: weights))
        }
        storage = precisions.count == 1 ? precisions.first ?? "mixed" : "mixed"
        self.plans = plans
        self.threads = threads
        self.kernels = kernels
        normalization = Normalization(mean: manifest.preprocessing.mean, std: manifest.preprocessing.std)
        pool = PassPool(threads: threads, kernels: kernels, arenaCount: plans.map(\.arenaCount).max() ?? 0)
    }

    /// All passes that an analysis without limits makes.
    public var passes: Int { manifest.members.count * manifest.views }

    /// Multiply-adds of all passes.
    public var multiplyAdds: Int { plans.reduce(0) { $0 + $1.multiplyAdds } * manifest.views }

    public func prepare(_ image: Image) -> PreparedPhoto {
        PreparedPhoto(image, sides: Set(manifest.members.map(\.inputSize)))
    }

    /// The operating point of a name, or the manifest's first.
    /// - Throws: `ModelError.manifest` if there is none of that name.
    public func operatingPoint(named name: String?) throws(ModelError) -> OperatingPoint? {
        guard let name else { return manifest.operatingPoints.first }
        guard let point = manifest.operatingPoints.first(where: { $0.name == name }) else {
            throw .manifest("there is no operating point named \(name)")
        }
        return point
    }

    /// Reproduces the manifest's stored result, and so warms every thread.
    ///
    /// - Returns: the largest difference from the stored probabilities; nil if the bundle stores none, and then only that the
    ///   members' answers are probabilities was checked.
    /// - Throws: `ModelError.selfTest`.
    public func selfTest() throws(ModelError) -> Double? {
        let test = manifest.selfTest
        let photo = prepare(SyntheticLesion.image(width: test?.width ?? 320, height: test?.height ?? 240))
        let order = manifest.members.indices.map { PassOrder.Pass(member: $0, view: test?.view ?? 0) }
        var answers: [(member: Int, probabilities: [Double])] = []
        // Every member as often as there are threads, so that the threads' memory has been touched; every answer counts.
        let repeated = (0..<threads).flatMap { _ in order }
        _ = run(repeated, photo: photo, isCancelled: { false }) { answers.append((repeated[$0].member, $1)) }
        var largest = 0.0
        for (member, answer) in answers {
            let file = manifest.members[member].file
            guard answer.allSatisfy({ $0.isFinite }) else { throw .selfTest(member: file, difference: .infinity) }
            guard let test else { continue }
            let difference = zip(answer, test.probabilities[member]).map { abs($0 - $1) }.max() ?? 0
            guard difference <= test.tolerance else { throw .selfTest(member: file, difference: difference) }
            largest = max(largest, difference)
        }
        return test == nil ? nil : largest
    }

    /// The softmax of each pass, by its place in `passes`; false if cancelled.
    func run(
        _ passes: [PassOrder.Pass], photo: PreparedPhoto, isCancelled: () -> Bool, completed: (Int, [Double]) -> Void
    ) -> Bool {
        let plans = plans
        let normalization = normalization
        return pool.run(
            count: passes.count,
            pass: { executor, index in
                let plan = plans[passes[index].member]
                guard let square = photo.squares[plan.inputSize] else { return [] }
                let logits = executor.run(plan) { target, stride in
                    square.withBytes { bytes in
                        guard let base = bytes.baseAddress else { return }
                        View(index: passes[index].view).write(
                            base, side: plan.inputSize, normalized: normalization, to: target, stride: stride)
                    }
                }
                return Softmax.probabilities(logits)
            }, isCancelled: isCancelled, completed: completed)
    }
}
