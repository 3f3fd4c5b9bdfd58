import Synchronization
import Testing

@testable import Model

/// What holds on an executor's threads while a pass runs, and after it.
@Suite struct ExecutorTests {
    // Arguments, so that the compiler does not know them.
    @Test(arguments: [Float.leastNonzeroMagnitude], [Float.leastNormalMagnitude])
    func `subnormal numbers are zero on every thread from a pass's start to its end, and then no more`(
        subnormal: Float, normal: Float
    ) throws {
        let threads = 3
        let plan = try Plan(
            architecture: Architecture(name: "tf_efficientnet_lite0"), classes: 9, inputSize: 64, kernels: .choose(),
            threads: threads, weights: DeterministicWeights())
        let executor = Executor(kernels: try .choose(), threads: threads, plans: [plan])
        let seen = Mutex<[Zeros]>([])
        let note: @Sendable () -> Void = { seen.withLock { $0.append(Zeros(subnormal: subnormal, normal: normal)) } }
        let fill: (Range<Int>, UnsafeMutablePointer<Float>, Int) -> Void = { _, _, _ in note() }
        _ = executor.run(plan, observer: { next in if next == nil { note() } }, isDropped: { false }, fill: fill)
        #expect(seen.withLock { $0 } == Array(repeating: Zeros(operands: true, results: true), count: threads + 1))
        seen.withLock { $0 = [] }
        executor.team.run { _ in note() }
        #expect(seen.withLock { $0 } == Array(repeating: Zeros(operands: false, results: false), count: threads))
    }

    @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3])
    func `a pass that is dropped ends before its next step on every thread, and leaves nothing behind`(threads: Int) throws {
        let plan = try Plan(
            architecture: Architecture(name: "tf_efficientnet_b0"), classes: 9, inputSize: 64, kernels: .choose(),
            threads: threads, weights: DeterministicWeights())
        let executor = Executor(kernels: try .choose(), threads: threads, plans: [plan])
        let input = NetworkInput.values(64)
        func run(dropsAt last: Int) -> (logits: [Float], steps: Int) {
            var (asked, steps) = (0, 0)
            let logits = executor.run(
                plan, observer: { if $0 != nil { steps += 1 } },
                isDropped: {
                    asked += 1
                    return asked > last
                }, input: input)
            return (logits, steps)
        }
        let whole = run(dropsAt: .max)
        #expect(whole.logits.count == 9 && whole.steps == plan.steps.count)
        for last in [0, 1, 2, 7, plan.steps.count - 1] {
            let dropped = run(dropsAt: last)
            #expect(dropped.logits.isEmpty && dropped.steps == last)
            #expect(run(dropsAt: .max).logits == whole.logits)
        }
    }

    /// Whether subnormal operands, and results, are zero on this thread.
    private struct Zeros: Equatable {
        var operands: Bool
        var results: Bool

        init(operands: Bool, results: Bool) {
            self.operands = operands
            self.results = results
        }

        init(subnormal: Float, normal: Float) {
            operands = subnormal * 0x1p126 == 0  // else 2^-23, which is normal
            results = (normal * 0.5).bitPattern == 0  // compared as a number it might be zero as an operand
        }
    }
}
