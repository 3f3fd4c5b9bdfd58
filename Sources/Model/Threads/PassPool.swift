/// The inference threads: fixed in number, working through the passes of one analysis at a time.
///
/// As long as there is a pass for every thread, each takes the next one whole: nothing is waited for, and a thread that is held up
/// holds up no other. The few that are left over at the end, and a single one, are shared by a team, so that they take less time.
final class PassPool: Sendable {
    /// The probabilities of one pass, one a class.
    typealias Pass = @Sendable (_ executor: Executor, _ index: Int) -> [Double]

    private struct State {
        var batch: Batch?
        var isStopping = false
    }

    private struct Batch {
        var pass: Pass
        var count: Int
        /// The first that the team takes.
        var shared: Int
        var next = 0
        var running = 0
        var finished: [(index: Int, result: [Double])] = []

        /// The next pass that a thread may begin; the leader alone, and when nothing else runs, those for the team.
        mutating func take(asLeader: Bool) -> Int? {
            guard next < count, next < shared || (asLeader && running == 0) else { return nil }
            next += 1
            running += 1
            return next - 1
        }
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
                    number == 0 && count > 1 ? Executor(kernels: kernels, threads: Self.teamSize(count), plans: plans) : nil
                Self.work(state, pulse, own: own, team: team ?? own, isLeader: number == 0)
            }
        }
    }

    /// How many of so many threads share a pass: more than a few wait for each other longer than they gain.
    static func teamSize(_ threads: Int) -> Int { min(threads, 8) }

    deinit {
        state.update { $0.isStopping = true }
        for thread in threads { thread.join() }
    }

    /// Runs passes 0..<count and blocks until they are done; waits first if another analysis is under way.
    ///
    /// - Parameters:
    ///   - isCancelled: asked between passes, on the calling thread; once true, passes that have not begun are dropped.
    ///   - completed: called on the calling thread for each result, in the order in which they come.
    /// - Returns: false if it was cancelled.
    func run(count: Int, pass: @escaping Pass, isCancelled: () -> Bool, completed: (Int, [Double]) -> Void) -> Bool {
        state.wait { state -> Void? in
            guard state.batch == nil else { return nil }
            state.batch = Batch(pass: pass, count: count, shared: count / threads.count * threads.count)
            return ()
        }
        var done = 0
        var cancelled = false
        while done < count, !cancelled {
            let finished = state.wait { state -> [(index: Int, result: [Double])]? in
                guard let batch = state.batch, !batch.finished.isEmpty else { return nil }
                state.batch?.finished = []
                return batch.finished
            }
            for (index, result) in finished {
                completed(index, result)
                done += 1
            }
            if done < count { cancelled = isCancelled() }
        }
        state.update { $0.batch?.next = count }
        state.wait { state -> Void? in
            guard state.batch?.running == 0 else { return nil }
            state.batch = nil
            return ()
        }
        return !cancelled
    }

    private static func work(
        _ state: Monitor<State>, _ pulse: Pulse, own: Executor, team: Executor, isLeader: Bool
    ) {
        while true {
            let task = state.wait { state -> (pass: Pass, index: Int, executor: Executor)?? in
                if state.isStopping { return .some(nil) }
                guard let index = state.batch?.take(asLeader: isLeader), let batch = state.batch else { return nil }
                return (batch.pass, index, index < batch.shared ? own : team)
            }
            guard let task else { return }
            let result = task.pass(task.executor, task.index)
            pulse.beat()
            state.update { state in
                state.batch?.running -= 1
                state.batch?.finished.append((task.index, result))
            }
        }
    }
}
