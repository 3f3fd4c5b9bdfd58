import Synchronization

/// One thread's share of a step's tasks: it takes them from the front, others that have none left take them from the back.
final class TaskShare: Sendable {
    /// The next task in the upper half, the end in the lower.
    private let bounds = Atomic<UInt64>(0)

    /// Called by the owner alone, before it takes its first.
    func set(_ tasks: Range<Int>) {
        bounds.store(Self.packed(tasks.lowerBound, tasks.upperBound), ordering: .releasing)
    }

    func takeFirst() -> Int? {
        take { next, end in (next, Self.packed(next + 1, end)) }
    }

    func takeLast() -> Int? {
        take { next, end in (end - 1, Self.packed(next, end - 1)) }
    }

    private func take(_ choice: (_ next: Int, _ end: Int) -> (task: Int, rest: UInt64)) -> Int? {
        var old = bounds.load(ordering: .acquiring)
        while true {
            let (next, end) = (Int(old >> 32), Int(old & 0xFFFF_FFFF))
            guard next < end else { return nil }
            let (task, rest) = choice(next, end)
            let (exchanged, current) = bounds.compareExchange(expected: old, desired: rest, ordering: .acquiringAndReleasing)
            if exchanged { return task }
            old = current
        }
    }

    private static func packed(_ next: Int, _ end: Int) -> UInt64 { UInt64(next) << 32 | UInt64(end) }
}
