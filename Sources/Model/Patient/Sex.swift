/// A patient's sex, as forms and records name it.
public enum Sex: String, Codable, Sendable, CaseIterable {
    case female, male, unknown

    /// All that say something.
    public static let known = allCases.filter { $0 != .unknown }
}
