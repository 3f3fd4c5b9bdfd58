/// Where on the body: the general sites of the ISIC archive, and "torso" where the side is not known, as in the original app.
public enum Site: String, Codable, Sendable, CaseIterable {
    case headNeck = "head/neck"
    case upperExtremity = "upper extremity"
    case lowerExtremity = "lower extremity"
    case torso
    case anteriorTorso = "anterior torso"
    case posteriorTorso = "posterior torso"
    case lateralTorso = "lateral torso"
    case palmsSoles = "palms/soles"
    case oralGenital = "oral/genital"
    case unknown

    /// All that say something.
    public static let known = allCases.filter { $0 != .unknown }

    /// The side of the torso taken away.
    var coarse: Site {
        switch self {
        case .anteriorTorso, .posteriorTorso, .lateralTorso: .torso
        default: self
        }
    }
}
