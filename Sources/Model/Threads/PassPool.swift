/// The inference threads: fixed in number, each with its own executor, working through the passes of one analysis at a time.
///
/// Passes are independent, so each thread takes the next one whole; nothing is shared but the plans, which nobody writes.
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

    init(threads count: Int, kernels: Kernels, arenaCount: Int) {
        let (state, pulse) = (state, pulse)
        threads = (0..<count).map { _ in
            WorkThread { Self.work(state, pulse, Executor(kernels: kernels, arenaCount: arenaCount)) }
        }
    }

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
