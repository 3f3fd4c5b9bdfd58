import Model

/// A bounded queue: one analysis runs, `capacity` wait in the order in which they came or are being answered, further ones are turned
/// away.
///
/// A place is taken before the body is read, so that the memory of waiting uploads is bounded too.
final class AdmissionQueue: Sendable {
    private struct State {
        var next = 0
        var line: [Int] = []
        /// Those whose turn is over and who are still being answered.
        var leaving: Set<Int> = []

        var count: Int { line.count + leaving.count }
    }

    private let state = Monitor(State())
    let capacity: Int
    /// Beats when the line moves: its first leaves, or one comes who is the first.
    let pulse = Pulse()

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Those that run, wait or are being answered.
    var count: Int { state.update { $0.count } }

    /// A place at the end of the line; nil if the line is full.
    func enter() -> Place? {
        let number: Int? = state.update { state in
            guard state.count <= capacity else { return nil }
            state.next += 1
            state.line.append(state.next)
            if state.line.count == 1 { pulse.beat() }
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
            _ = queue.state.update { $0.leaving.remove(number) }
        }

        /// The next one's turn comes, though this one is still being answered and keeps others out. Ending it again does nothing.
        func endTurn() {
            queue.state.update { state in
                guard let place = state.line.firstIndex(of: number) else { return }
                if place == 0 { queue.pulse.beat() }
                state.line.remove(at: place)
                state.leaving.insert(number)
            }
        }

        /// Those before this one.
        private var ahead: Int { queue.state.update { $0.line.firstIndex(of: number) ?? 0 } }

        /// Blocks until all that came before have left.
        ///
        /// - Parameter waiting: called every two seconds with the number of those before; what it throws ends the wait.
        func waitForTurn<Failure: Error>(_ waiting: (_ ahead: Int) throws(Failure) -> Void) throws(Failure) {
            while queue.state.wait(upTo: 2, { $0.line.first == number ? true : nil }) == nil { try waiting(ahead) }
        }
    }
}
