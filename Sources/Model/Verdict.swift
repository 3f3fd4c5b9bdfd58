/// What the software says to the doctor: flagged or not at a named operating point, or that it cannot judge. No diagnosis.
public enum Verdict: String, Codable, Sendable, Equatable {
    /// The score is at or above the operating point's threshold.
    case flagged
    /// The score is below it. This is no all-clear.
    case notFlagged = "not_flagged"
    /// The photo, or the ensemble, gives no ground for either.
    case cannotJudge = "cannot_judge"

    /// Why; a stable code for programs and a sentence for people.
    public struct Reason: Codable, Sendable, Equatable {
        public var code: Code
        public var text: String

        public enum Code: String, Codable, Sendable {
            case aboveThreshold = "above_threshold"
            case belowThreshold = "below_threshold"
            case greyscale
            case tooSmall = "too_small"
            case noStructure = "no_structure"
            case noOperatingPoint = "no_operating_point"
        }
    }

    /// Why a photo can't be judged, whatever its score is; empty where it can.
    ///
    /// The networks learned from colour photos of lesions: what lies outside of that is not answered by a number.
    static func obstacles(in photo: PreparedPhoto, smallestCrop: Int?) -> [Reason] {
        var obstacles: [Reason] = []
        if photo.isGreyscale {
            obstacles.append(
                Reason(
                    code: .greyscale,
                    text: "The photo has no colour; the networks learned from colour photos only. Take a colour photo."))
        }
        if let smallestCrop, photo.crop.side < smallestCrop {
            obstacles.append(
                Reason(
                    code: .tooSmall,
                    text: "The analysed square has \(photo.crop.side) pixels a side; the networks learned from photos of "
                        + "\(smallestCrop) or more. Take the photo at a higher resolution."))
        }
        if photo.contrast < PreparedPhoto.smallestContrast {
            obstacles.append(
                Reason(
                    code: .noStructure,
                    text: "The photo is almost of one colour. Check the lens cover, the light and the focus, and take it again."))
        }
        return obstacles
    }

    /// Reads a raw mean softmax at an operating point, unless the photo can't be judged.
    static func reached(
        probability: Double, at point: OperatingPoint?, photo: PreparedPhoto, smallestCrop: Int?
    ) -> (verdict: Verdict, reasons: [Reason]) {
        var obstacles = obstacles(in: photo, smallestCrop: smallestCrop)
        guard let point else {
            obstacles.append(
                Reason(code: .noOperatingPoint, text: "The ensemble has no operating point to compare the score with."))
            return (.cannotJudge, obstacles)
        }
        guard obstacles.isEmpty else { return (.cannotJudge, obstacles) }
        let score = probability.decimals(3)
        let place = "the threshold \(point.threshold.decimals(3)) of the operating point \(point.name)."
        if probability >= point.threshold {
            return (.flagged, [Reason(code: .aboveThreshold, text: "The score \(score) is at or above \(place)")])
        }
        return (.notFlagged, [Reason(code: .belowThreshold, text: "The score \(score) is below \(place)")])
    }
}

extension Double {
    /// The number with a fixed count of decimals, as text.
    public func decimals(_ count: Int) -> String {
        let scale = (0..<count).reduce(1.0) { scale, _ in scale * 10 }
        let units = (magnitude * scale).rounded()
        let whole = String(Int(units / scale))
        let digits = String(Int(units.truncatingRemainder(dividingBy: scale)))
        let sign = self < 0 && units > 0 ? "-" : ""
        guard count > 0 else { return sign + whole }
        return sign + whole + "." + String(repeating: "0", count: count - digits.count) + digits
    }

    /// Rounded to six decimals: what answers give.
    var rounded6: Double { (self * 1e6).rounded() / 1e6 }
}
