/// How long passes of one plan took, in milliseconds, and how long each of their parts.
struct PassTimes {
    /// Whole passes.
    var passes: [Double] = []
    /// By stage: "input", "stem", "blocks.0" … "head".
    var stages: [String: [Double]] = [:]
    /// By kind of step, and "input".
    var kinds: [String: [Double]] = [:]

    /// Times so many passes after one that is not counted.
    ///
    /// - Parameter byPart: takes the parts' times too, which costs two looks at the clock a step.
    static func measure(
        _ plan: Plan, on executor: Executor, passes: Int, byPart: Bool = true, metadata: [Float] = [],
        fill: @escaping (_ rows: Range<Int>, _ first: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
    ) -> PassTimes {
        var times = PassTimes()
        for pass in 0...passes {
            var watch = Stopwatch()
            var current = (stage: "input", kind: "input")
            var stages: [String: Double] = [:]
            var kinds: [String: Double] = [:]
            let total = Stopwatch()
            let observer: Executor.StepObserver = { next in
                let time = watch.lap()
                stages[current.stage, default: 0] += time
                kinds[current.kind, default: 0] += time
                if let next { current = (next.stage, next.operation.kind) }
            }
            _ = executor.run(plan, metadata: metadata, observer: byPart ? observer : nil, isDropped: { false }, fill: fill)
            guard pass > 0 else { continue }
            times.passes.append(total.milliseconds)
            for (stage, time) in stages { times.stages[stage, default: []].append(time) }
            for (kind, time) in kinds { times.kinds[kind, default: []].append(time) }
        }
        return times
    }
}
