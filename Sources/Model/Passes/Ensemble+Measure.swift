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
        public var members: [MemberTimes]

        /// One member's passes, one at a time, all threads of a team together.
        public struct MemberTimes: Encodable, Sendable {
            public var architecture: String
            public var inputSize: Int
            public var msPerPass: Double
            /// "input", "stem", "blocks.0" … "head".
            public var msPerStage: [String: Double]
            /// "input", "stem, depthwise", "expand, depthwise", "depthwise", "squeeze-excitation", "project", "head".
            public var msPerKind: [String: Double]
        }
    }

    /// Times whole analyses of a synthetic photo, then each member's layers.
    /// - Throws: what `read` throws.
    public func measure(rounds: Int) throws(ModelError) -> Measurement {
        let photo = prepare(SyntheticLesion.image(width: 1024, height: 768))
        var request = AnalysisRequest()
        request.neverEndsEarly = true
        let plan = try AnalysisPlan(request, of: manifest)
        _ = try read(photo, by: plan)
        var times: [Double] = []
        for _ in 0..<rounds {
            let watch = Stopwatch()
            _ = try read(photo, by: plan)
            times.append(watch.milliseconds)
        }
        let median = times.median
        let passes = plan.order.passes
        let multiplyAdds = passes.reduce(0) { $0 + members[$1.member].plan.multiplyAdds }
        return Measurement(
            rounds: rounds, passes: passes.count, msPerPass: (median / Double(passes.count)).rounded3,
            msPerAnalysis: median.rounded3,
            gflops: (2 * Double(multiplyAdds) / median / 1e6).rounded3,
            members: manifest.members.indices.map { measure(member: $0, photo: photo, rounds: rounds) })
    }

    private func measure(member: Int, photo: PreparedPhoto, rounds: Int) -> Measurement.MemberTimes {
        let plan = members[member].plan
        let metadata = members[member].metadata?.features(for: PatientInformation()) ?? []
        let normalization = normalization
        guard let square = photo.squares[plan.inputSize] else { return .init(manifest.members[member], PassTimes()) }
        let executor = Executor(kernels: kernels, threads: Team.size(for: threads), plans: [plan])
        let times = PassTimes.measure(plan, on: executor, passes: rounds, metadata: metadata) { rows, target, stride in
            View(index: 0).write(rows: rows, of: square, normalized: normalization, to: target, stride: stride)
        }
        return .init(manifest.members[member], times)
    }
}

extension Ensemble.Measurement.MemberTimes {
    fileprivate init(_ member: Manifest.Member, _ times: PassTimes) {
        self.init(
            architecture: member.architecture, inputSize: member.inputSize, msPerPass: times.passes.median.rounded3,
            msPerStage: times.stages.mapValues(\.median.rounded3), msPerKind: times.kinds.mapValues(\.median.rounded3))
    }
}
