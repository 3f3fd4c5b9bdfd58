import FoundationEssentials
import Imaging

/// A loaded bundle, warm in memory: from a photo to an analysis.
///
/// Analyses run one after the other, on the ensemble's own threads: one begins when all passes of the one before have begun.
public final class Ensemble: Sendable {
    public let manifest: Manifest
    /// Of `ensemble.json`.
    public let sha256: String
    public let threads: Int
    public let kernels: Kernels
    /// The number format the weights are stored in.
    public let storage: String
    /// The number format the products are computed in.
    public let precision: Precision
    let members: [LoadedMember]
    let pool: PassPool<PassResult?>
    let normalization: Normalization

    /// Loads a bundle's folder, checks every file's SHA-256, and makes the plans.
    ///
    /// - Parameters:
    ///   - threads: inference threads.
    ///   - precision: nil: what the bundle asks for, if the processor has it; fp32 otherwise.
    ///   - cache: where packed weights are kept from start to start.
    /// - Throws: `ModelError`.
    public convenience init(
        directory: String, threads: Int, kernels: Kernels, precision: Precision? = nil, cache: PackedCache? = nil
    ) throws(ModelError) {
        let json = try MappedFile(path: directory + "/ensemble.json", name: "ensemble.json")
        try self.init(
            manifest: Manifest(json: Data(json.bytes)), sha256: json.sha256, directory: directory, threads: threads,
            kernels: kernels, precision: precision, cache: cache)
    }

    /// The same with a manifest that is not the folder's own.
    public init(
        manifest: Manifest, sha256: String, directory: String, threads: Int, kernels: Kernels, precision: Precision? = nil,
        cache: PackedCache? = nil
    ) throws(ModelError) {
        self.manifest = manifest
        self.sha256 = sha256
        let files = Parallel.map(count: manifest.members.count, threads: threads) { index in
            Result { () throws(ModelError) in
                let member = manifest.members[index]
                let weights = try Safetensors(path: directory + "/" + member.file, name: member.file)
                guard weights.file.sha256 == member.sha256 else { throw ModelError.checksum(file: member.file) }
                return weights
            }
        }
        var weights: [Safetensors] = []
        for file in files { weights.append(try file.get()) }
        let loaded = weights
        let precision = precision ?? manifest.defaults?.precision.flatMap { kernels.has($0) ? $0 : nil } ?? .fp32
        guard kernels.has(precision) else { throw .precision(precision, kernels: kernels.name) }
        let team = Team.size(for: threads)
        let made = Parallel.map(count: loaded.count, threads: threads) { index in
            Result { () throws(ModelError) in
                try LoadedMember(
                    manifest.members[index], of: manifest, weights: loaded[index], precision: precision, kernels: kernels,
                    threads: team, cache: cache)
            }
        }
        var members: [LoadedMember] = []
        for member in made { members.append(try member.get()) }
        let precisions = Set(weights.map(\.precision))
        storage = precisions.count == 1 ? precisions.first ?? "mixed" : "mixed"
        self.members = members
        self.precision = precision
        self.threads = threads
        self.kernels = kernels
        normalization = Normalization(mean: manifest.preprocessing.mean, std: manifest.preprocessing.std)
        pool = PassPool(threads: threads, kernels: kernels, plans: members.map(\.plan))
    }

    /// Beats with each pass that is done.
    public var pulse: Pulse { pool.pulse }

    /// All passes that an analysis without limits makes.
    public var passes: Int { manifest.passes }

    /// Multiply-adds of all passes.
    public var multiplyAdds: Int { members.reduce(0) { $0 + $1.plan.multiplyAdds } * manifest.views }

    /// - Parameter threads: that share the work.
    public func prepare(_ image: Image, threads: Int = 1) -> PreparedPhoto {
        PreparedPhoto(
            image, sides: Set(manifest.members.map(\.inputSize)), by: manifest.preprocessing.resize, threads: threads)
    }

    /// Calls `completed` with the result of each pass, by its place in `passes`; false if cancelled.
    func run(
        _ passes: [Pass], photo: PreparedPhoto, patient: PatientInformation = PatientInformation(), keepsFeatures: Bool = false,
        isCancelled: () -> Bool = { false }, begun: () -> Void = {}, completed: (Int, PassResult) -> Void
    ) -> Bool {
        let members = members
        let normalization = normalization
        let used = Set(passes.map(\.member))
        let metadata = members.indices.map { used.contains($0) ? members[$0].metadata?.features(for: patient) ?? [] : [] }
        return pool.run(
            count: passes.count,
            work: { executor, index, isDropped in
                let pass = passes[index]
                let plan = members[pass.member].plan
                guard let square = photo.squares[plan.inputSize] else { return nil }
                return executor.run(
                    plan, metadata: metadata[pass.member], keepsFeatures: keepsFeatures, isDropped: isDropped
                ) { rows, target, stride in
                    View(index: pass.view).write(rows: rows, of: square, normalized: normalization, to: target, stride: stride)
                }.map {
                    PassResult(pass: pass, probabilities: Softmax.probabilities($0.logits), features: $0.features)
                }
            }, isCancelled: isCancelled, begun: begun, completed: { if let result = $1 { completed($0, result) } })
    }
}
