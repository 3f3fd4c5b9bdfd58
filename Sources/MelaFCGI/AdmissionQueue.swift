import Model

/// A bounded queue: one analysis runs, `capacity` wait in the order in which they came, further ones are turned away.
///
/// A place is taken before the body is read, so that the memory of waiting uploads is bounded too.
final class AdmissionQueue: Sendable {
    private struct State {
        var next = 0
        var line: [Int] = []
    }

    private let state = Monitor(State())
    let capacity: Int
    /// Beats when the line moves: its first leaves, or one comes who is the first.
    let pulse = Pulse()

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Those that run or wait.
    var count: Int { state.update { $0.line.count } }

    /// A place at the end of the line; nil if the line is full.
    func enter() -> Place? {
        let number: Int? = state.update { state in
            guard state.line.count <= capacity else { return nil }
            state.next += 1
            state.line.append(state.next)
            if state.line.count == 1 { pulse.beat() }
            return state.next
        }
        return number.map { Place(number: $0, queue: self) }
    }

    /// A place in the line, left when its owner says so or lets go of it.
    final class Place: Sendable {
        private let number: Int
        private let queue: AdmissionQueue

        fileprivate init(number: Int, queue: AdmissionQueue) {
            self.number = number
            self.queue = queue
        }

        deinit { leave() }

        /// The next one's turn comes. Leaving again does nothing.
        func leave() {
            queue.state.update { state in
                if state.line.first == number { queue.pulse.beat() }
                state.line.removeAll { $0 == number }
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
