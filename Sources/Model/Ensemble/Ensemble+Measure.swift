import Imaging

extension Ensemble {
    /// Times in milliseconds; medians over the rounds.
    public struct Measurement: Encodable, Sendable {
        public var rounds: Int
        public var passes: Int
        /// Wall time of an analysis's inference over its number of passes.
        public var msPerPass: Double
        public var msPerAnalysis: Double
        /// Arithmetic of all threads together, two operations a multiply-add.
        public var gflops: Double
        public var members: [Member]

        /// One member's passes, one at a time on one thread.
        public struct Member: Encodable, Sendable {
            public var architecture: String
            public var inputSize: Int
            public var msPerPass: Double
            /// "input", "stem", "blocks.0" … "head".
            public var msPerStage: [String: Double]
            /// "input", "stem", "pointwise", "depthwise", "squeeze-excitation", "classify".
            public var msPerKind: [String: Double]
        }
    }

    /// Times whole analyses of a synthetic photo, then each member's layers.
    /// - Throws: what `analyze` throws.
    public func measure(rounds: Int) throws(ModelError) -> Measurement {
        let photo = prepare(SyntheticLesion.image(width: 1024, height: 768))
        _ = try analyze(photo, options: Options())
        var times: [Double] = []
        for _ in 0..<rounds {
            times.append(try analyze(photo, options: Options()).timingMs.inference)
        }
        let median = times.median
        let passes = order(for: Options()).passes
        let multiplyAdds = passes.reduce(0) { $0 + members[$1.member].plan.multiplyAdds }
        return Measurement(
            rounds: rounds, passes: passes.count, msPerPass: (median / Double(passes.count)).rounded3,
            msPerAnalysis: median.rounded3,
            gflops: (2 * Double(multiplyAdds) / median / 1e6).rounded3,
            members: manifest.members.indices.map { measure(member: $0, photo: photo, rounds: rounds) })
    }

    private func measure(member: Int, photo: PreparedPhoto, rounds: Int) -> Measurement.Member {
        let plan = members[member].plan
        let metadata = members[member].metadata?.features(for: PatientInformation()) ?? []
        let executor = Executor(kernels: kernels, arenaCount: plan.arenaCount)
        var stages: [String: [Double]] = [:]
        var kinds: [String: [Double]] = [:]
        var totals: [Double] = []
        for round in 0...rounds {
            var watch = Stopwatch()
            var current = (stage: "input", kind: "input")
            var stageTimes: [String: Double] = [:]
            var kindTimes: [String: Double] = [:]
            let total = Stopwatch()
            _ = executor.run(
                plan, metadata: metadata,
                observer: { next in
                    let time = watch.lap()
                    stageTimes[current.stage, default: 0] += time
                    kindTimes[current.kind, default: 0] += time
                    if let next { current = next }
                },
                fill: { target, stride in
                    photo.squares[plan.inputSize]?.withBytes { bytes in
                        guard let base = bytes.baseAddress else { return }
                        View(index: 0).write(
                            base, side: plan.inputSize, normalized: normalization, to: target, stride: stride)
                    }
                })
            guard round > 0 else { continue }  // the first pass warms the caches
            totals.append(total.milliseconds)
            for (stage, time) in stageTimes { stages[stage, default: []].append(time) }
            for (kind, time) in kindTimes { kinds[kind, default: []].append(time) }
        }
        return Measurement.Member(
            architecture: manifest.members[member].architecture, inputSize: plan.inputSize,
            msPerPass: totals.median.rounded3, msPerStage: stages.mapValues(\.median.rounded3),
            msPerKind: kinds.mapValues(\.median.rounded3))
    }
}

extension [Double] {
    /// The middle value; the mean of the two middle ones where their number is even.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
    }
}

extension Double {
    /// Rounded to three decimals, for times.
    public var rounded3: Double { (self * 1000).rounded() / 1000 }
}
