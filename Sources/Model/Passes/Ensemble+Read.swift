import Imaging

extension Ensemble {
    /// An estimate on the way, from the first passes.
    public struct Progress: Codable, Sendable, Equatable {
        public var done: Int
        /// Those that are planned; an analysis that ends early makes fewer.
        public var of: Int
        /// Of the verdict's question, calibrated where the ensemble has a calibration.
        public var probability: Double
        /// Where it is flagged, on the scale of `probability`; nil where there is no operating point.
        public var threshold: Double?
    }

    /// Whoever waits for an analysis. All are called on the thread that called `read`.
    public struct Observer {
        /// Asked between passes; once true, the rest is dropped.
        public var isGone: () -> Bool
        /// Called once, when no pass is left to begin: another analysis may follow.
        public var begun: () -> Void
        /// Called for each pass, in their order.
        public var progress: (Progress) -> Void

        public init(
            isGone: @escaping () -> Bool = { false }, begun: @escaping () -> Void = {},
            progress: @escaping (Progress) -> Void = { _ in }
        ) {
            self.isGone = isGone
            self.begun = begun
            self.progress = progress
        }
    }

    /// Makes the passes of a plan, and reads them.
    /// - Throws: `ModelError.cancelled` once the observer is gone.
    public func read(
        _ photo: PreparedPhoto, by plan: AnalysisPlan, for observer: Observer = Observer()
    ) throws(ModelError) -> Reading {
        let obstacles = Reading.obstacles(in: photo.facts, of: manifest)
        let rule = StoppingRule(plan, of: manifest, isJudged: obstacles.isEmpty)
        let passes = plan.order.passes
        var score = Score(votes: votes, classes: manifest.classes.count)
        var waiting = [PassResult?](repeating: nil, count: passes.count)
        var isSettled = false
        let finished = run(
            passes, photo: photo, patient: plan.patient, keepsFeatures: plan.listsFeatures,
            isCancelled: { isSettled || observer.isGone() }, begun: observer.begun
        ) { index, result in
            waiting[index] = result
            // Passes count in their order: which thread was quicker must not decide anything.
            while !isSettled, score.count < passes.count, let next = waiting[score.count] {
                score.add(next)
                observer.progress(Progress(of: score, by: plan, in: manifest))
                isSettled = rule?.settles(score) ?? false
            }
        }
        guard finished || isSettled else { throw .cancelled }
        return Reading(
            of: score, photo: photo.facts, obstacles: obstacles, by: plan, of: manifest,
            end: isSettled ? rule?.ending(score) : nil)
    }

    private var votes: [Score.Vote] {
        manifest.members.map { .init(classes: manifest.places(of: $0.classes ?? manifest.classes), weight: $0.weight ?? 1) }
    }
}

extension Ensemble.Progress {
    fileprivate init(of score: Score, by plan: AnalysisPlan, in bundle: Manifest) {
        let answer = QuestionReading(plan.questions[0], of: score, at: plan.operatingPoint, in: bundle)
        self.init(
            done: score.count, of: plan.passes, probability: answer.probability.rounded6,
            threshold: answer.threshold?.rounded6)
    }
}
