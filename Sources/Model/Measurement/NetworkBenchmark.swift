/// How fast one network is here, whatever its weights: passes one after the other, all threads together.
public struct NetworkBenchmark: Encodable, Sendable {
    public var network: String
    public var inputSize: Int
    public var precision: Precision
    public var threads: Int
    public var kernels: String
    /// Of one pass.
    public var multiplyAdds: Int
    /// The median pass.
    public var msPerPass: Double
    public var msLowest: Double
    public var msHighest: Double
    /// Measured just before.
    public var limit: ProcessorLimit
    /// By kind of step; nil unless asked for.
    public var layers: [Layer]?

    /// All steps of one kind.
    public struct Layer: Encodable, Sendable {
        public var kind: String
        public var calls: Int
        public var ms: Double
        public var flop: Int
        /// That must be read and written at least.
        public var bytes: Int
    }

    /// - Throws: `ModelError.architecture`, `.precision`, `.manifest` for a size outside of 32...2048.
    public init(
        network: String, inputSize: Int, precision: Precision, kernels: Kernels, threads: Int, passes: Int, profile: Bool
    ) throws(ModelError) {
        guard kernels.has(precision) else {
            throw .precision(precision, kernels: kernels.name)
        }
        let plan = try Plan(
            architecture: Architecture(name: network), classes: 9, inputSize: inputSize, precision: precision, kernels: kernels,
            threads: threads, weights: SyntheticWeights())
        limit = .measure(precision, kernels: kernels, threads: threads)
        let executor = Executor(kernels: kernels, threads: threads, plans: [plan])
        let times = PassTimes.measure(plan, on: executor, passes: passes, byPart: profile) { rows, target, stride in
            for row in rows {
                for x in 0..<(3 * inputSize) { target[row * stride + x] = Float((row * 31 + x * 17) % 256) / 128 - 1 }
            }
        }
        self.network = network
        self.inputSize = inputSize
        self.precision = precision
        self.threads = threads
        self.kernels = kernels.name
        multiplyAdds = plan.multiplyAdds
        msPerPass = times.passes.median.rounded3
        msLowest = (times.passes.min() ?? 0).rounded3
        msHighest = (times.passes.max() ?? 0).rounded3
        layers = profile ? Self.layers(of: plan, times) : nil
    }

    private static func layers(of plan: Plan, _ times: PassTimes) -> [Layer] {
        let steps = Dictionary(grouping: plan.steps, by: \.operation.kind)
        return times.kinds.map { kind, ms in
            let own = steps[kind] ?? []
            return Layer(
                kind: kind, calls: own.count, ms: ms.median.rounded3, flop: own.reduce(0) { $0 + 2 * $1.multiplyAdds },
                bytes: own.reduce(0) { $0 + $1.bytes })
        }.sorted { ($1.ms, $0.kind) < ($0.ms, $1.kind) }
    }
}
