import CKernels
import Foundation
import Synchronization
import Testing

@testable import Model

/// Threads that share a pass, and how passes are shared out.
@Suite struct TeamTests {
    @Test(arguments: [1, 2, 3, 5])
    func `every member works, and none passes a barrier before all have come`(size: Int) {
        let team = Team(size: size)
        let arrived = (0..<50).map { _ in Counter() }
        let early = Counter()
        for _ in 0..<3 {
            team.run { _ in
                for counter in arrived {
                    counter.add(1)
                    team.barrier()
                    if counter.value % size != 0 { early.add(1) }
                    team.barrier()
                }
            }
        }
        #expect(arrived.allSatisfy { $0.value == 3 * size })
        #expect(early.value == 0)
    }

    @Test(arguments: [1, 2, 4])
    func `every task is taken once, whoever takes it`(threads: Int) {
        let shares = (0..<threads).map { _ in TaskShare() }
        let taken = (0..<1000).map { _ in Counter() }
        for (index, share) in shares.enumerated() { share.set((1000 * index / threads)..<(1000 * (index + 1) / threads)) }
        _ = Parallel.map(count: threads, threads: threads) { thread in
            while let task = shares[thread].takeFirst() { taken[task].add(1) }
            for share in shares { while let task = share.takeLast() { taken[task].add(1) } }
        }
        #expect(taken.allSatisfy { $0.value == 1 })
        #expect(shares.allSatisfy { $0.takeFirst() == nil && $0.takeLast() == nil })
    }

    @Test(arguments: [(1, 3), (2, 1), (2, 4), (2, 5), (3, 2), (4, 11)])
    func `each pass is made once, and those left over at the end one after the other`(threads: Int, count: Int) throws {
        let plan = try Plan(
            architecture: Architecture(name: "tf_efficientnet_lite0"), classes: 9, inputSize: 32, kernels: .choose(),
            weights: SyntheticWeights())
        let pool = try PassPool<[Double]>(threads: threads, kernels: .choose(), plans: [plan])
        let running = Counter()
        let crowded = Counter()
        var results: [Int: [Double]] = [:]
        let finished = pool.run(
            count: count,
            work: { executor, index, _ in
                running.add(1)
                usleep(200)  // long enough for others to come beside it
                if index >= count / threads * threads, running.value != 1 || executor.team.size != threads { crowded.add(1) }
                running.add(-1)
                return [Double(index)]
            }, isCancelled: { false }, completed: { results[$0] = $1 })
        #expect(finished && results == Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, [Double($0)]) }))
        #expect(crowded.value == 0)
    }

    @Test(.timeLimit(.minutes(1))) func `a thread that finds no pass left begins the next analysis`() throws {
        let pool = try PassPool<[Double]>(threads: 2, kernels: .choose(), plans: [])
        let began = Counter()
        let last = Counter()
        let results = Counter()
        let first = WorkThread {
            // The last pass ends only once the other analysis has run: or else this test never does.
            let finished = pool.run(
                count: 2,
                work: { _, index, _ in
                    began.add(1)
                    while index == 1, last.value == 0 { mela_yield() }
                    return []
                }, isCancelled: { false }, completed: { _, _ in results.add(1) })
            results.add(finished ? 1 : 0)
        }
        while began.value < 2 { mela_yield() }
        let finished = pool.run(
            count: 2,
            work: { _, _, _ in
                last.add(1)
                return []
            }, isCancelled: { false }, completed: { _, _ in results.add(1) })
        first.join()
        #expect(finished && results.value == 5 && last.value == 2)
    }

    @Test(.timeLimit(.minutes(1))) func `what a team shares waits for another analysis's last pass, also of one that is dropped`()
        throws
    {
        let pool = try PassPool<[Double]>(threads: 2, kernels: .choose(), plans: [])
        let running = Counter()
        let crowded = Counter()
        let results = Counter()
        // Each with an end of its own, many times over: whichever thread is quicker, results stay with their analysis.
        let threads = (1...3).map { number in
            WorkThread {
                for _ in 0..<200 {
                    _ = pool.run(
                        count: number,
                        work: { executor, index, _ in
                            running.add(1)
                            usleep(200)  // long enough for others to come beside it
                            let isTeams = index >= number / 2 * 2
                            if executor.team.size != (isTeams ? 2 : 1) || (isTeams && running.value != 1) { crowded.add(1) }
                            running.add(-1)
                            return [Double(number)]
                        }, isCancelled: { number == 3 },
                        completed: { index, result in
                            if result != [Double(number)] || index >= number { crowded.add(1) }
                            results.add(1)
                        })
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(crowded.value == 0 && results.value >= 200 + 400 + 200 && running.value == 0)
    }

    @Test(.timeLimit(.minutes(1))) func `that no pass is left to begin is said once, also where the rest is dropped`() throws {
        let pool = try PassPool<[Double]>(threads: 2, kernels: .choose(), plans: [])
        for isCancelled in [false, true] {
            var announced = 0
            let asked = Counter()
            let finished = pool.run(
                count: 9,
                work: { _, index, _ in
                    // Not before the one who cancels was asked.
                    while index > 1, asked.value == 0 { mela_yield() }
                    return []
                },
                isCancelled: {
                    asked.add(1)
                    return isCancelled
                }, begun: { announced += 1 }, completed: { _, _ in })
            #expect(finished == !isCancelled && announced == 1)
        }
    }

    @Test(.timeLimit(.minutes(1))) func `the passes that run are told when their analysis is dropped`() throws {
        let pool = try PassPool<[Double]>(threads: 2, kernels: .choose(), plans: [])
        for _ in 0..<50 {
            let running = Counter()
            let finished = pool.run(
                count: 8,
                work: { _, index, isDropped in
                    if index > 0 { running.add(1) }
                    // The first ends beside another one, and all others only once they are told: or else this test never does.
                    while index == 0 ? running.value == 0 : !isDropped() { mela_yield() }
                    return []
                }, isCancelled: { true }, completed: { _, _ in })
            #expect(!finished && (1...2).contains(running.value))
        }
    }

    /// Counts from any thread.
    private final class Counter: Sendable {
        private let count = Atomic(0)
        func add(_ number: Int) { count.add(number, ordering: .acquiringAndReleasing) }
        var value: Int { count.load(ordering: .acquiring) }
    }
}
