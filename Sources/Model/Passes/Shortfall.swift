/// What the time that an analysis may take leaves out.
public struct Shortfall: Encodable, Sendable, Equatable {
    /// That an analysis may take.
    public var seconds: Int
    /// Passes that fit.
    public var planned: Int
    /// Passes that would be planned without it.
    public var asked: Int
}
