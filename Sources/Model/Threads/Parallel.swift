/// Work on several plain threads that is waited for.
enum Parallel {
    private struct State<Result> {
        var next = 0
        var results: [Int: Result] = [:]
    }

    /// The results of `body` for 0..<count, in order; by the caller itself where there is one thread.
    static func map<Result: Sendable>(
        count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Result
    ) -> [Result] {
        guard threads > 1 else { return (0..<count).map(body) }
        let state = Monitor(State<Result>())
        let threads = (0..<min(threads, count)).map { _ in
            WorkThread {
                while let index = state.update({ state -> Int? in
                    guard state.next < count else { return nil }
                    state.next += 1
                    return state.next - 1
                }) {
                    let result = body(index)
                    state.update { $0.results[index] = result }
                }
            }
        }
        for thread in threads { thread.join() }
        return state.update { state in (0..<count).compactMap { state.results[$0] } }
    }
}
