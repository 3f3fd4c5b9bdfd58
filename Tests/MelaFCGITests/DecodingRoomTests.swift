import Model
import Testing

@testable import MelaFCGI

@Suite struct DecodingRoomTests {
    /// Photos that entered a room and stay until they are let go.
    private final class Guests: Sendable {
        private struct State {
            var inside: [Int] = []
            var mayLeave: Set<Int> = []
        }

        private let state = Monitor(State())
        private let room: DecodingRoom

        init(_ room: DecodingRoom) {
            self.room = room
        }

        /// A photo of so many pixels, by which it is also known.
        func send(_ pixels: Int) -> WorkThread {
            WorkThread { [self] in
                room.enter(pixels: pixels) {
                    state.update { $0.inside.append(pixels) }
                    state.wait { $0.mayLeave.contains(pixels) ? () : nil }
                    state.update { state in state.inside.removeAll { $0 == pixels } }
                }
            }
        }

        func letGo(_ pixels: Int) { _ = state.update { $0.mayLeave.insert(pixels) } }

        /// True once just these are inside; gives up after a time that no machine needs.
        func become(_ pixels: Set<Int>) -> Bool { state.wait(upTo: 30) { Set($0.inside) == pixels ? true : nil } ?? false }

        /// True if they still are after what would have been time to come in.
        func stay(_ pixels: Set<Int>) -> Bool { state.wait(upTo: 1) { Set($0.inside) != pixels ? true : nil } == nil }
    }

    @Test func `photos that have no more pixels together than one may have are decoded side by side`() {
        let guests = Guests(DecodingRoom(pixels: 100, photos: 3))
        let threads = [guests.send(60), guests.send(40)]
        #expect(guests.become([60, 40]))
        let late = guests.send(1)
        #expect(guests.stay([60, 40]))
        guests.letGo(60)
        #expect(guests.become([40, 1]))
        for pixels in [40, 1] { guests.letGo(pixels) }
        for thread in threads + [late] { thread.join() }
    }

    @Test func `they are no more than the threads, however small`() {
        let guests = Guests(DecodingRoom(pixels: 100, photos: 2))
        let threads = [guests.send(1), guests.send(2)]
        #expect(guests.become([1, 2]))
        let late = guests.send(3)
        #expect(guests.stay([1, 2]))
        guests.letGo(2)
        #expect(guests.become([1, 3]))
        for pixels in [1, 3] { guests.letGo(pixels) }
        for thread in threads + [late] { thread.join() }
    }

    @Test func `a large one is overtaken by no small one`() {
        let guests = Guests(DecodingRoom(pixels: 100, photos: 3))
        let first = guests.send(10)
        #expect(guests.become([10]))
        let large = guests.send(95)
        #expect(guests.stay([10]))
        let small = guests.send(1)
        #expect(guests.stay([10]))
        guests.letGo(10)
        #expect(guests.become([95, 1]))
        for pixels in [95, 1] { guests.letGo(pixels) }
        for thread in [first, large, small] { thread.join() }
    }

    @Test func `one that is too large for the room is decoded alone, and an error makes room as well`() {
        struct Damaged: Error {}
        let room = DecodingRoom(pixels: 100, photos: 2)
        #expect(throws: Damaged.self) { try room.enter(pixels: 100) { () throws(Damaged) in throw Damaged() } }
        let guests = Guests(room)
        let large = guests.send(500)
        #expect(guests.become([500]))
        let small = guests.send(1)
        #expect(guests.stay([500]))
        guests.letGo(500)
        #expect(guests.become([1]))
        guests.letGo(1)
        for thread in [large, small] { thread.join() }
    }
}
