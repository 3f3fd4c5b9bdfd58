import CKernels

/// What the processor can do at most, with so many threads and the instructions of these kernels. Where a library multiplies with better
/// ones (`baseline`), it can be faster.
public struct ProcessorLimit: Encodable, Sendable {
    /// Arithmetic on registers alone, two operations a multiply-add.
    public var gflops: Double
    /// Gigabytes a second read from memory.
    public var gbps: Double

    /// Takes about a second, and at most 512 MiB.
    public static func measure(_ precision: Precision, kernels: Kernels, threads: Int) -> ProcessorLimit {
        let peak = kernels.format(kernels.has(precision) ? precision : .fp32).peak
        let rounds = 20_000_000
        let arithmetic = best(threads: threads) {
            2 * Double(peak(rounds)) * Double(rounds)
        }
        // Far more than any cache holds.
        let count = min(32 << 20, (128 << 20) / threads)
        // Narrow vectors walk over a chunk more than once, but from the nearest cache.
        let chunk = 4096
        let memory = (0..<threads).map { _ in FloatBuffer(count: count) }
        let bytes = best(threads: threads) { thread in
            var sum = [Float](repeating: 0, count: 16)
            for first in stride(from: 0, to: count - chunk, by: chunk) {
                kernels.table.pointee.f32_add_rows(memory[thread].pointer + first, 16, &sum, chunk / 16, 16)
            }
            return Double(4 * count)
        }
        return ProcessorLimit(gflops: (arithmetic / 1e9).rounded3, gbps: (bytes / 1e9).rounded3)
    }

    private static func best(threads: Int, _ work: @escaping @Sendable () -> Double) -> Double {
        best(threads: threads) { _ in work() }
    }

    /// The most work a second that all threads did together, of a few rounds.
    private static func best(threads: Int, _ work: @escaping @Sendable (Int) -> Double) -> Double {
        (0..<7).map { _ in
            let watch = Stopwatch()
            let done = Parallel.map(count: threads, threads: threads, work).reduce(0, +)
            return done / watch.milliseconds * 1000
        }.max() ?? 0
    }
}
