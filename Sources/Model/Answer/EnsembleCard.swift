/// The model card of a loaded ensemble: the answer of `GET /v1/ensemble`.
public struct EnsembleCard: Encodable, Sendable, Equatable {
    public var name: String
    public var version: String
    public var licence: String
    public var provenance: String
    public var intendedUse: String
    public var classes: [String]
    public var target: String
    public var members: [MemberFacts]
    /// How a photo is prepared.
    public var preprocessing: Manifest.Preprocessing
    public var views: Int
    public var passes: Int
    public var defaults: Defaults
    @Nullable public var calibration: Calibration?
    public var operatingPoints: [OperatingPoint]
    /// The name of the one that verdicts are given at.
    @Nullable public var operatingPoint: String?
    /// Its threshold on the scale of an analysis's `probability`.
    @Nullable public var probabilityThreshold: Double?
    /// What lets an analysis end early; null where nothing does.
    @Nullable public var earlyStop: EarlyStopBound?
    /// What an analysis may take; null where there is no limit.
    @Nullable public var budget: Budget?
    @Nullable public var smallestCrop: Int?
    /// Of the arithmetic.
    public var precision: String
    /// Of the stored weights.
    public var storage: String
    public var threads: Int
    public var kernels: String
    public var sha256: String
    public var serverVersion: String
    @Nullable public var limits: Limits?

    public struct MemberFacts: Encodable, Sendable, Equatable {
        public var architecture: String
        public var inputSize: Int
        public var file: String
        public var sha256: String
        @Nullable public var metadata: [String]?
        public var classes: [String]
        public var weight: Double
        @Nullable public var source: Manifest.Member.Source?
    }

    /// How much an analysis takes unless it is asked otherwise.
    public struct Defaults: Encodable, Sendable, Equatable {
        public var views: Int
        public var members: Int
        public var passes: Int
    }

    /// The time that an analysis may take, and what fits into it here.
    public struct Budget: Encodable, Sendable, Equatable {
        public var seconds: Int
        /// Wall time of a pass of each member, as it was measured at the start.
        public var msPerPass: [Double]
        /// Passes that are left out of an analysis that asks for nothing.
        public var leftOut: Int
    }

    /// What a server refuses to go beyond.
    public struct Limits: Encodable, Sendable, Equatable {
        public var maxBodyBytes: Int
        public var maxPixels: Int
        public var queue: Int

        public init(maxBodyBytes: Int, maxPixels: Int, queue: Int) {
            self.maxBodyBytes = maxBodyBytes
            self.maxPixels = maxPixels
            self.queue = queue
        }
    }
}

extension Ensemble {
    /// - Parameters:
    ///   - plan: of an analysis that asks for nothing.
    ///   - limits: a server's.
    public func card(of plan: AnalysisPlan, limits: EnsembleCard.Limits? = nil) -> EnsembleCard {
        let defaults = EnsembleCard.Defaults(views: plan.views, members: plan.members, passes: plan.passes)
        let budget = plan.timeLimit.map {
            EnsembleCard.Budget(
                seconds: $0.seconds, msPerPass: $0.speed.msPerPass.map(\.rounded3),
                leftOut: plan.shortfall.map { $0.asked - $0.planned } ?? 0)
        }
        return EnsembleCard(
            name: manifest.name, version: manifest.version, licence: manifest.licence, provenance: manifest.provenance,
            intendedUse: manifest.intendedUse, classes: manifest.classes, target: manifest.target,
            members: manifest.members.map {
                .init(
                    architecture: $0.architecture, inputSize: $0.inputSize, file: $0.file, sha256: $0.sha256,
                    metadata: $0.metadata, classes: $0.classes ?? manifest.classes, weight: $0.weight ?? 1, source: $0.source)
            },
            preprocessing: manifest.preprocessing, views: manifest.views, passes: passes, defaults: defaults,
            calibration: manifest.calibration,
            operatingPoints: manifest.operatingPoints, operatingPoint: plan.operatingPoint?.name,
            probabilityThreshold: plan.operatingPoint.map { plan.question.probability(of: $0.threshold).rounded6 },
            earlyStop: plan.stopsEarly ? manifest.earlyStop : nil, budget: budget, smallestCrop: manifest.smallestCrop,
            precision: precision.rawValue, storage: storage, threads: threads,
            kernels: kernels.name, sha256: sha256, serverVersion: Release.version, limits: limits)
    }
}
