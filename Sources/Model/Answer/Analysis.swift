import FoundationEssentials
import Imaging

/// The answer for one photo: the object of `POST /v1/analyses` and of `melascan analyze --json`.
///
/// It is put together once, at the edge, from a reading and what only the edge knows: the id, the times, and the language.
public struct Analysis: Encodable, Sendable, Equatable {
    /// A UUID of version 7 (RFC 9562), for logs and follow-up; it says nothing about the patient.
    public var id: String
    /// Of the verdict's question; calibrated where the ensemble has a calibration.
    public var probability: Double
    public var calibrated: Bool
    /// The operating point's threshold on the scale of `probability`.
    @Nullable public var probabilityThreshold: Double?
    /// Of single passes, on the scale of `probability`.
    public var probabilitySpread: Spread
    /// The mean softmax over all passes, as the original system gives it.
    public var rawProbability: Double
    /// Of the passes' raw probabilities.
    public var spread: Spread
    /// Mean softmax by class.
    public var classes: [String: Double]
    public var verdict: Verdict
    public var reasons: [Message]
    /// Its threshold is on the scale of `rawProbability`.
    @Nullable public var operatingPoint: OperatingPoint?
    public var members: [MemberScore]
    /// Of the verdict's question, pass by pass in their order; nil, and left out, unless it was asked for.
    public var passScores: [Double]?
    /// What each pass's classifier read of the picture, (passes, features); nil, and left out, unless it was asked for.
    public var passFeatures: [[Float]]?
    public var passes: Int
    public var passesAvailable: Int
    /// The number format of the products.
    public var precision: Precision
    /// Where it ended before all passes that were planned.
    @Nullable public var earlyStop: EarlyStop?
    /// Where passes were left out because they would have taken too long.
    @Nullable public var budget: Shortfall?
    public var image: Picture
    public var patient: Patient
    public var ensemble: Source
    public var timingMs: Timing
    /// What a reader should know about this very answer, in sentences.
    public var remarks: [String]
    /// The same with their codes and figures.
    public var codedRemarks: [Message]
    public var notice: String

    /// One statement: a stable code and its figures for programs, a sentence for people.
    public struct Message: Encodable, Sendable, Equatable {
        public var code: String
        public var text: String
        /// By the names in the catalogue of words.
        public var values: [String: Statement.Value]

        init(_ statement: Statement, in words: Words) {
            code = statement.code.rawValue
            text = words.text(statement)
            values = statement.values
        }
    }

    /// An analysis that made only the first of its passes.
    public struct EarlyStop: Encodable, Sendable, Equatable {
        public var reason: EarlyEnd.Reason
        /// Passes that would have been made otherwise.
        public var planned: Int
        /// The rule that ended it, in words.
        public var rule: String
        /// The same with its code and figures.
        public var codedRule: Message
        /// Where the raw mean of all passes of the ensemble lies, for at least 999 of 1,000 photos; null where no figure means anything.
        @Nullable public var expected: Range?

        public struct Range: Encodable, Sendable, Equatable {
            public var lowest: Double
            public var highest: Double
        }
    }

    public struct MemberScore: Encodable, Sendable, Equatable {
        /// Of the bundle.
        public var file: String
        public var architecture: String
        public var inputSize: Int
        public var passes: Int
        /// Mean over its passes.
        public var probability: Double
    }

    /// Sizes in pixels, upright.
    public struct Picture: Encodable, Sendable, Equatable {
        public var width: Int
        public var height: Int
        public var crop: Square

        public struct Square: Encodable, Sendable, Equatable {
            public var x: Int
            public var y: Int
            public var side: Int
        }
    }

    /// What was said about the patient, and whether the ensemble used it.
    public struct Patient: Encodable, Sendable, Equatable {
        @Nullable public var age: Int?
        @Nullable public var sex: Sex?
        @Nullable public var site: Site?
        public var used: Bool
        /// Metadata that can't be known in a clinic, with the neutral values that stood in for it; empty where no member takes any.
        public var assumed: [String: Double]
    }

    public struct Source: Encodable, Sendable, Equatable {
        public var name: String
        public var version: String
        /// Of `ensemble.json`, which holds the SHA-256 of every weights file.
        public var sha256: String
    }

    /// Milliseconds.
    public struct Timing: Encodable, Sendable, Equatable {
        public var decode = 0.0
        public var preprocess = 0.0
        public var queue = 0.0
        public var inference = 0.0
        public var total = 0.0

        public init() {}
    }
}

extension Analysis {
    /// - Parameters:
    ///   - id: the request's, where there is one.
    ///   - ensemble: what made the reading.
    public init(
        _ reading: Reading, id: String = Identifier.next(), timing: Timing, by ensemble: Ensemble, in words: Words = .english
    ) {
        let bundle = ensemble.manifest
        let answer = reading.answer
        let classes = bundle.places(of: reading.plan.question.classes)
        let metadata = bundle.metadata(of: reading.order)
        let results = reading.score.results
        self.init(
            id: id,
            probability: answer.probability.rounded6,
            calibrated: answer.isCalibrated,
            probabilityThreshold: answer.threshold?.rounded6,
            probabilitySpread: answer.spread.rounded6,
            rawProbability: answer.raw.rounded6,
            spread: answer.rawSpread.rounded6,
            classes: Dictionary(
                uniqueKeysWithValues: bundle.classes.enumerated().compactMap { index, name in
                    reading.score.mean(of: index).map { (name, $0.rounded6) }
                }),
            verdict: reading.verdict,
            reasons: reading.reasons.map { Message($0, in: words) },
            operatingPoint: answer.operatingPoint,
            members: bundle.members.enumerated().compactMap { index, member in
                reading.score.mean(ofMember: index, for: classes).map { own in
                    MemberScore(
                        file: member.file, architecture: member.architecture, inputSize: member.inputSize, passes: own.passes,
                        probability: own.score.rounded6)
                }
            },
            passScores: reading.plan.listsPasses ? reading.score.passScores(of: classes).map(\.rounded6) : nil,
            passFeatures: reading.plan.listsFeatures ? results.map { $0.features ?? [] } : nil,
            passes: reading.score.count,
            passesAvailable: bundle.passes,
            precision: ensemble.precision,
            earlyStop: reading.end.map { EarlyStop($0, in: words) },
            budget: reading.plan.shortfall,
            image: Picture(reading.photo),
            patient: Patient(
                age: reading.plan.patient.age, sex: reading.plan.patient.sex, site: reading.plan.patient.site,
                used: metadata.members > 0 && !reading.plan.patient.isEmpty, assumed: metadata.assumed),
            ensemble: .init(name: bundle.name, version: bundle.version, sha256: ensemble.sha256),
            timingMs: timing.rounded,
            remarks: reading.remarks.map(words.text),
            codedRemarks: reading.remarks.map { Message($0, in: words) },
            notice: words.text("notice"))
    }

    /// Figures for a photo that can't be judged mean nothing, and a low one would reassure. Without an operating point they are all
    /// there is.
    public var showsFigures: Bool { verdict != .cannotJudge || operatingPoint == nil }
}

extension Analysis.EarlyStop {
    fileprivate init(_ end: EarlyEnd, in words: Words) {
        self.init(
            reason: end.reason, planned: end.planned, rule: words.text(end.rule),
            codedRule: Analysis.Message(end.rule, in: words),
            expected: end.expected.map { .init(lowest: $0.lowerBound.rounded6, highest: $0.upperBound.rounded6) })
    }
}

extension Analysis.Picture {
    fileprivate init(_ photo: PhotoFacts) {
        self.init(
            width: photo.width, height: photo.height, crop: .init(x: photo.crop.x, y: photo.crop.y, side: photo.crop.side))
    }
}

extension Analysis.Timing {
    /// To a tenth of a millisecond.
    fileprivate var rounded: Analysis.Timing {
        func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        var timing = self
        timing.decode = tenths(decode)
        timing.preprocess = tenths(preprocess)
        timing.queue = tenths(queue)
        timing.inference = tenths(inference)
        timing.total = tenths(total)
        return timing
    }
}
