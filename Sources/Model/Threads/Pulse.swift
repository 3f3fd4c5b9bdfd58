import Synchronization

/// When work that goes on in steps last made one. Any thread may beat and read.
public final class Pulse: Sendable {
    private let start = Stopwatch()
    /// Milliseconds after `start`.
    private let last = Atomic(0)

    public init() {}

    /// A step is done.
    public func beat() {
        last.store(Int(start.milliseconds), ordering: .relaxed)
    }

    /// Milliseconds since the last step, or since it was made.
    public var silence: Double { start.milliseconds - Double(last.load(ordering: .relaxed)) }
}
