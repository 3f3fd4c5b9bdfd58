/// Milliseconds since it was made or last asked.
public struct Stopwatch: Sendable {
    private var start = ContinuousClock.now

    public init() {}

    /// Milliseconds so far.
    public var milliseconds: Double { Self.milliseconds(ContinuousClock.now - start) }

    /// Milliseconds so far; starts anew.
    public mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { start = now }
        return Self.milliseconds(now - start)
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        let parts = duration.components
        return Double(parts.seconds) * 1000 + Double(parts.attoseconds) / 1e15
    }
}
