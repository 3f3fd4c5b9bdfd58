import FoundationEssentials
import Imaging

/// The answer for one photo: the object of `POST /v1/analyses` and of `melascan analyze --json`.
public struct Analysis: Encodable, Sendable, Equatable {
    /// A UUID of version 7 (RFC 9562), for logs and follow-up; it says nothing about the patient.
    public var id: String
    /// Of the target class; calibrated where the ensemble has a calibration.
    public var probability: Double
    public var calibrated: Bool
    /// The mean softmax over all passes, as the original system gives it.
    public var rawProbability: Double
    public var spread: Spread
    /// Mean softmax by class.
    public var classes: [String: Double]
    public var verdict: Verdict
    public var reasons: [Verdict.Reason]
    @Nullable public var operatingPoint: OperatingPoint?
    public var members: [Member]
    /// Of the target class, pass by pass in their order; nil, and left out, unless it was asked for.
    public var passScores: [Double]?
    public var passes: Int
    public var passesAvailable: Int
    /// The number format of the products.
    public var precision: Precision
    /// Where it ended before all passes that were planned.
    @Nullable public var earlyStop: EarlyStop?
    /// Where passes were left out because they would have taken too long.
    @Nullable public var budget: Budget?
    public var image: Picture
    public var patient: Patient
    public var ensemble: Source
    public var timingMs: Timing
    /// What a reader should know about this very answer.
    public var remarks: [String]
    public var notice: String

    public static let notice = "Decision support, not a diagnosis. For the final diagnosis refer to the biopsy."

    /// An analysis that made only the first of its passes.
    public struct EarlyStop: Encodable, Sendable, Equatable {
        public enum Reason: String, Encodable, Sendable {
            /// The others can hardly move the verdict.
            case settled
            /// The photo can't be judged, whatever the others give.
            case notJudged = "not_judged"
        }

        public var reason: Reason
        /// Passes that would have been made otherwise.
        public var planned: Int
        /// The rule that ended it, in words.
        public var rule: String
        /// Where the raw mean of all passes of the ensemble lies, for at least 999 of 1,000 photos; null where no figure means anything.
        @Nullable public var expected: Range?

        public struct Range: Encodable, Sendable, Equatable {
            public var lowest: Double
            public var highest: Double
        }
    }

    /// What the time that an analysis may take left out.
    public struct Budget: Encodable, Sendable, Equatable {
        public var seconds: Int
        /// Passes that fit.
        public var planned: Int
        /// Passes that would have been planned without it.
        public var asked: Int
    }

    /// Of the passes' raw probabilities.
    public struct Spread: Encodable, Sendable, Equatable {
        public var lowest: Double
        public var highest: Double
        public var standardDeviation: Double
    }

    public struct Member: Encodable, Sendable, Equatable {
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
        @Nullable public var sex: PatientInformation.Sex?
        @Nullable public var site: PatientInformation.Site?
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
    /// Figures for a photo that can't be judged mean nothing, and a low one would reassure. Without an operating point they are all
    /// there is.
    public var showsFigures: Bool { verdict != .cannotJudge || operatingPoint == nil }
}

extension Analysis.Timing {
    /// To a tenth of a millisecond.
    public mutating func round() {
        func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        decode = tenths(decode)
        preprocess = tenths(preprocess)
        queue = tenths(queue)
        inference = tenths(inference)
        total = tenths(total)
    }
}
