import Model
import Synchronization
import Testing

@testable import MelaFCGI

@Suite struct AdmissionQueueTests {
    private struct Left: Error {}

    @Test func `one runs, so many wait, and one more is turned away`() {
        let queue = AdmissionQueue(capacity: 2)
        let places = (0..<3).map { _ in queue.enter() }
        #expect(places.allSatisfy { $0 != nil } && queue.enter() == nil && queue.count == 3)
        withExtendedLifetime(places) {}
    }

    @Test func `who waits is told how many are before, and may leave`() throws {
        let queue = AdmissionQueue(capacity: 2)
        let first = queue.enter()
        let second = queue.enter()
        let third = try #require(queue.enter())
        var seen: [Int] = []
        #expect(throws: Left.self) {
            try third.waitForTurn { ahead throws(Left) in
                seen.append(ahead)
                throw Left()
            }
        }
        #expect(seen == [2])
        withExtendedLifetime((first, second)) {}
    }

    @Test func `one whose turn has ended lets the next one run, and keeps others out until it is answered`() throws {
        let queue = AdmissionQueue(capacity: 1)
        var first = queue.enter()
        let second = try #require(queue.enter())
        first?.endTurn()
        second.waitForTurn { _ in }
        first?.endTurn()
        #expect(queue.count == 2 && queue.enter() == nil)
        first = nil
        let third = queue.enter()
        #expect(queue.count == 2 && third != nil)
        withExtendedLifetime((second, third)) {}
    }

    @Test func `turns come in the order of arrival, at once`() throws {
        let queue = AdmissionQueue(capacity: 2)
        let order = Mutex<[Int]>([])
        var places = (0..<3).map { _ in queue.enter() }
        let waiting = places.dropFirst().enumerated().map { index, place in
            WorkThread { [place] in
                place?.waitForTurn { _ in }
                order.withLock { $0.append(index) }
            }
        }
        places.removeAll()
        for thread in waiting { thread.join() }
        #expect(order.withLock { $0 } == [0, 1])
    }
}
