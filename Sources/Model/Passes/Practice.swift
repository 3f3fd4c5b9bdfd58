/// What a practice has set for all its analyses.
public struct Practice: Sendable, Equatable {
    /// Views a member; nil: as the bundle says.
    public var views: Int?
    /// The first so many members; nil: as the bundle says.
    public var members: Int?
    /// The name of the operating point that verdicts are given at; nil: the bundle's first.
    public var operatingPoint: String?
    /// An analysis ends once the rest of its passes can hardly move the verdict; nil: as the bundle says.
    public var stopsEarly: Bool?
    /// Passes that would take longer are left out; nil: none are.
    public var timeLimit: TimeLimit?

    public init() {}
}
