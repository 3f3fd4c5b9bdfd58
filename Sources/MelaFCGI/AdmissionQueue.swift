import Model

/// A bounded queue: one analysis runs, `capacity` wait in the order in which they came or are being answered, further ones are turned
/// away.
///
/// A place is taken before the body is read, so that the memory of waiting uploads is bounded too.
final class AdmissionQueue: Sendable {
    private struct State {
        var next = 0
        var line: [Int] = []
        /// Those whose turn is over and who are still being answered, and since when.
        var leaving: [Int: Stopwatch] = [:]

        var count: Int { line.count + leaving.count }
    }

    private let state = Monitor(State())
    let capacity: Int
    /// Beats when the line moves: its first leaves, or one comes who is alone.
    let pulse = Pulse()

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Those that run, wait or are being answered.
    var count: Int { state.update { $0.count } }

    /// Milliseconds since the turn ended of the one who has been waiting longest for the rest; 0 if nobody is.
    var longestLeaving: Double { state.update { $0.leaving.values.map(\.milliseconds).max() ?? 0 } }

    /// A place at the end of the line; nil if the line is full.
    func enter() -> Place? {
        let number: Int? = state.update { state in
            guard state.count <= capacity else { return nil }
            state.next += 1
            state.line.append(state.next)
            if state.count == 1 { pulse.beat() }
            return state.next
        }
        return number.map { Place(number: $0, queue: self) }
    }

    /// A place in the line, left when its owner lets go of it.
    final class Place: Sendable {
        private let number: Int
        private let queue: AdmissionQueue

        fileprivate init(number: Int, queue: AdmissionQueue) {
            self.number = number
            self.queue = queue
        }

        deinit {
            endTurn()
            _ = queue.state.update { $0.leaving.removeValue(forKey: number) }
        }

        /// The next one's turn comes, though this one is still being answered and keeps others out. Ending it again does nothing.
        func endTurn() {
            queue.state.update { state in
                guard let place = state.line.firstIndex(of: number) else { return }
                if place == 0 { queue.pulse.beat() }
                state.line.remove(at: place)
                state.leaving[number] = Stopwatch()
            }
        }

        /// Those before this one.
        private var ahead: Int { queue.state.update { $0.line.firstIndex(of: number) ?? 0 } }

        /// Blocks until the turns of all that came before have ended.
        ///
        /// - Parameters:
        ///   - isAlone: and until they have been answered.
        ///   - waiting: called every two seconds with the number of those before; what it throws ends the wait.
        func waitForTurn<Failure: Error>(
            isAlone: Bool = false, _ waiting: (_ ahead: Int) throws(Failure) -> Void
        ) throws(Failure) {
            func comes(_ state: inout State) -> Bool? {
                state.line.first == number && (!isAlone || state.leaving.isEmpty) ? true : nil
            }
            while queue.state.wait(upTo: 2, comes) == nil { try waiting(ahead) }
        }
    }
}
