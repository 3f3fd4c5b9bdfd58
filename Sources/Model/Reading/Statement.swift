/// One thing that a reading says, as a code with its figures. `Words` makes a sentence of it, in the reader's language.
public struct Statement: Sendable, Equatable {
    /// What can be said. Each has a sentence in the catalogues of words.
    public enum Code: String, CaseIterable, Sendable {
        // Reasons of a verdict
        case aboveThreshold = "above_threshold"
        case belowThreshold = "below_threshold"
        case greyscale
        case tooSmall = "too_small"
        case noStructure = "no_structure"
        case noOperatingPoint = "no_operating_point"

        // Remarks about one answer
        case notCalibrated = "not_calibrated"
        case metadataUnused = "metadata_unused"
        case metadataUsed = "metadata_used"
        case metadataMissing = "metadata_missing"
        case metadataAssumed = "metadata_assumed"
        case stoppedSettled = "stopped_settled"
        case stoppedNotJudged = "stopped_not_judged"
        case passesLeftOut = "passes_left_out"
        case fewerPassesMade = "fewer_passes_made"
        case fewerPassesPlanned = "fewer_passes_planned"
        case pointNeedsAllPasses = "point_needs_all_passes"
        case calibrationNeedsAllPasses = "calibration_needs_all_passes"
        case pointNotMeasured = "point_not_measured"
        case passesDisagree = "passes_disagree"
        case membersDiffer = "members_differ"
        case photoEnlarged = "photo_enlarged"

        // The rule that ended an analysis early
        case ruleSettled = "rule_settled"
        case ruleNotJudged = "rule_not_judged"
    }

    /// A figure or a word of a statement.
    public enum Value: Sendable, Equatable, Encodable {
        case number(Double)
        case count(Int)
        case text(String)
        /// Names from the catalogue, such as "age".
        case names([String])
        /// Names from the catalogue with a figure each.
        case figures([String: Double])

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let value): try container.encode(value.rounded6)
            case .count(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .names(let value): try container.encode(value)
            case .figures(let value): try container.encode(value)
            }
        }
    }

    public var code: Code
    /// By the names that stand in braces in the code's sentence.
    public var values: [String: Value]

    init(_ code: Code, _ values: [String: Value] = [:]) {
        self.code = code
        self.values = values
    }
}
