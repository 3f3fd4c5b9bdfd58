/// The inference threads: fixed in number, in teams that share a pass, working through the passes of one analysis at a time.
///
/// Up to four threads are one team; of more, each team takes the next pass whole.
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
        var next = 0
        var running = 0
        var finished: [(index: Int, result: [Double])] = []
    }

    private let state = Monitor(State())
    private let threads: [WorkThread]
    /// Beats with each pass that is done.
    let pulse = Pulse()

    init(threads count: Int, kernels: Kernels, plans: [Plan]) {
        let (state, pulse) = (state, pulse)
        threads = Self.teams(of: count).map { size in
            WorkThread { Self.work(state, pulse, Executor(kernels: kernels, threads: size, plans: plans)) }
        }
    }

    /// The sizes of the teams that so many threads make.
    static func teams(of threads: Int) -> [Int] {
        let count = (threads + mostInTeam - 1) / mostInTeam
        return (0..<count).map { threads * ($0 + 1) / count - threads * $0 / count }
    }

    /// More wait for each other longer than they gain.
    private static let mostInTeam = 4

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
            state.batch = Batch(pass: pass, count: count)
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

    private static func work(_ state: Monitor<State>, _ pulse: Pulse, _ executor: Executor) {
        while true {
            let task = state.wait { state -> (pass: Pass, index: Int)?? in
                if state.isStopping { return .some(nil) }
                guard var batch = state.batch, batch.next < batch.count else { return nil }
                let task = (batch.pass, batch.next)
                batch.next += 1
                batch.running += 1
                state.batch = batch
                return task
            }
            guard let task else { return }
            let result = task.pass(executor, task.index)
            pulse.beat()
            state.update { state in
                state.batch?.running -= 1
                state.batch?.finished.append((task.index, result))
            }
        }
    }
}
