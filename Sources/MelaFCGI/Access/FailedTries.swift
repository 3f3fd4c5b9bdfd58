import Model
import Synchronization

/// Counts wrong secrets by the token's identifier: after some in a minute, further wrong ones are told to wait.
///
/// A secret is too long to be guessed, and the right one always opens: who knows only an identifier must not be able to shut its device
/// out. (Per address, nginx limits.)
final class FailedTries: Sendable {
    private struct Count {
        var tries = 0
        var since = Stopwatch()
    }

    static let limit = 10
    private static let windowMilliseconds = 60_000.0
    /// Identifiers that are counted apart; made-up ones beyond share a count.
    private static let mostIdentifiers = 1000

    private let counts = Mutex<[String: Count]>([:])

    func isBlocked(_ identifier: String) -> Bool {
        counts.withLock { counts in
            guard let count = counts[identifier] ?? counts[Self.others] else { return false }
            return count.tries >= Self.limit && count.since.milliseconds < Self.windowMilliseconds
        }
    }

    func note(_ identifier: String) {
        counts.withLock { counts in
            if counts.count >= Self.mostIdentifiers {
                counts = counts.filter { $0.value.since.milliseconds < Self.windowMilliseconds }
            }
            let isFull = counts[identifier] == nil && counts.count >= Self.mostIdentifiers
            let key = isFull ? Self.others : identifier
            if let count = counts[key], count.since.milliseconds < Self.windowMilliseconds {
                counts[key]?.tries += 1
            } else {
                counts[key] = Count(tries: 1)
            }
        }
    }

    private static let others = ""
}
