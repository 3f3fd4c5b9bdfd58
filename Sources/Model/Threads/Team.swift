import CKernels
import Synchronization

/// Threads that work on one thing together, fixed in number; the one that calls is the first of them.
///
/// Between pieces of work the others look out for the next for a moment, which costs less than to sleep and be woken, and then sleep.
final class Team: Sendable {
    typealias Work = (_ rank: Int) -> Void

    /// What the others share with the first.
    private final class Board: @unchecked Sendable {
        /// Counts pieces of work; negative: no more come.
        let turn = Atomic(0)
        let arrived = Atomic(0)
        let phase = Atomic(0)
        /// The others that are done with a piece of work and have let go of it.
        let left = Atomic(0)
        let sleepers = Monitor(0)
        /// Written before `turn`, read after it.
        nonisolated(unsafe) var work: Work?
    }

    let size: Int
    private let board = Board()
    private let others: [WorkThread]

    init(size: Int) {
        self.size = size
        let board = board
        others = (1..<max(size, 1)).map { rank in
            WorkThread { Self.follow(board, rank: rank) }
        }
    }

    deinit {
        announce(-1)
        for thread in others { thread.join() }
    }

    /// How many of so many threads share a pass: more than a few wait for each other longer than they gain.
    static func size(for threads: Int) -> Int { min(threads, 8) }

    /// Calls `work` on every thread, here as rank 0, and returns when all have come back.
    func run(_ work: @escaping Work) {
        board.work = work
        announce(board.turn.load(ordering: .relaxed) + 1)
        work(0)
        _ = Self.spin(turns: .max) { board.left.load(ordering: .acquiring) == size - 1 }
        board.left.store(0, ordering: .relaxed)
        board.work = nil
    }

    /// Waits until all threads are here; what they wrote before can be read after. The addition is one that orders non-temporal stores
    /// too (x86: a locked instruction).
    func barrier() {
        guard size > 1 else { return }
        let phase = board.phase.load(ordering: .acquiring)
        if board.arrived.add(1, ordering: .acquiringAndReleasing).newValue == size {
            board.arrived.store(0, ordering: .relaxed)
            board.phase.add(1, ordering: .releasing)
        } else {
            _ = Self.spin(turns: .max) { board.phase.load(ordering: .acquiring) != phase }
        }
    }

    private func announce(_ turn: Int) {
        guard size > 1 else { return }
        board.turn.store(turn, ordering: .releasing)
        board.sleepers.update { $0 = turn }
    }

    private static func follow(_ board: Board, rank: Int) {
        var last = 0
        while true {
            var turn = last
            let seen = spin(turns: patience) {
                turn = board.turn.load(ordering: .acquiring)
                return turn != last
            }
            if !seen { turn = board.sleepers.wait { $0 != last ? $0 : nil } }
            guard turn >= 0 else { return }
            last = turn
            board.work?(rank)
            board.left.add(1, ordering: .releasing)
        }
    }

    /// Turns of looking out before a thread sleeps: some tenths of a millisecond.
    private static let patience = 20_000

    /// Looks until the condition holds; lets others run now and then, for they may be what it waits for.
    private static func spin(turns: Int, until condition: () -> Bool) -> Bool {
        var turn = 0
        while turn < turns {
            if condition() { return true }
            mela_pause()
            turn += 1
            if turn % 1024 == 0 { mela_yield() }
        }
        return false
    }
}
