import Synchronization

/// The inference threads: fixed in number, working through the passes of one analysis after the other.
///
/// As long as there is a pass for every thread, each takes the next one whole: nothing is waited for, and a thread that is held up
/// holds up no other; one that finds none left begins the next analysis. The few that are left over at the end, and a single one, are
/// shared by a team, so that they take less time.
///
/// `Outcome` is what a pass hands on.
final class PassPool<Outcome: Sendable>: Sendable {
    /// Makes one pass. Its outcome does not count any more when `isDropped`, so it may come back at once then.
    typealias Work = @Sendable (_ executor: Executor, _ index: Int, _ isDropped: @escaping () -> Bool) -> Outcome

    private struct State {
        /// In the order in which they came; all but the last have begun their last pass.
        var batches: [Batch] = []
        /// Of the batch that came last.
        var lastNumber = 0
        /// Passes of all batches.
        var running = 0
        /// The team shares the pass that runs; nothing runs beside it.
        var isShared = false
        var isStopping = false

        /// The next pass that a thread may begin; the leader alone, and when nothing else runs, those for the team.
        mutating func take(asLeader: Bool) -> Assignment? {
            guard !isShared, let place = batches.firstIndex(where: { !$0.hasBegun }) else { return nil }
            let batch = batches[place]
            let isLeftOver = batch.next >= batch.shared
            guard !isLeftOver || (asLeader && running == 0) else { return nil }
            isShared = isLeftOver
            running += 1
            batches[place].next += 1
            batches[place].running += 1
            return Assignment(
                batch: batch.number, work: batch.work, index: batch.next, isShared: isShared, dropped: batch.dropped)
        }

        mutating func finish(_ task: Assignment, _ outcome: Outcome) {
            running -= 1
            isShared = false
            self[task.batch]?.running -= 1
            self[task.batch]?.finished.append((task.index, outcome))
        }

        subscript(number: Int) -> Batch? {
            get { batches.first { $0.number == number } }
            set {
                guard let place = batches.firstIndex(where: { $0.number == number }) else { return }
                if let newValue { batches[place] = newValue } else { batches.remove(at: place) }
            }
        }
    }

    private struct Batch {
        var number: Int
        var work: Work
        var count: Int
        /// The first that the team takes.
        var shared: Int
        var next = 0
        var running = 0
        var finished: [(index: Int, outcome: Outcome)] = []
        let dropped = Dropped()

        /// No pass is left to begin.
        var hasBegun: Bool { next >= count }
    }

    /// Whether nobody waits for the results of a batch.
    private final class Dropped: Sendable {
        let value = Atomic(false)
    }

    private struct Assignment {
        var batch: Int
        var work: Work
        var index: Int
        var isShared: Bool
        var dropped: Dropped
    }

    private let state = Monitor(State())
    private let threads: [WorkThread]
    /// Beats with each pass that is done.
    let pulse = Pulse()

    init(threads count: Int, kernels: Kernels, plans: [Plan]) {
        let (state, pulse) = (state, pulse)
        threads = (0..<count).map { number in
            WorkThread {
                let own = Executor(kernels: kernels, plans: plans)
                let team =
                    number == 0 && count > 1 ? Executor(kernels: kernels, threads: Team.size(for: count), plans: plans) : nil
                Self.work(state, pulse, own: own, team: team ?? own, isLeader: number == 0)
            }
        }
    }

    deinit {
        state.update { $0.isStopping = true }
        for thread in threads { thread.join() }
    }

    /// Runs passes 0..<count and blocks until they are done; waits first until those of another analysis have all begun.
    ///
    /// - Parameters:
    ///   - isCancelled: asked between passes, on the calling thread; once true, the other passes are dropped, those that run too.
    ///   - begun: called on the calling thread once, when no pass is left to begin: another analysis may follow.
    ///   - completed: called on the calling thread for each result, in the order in which they come.
    /// - Returns: false if it was cancelled.
    func run(
        count: Int, work: @escaping Work, isCancelled: () -> Bool, begun: () -> Void = {}, completed: (Int, Outcome) -> Void
    ) -> Bool {
        let number = state.wait { state -> Int? in
            guard state.batches.allSatisfy(\.hasBegun) else { return nil }
            state.lastNumber += 1
            state.batches.append(
                Batch(number: state.lastNumber, work: work, count: count, shared: count / threads.count * threads.count))
            return state.lastNumber
        }
        var done = 0
        var cancelled = false
        var isAnnounced = false
        while done < count, !cancelled {
            let (finished, hasBegun) = state.wait { state -> (finished: [(index: Int, outcome: Outcome)], hasBegun: Bool)? in
                guard let batch = state[number], !batch.finished.isEmpty || batch.hasBegun != isAnnounced else { return nil }
                state[number]?.finished = []
                return (batch.finished, batch.hasBegun)
            }
            if hasBegun, !isAnnounced {
                isAnnounced = true
                begun()
            }
            for (index, outcome) in finished {
                completed(index, outcome)
                done += 1
            }
            if done < count { cancelled = isCancelled() }
        }
        state.update {
            $0[number]?.next = count
            $0[number]?.dropped.value.store(true, ordering: .relaxed)
        }
        if !isAnnounced { begun() }
        state.wait { state -> Void? in
            guard state[number]?.running == 0 else { return nil }
            state[number] = nil
            return ()
        }
        return !cancelled
    }

    private static func work(
        _ state: Monitor<State>, _ pulse: Pulse, own: Executor, team: Executor, isLeader: Bool
    ) {
        while true {
            let task = state.wait { state -> Assignment?? in
                if state.isStopping { return .some(nil) }
                return state.take(asLeader: isLeader).map { .some($0) }
            }
            guard let task else { return }
            let outcome = task.work(task.isShared ? team : own, task.index) { task.dropped.value.load(ordering: .relaxed) }
            pulse.beat()
            state.update { $0.finish(task, outcome) }
        }
    }
}
