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

    @Test(arguments: [(inside: [60, 40], photos: 3), (inside: [1, 2], photos: 2)])
    func `photos are decoded side by side until they have too many pixels together or are too many`(
        inside: [Int], photos: Int
    ) {
        let guests = Guests(DecodingRoom(pixels: 100, photos: photos))
        let threads = inside.map { guests.send($0) }
        #expect(guests.become(Set(inside)))
        let late = guests.send(3)
        #expect(guests.stay(Set(inside)))
        guests.letGo(inside[0])
        #expect(guests.become([inside[1], 3]))
        for pixels in [inside[1], 3] { guests.letGo(pixels) }
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

    /// A photo that is analysed, and one that is kept.
    @Test(arguments: [true, false])
    func `the service decodes a photo once there is room for it`(isKept: Bool) throws {
        let photo = try TestService.fixture("landscape.jpg")
        let service = try TestService.make(change: { $0.maxPixels = 640 * 426 })
        let ensemble = try service.readyEngine().ensemble
        let guests = Guests(service.decoding)
        let first = guests.send(1)
        #expect(guests.become([1]))
        let isDone = Monitor(false)
        let second = WorkThread {
            let size = photo.withUnsafeBytes { bytes in
                isKept ? try? service.clean(bytes).count : try? service.prepare(bytes, for: ensemble).photo.facts.width
            }
            isDone.update { $0 = size != nil }
        }
        #expect(isDone.wait(upTo: 1) { $0 ? true : nil } == nil)
        guests.letGo(1)
        for thread in [first, second] { thread.join() }
        #expect(isDone.update { $0 })
    }

    @Test func `two threads decode a photo where nobody else waits, and one under load`() throws {
        let service = try TestService.make(starts: false, change: { $0.threads = 2 })
        let places = [service.queue.enter()]
        #expect(service.decodingThreads == 2)
        let more = service.queue.enter()
        #expect(service.decodingThreads == 1)
        withExtendedLifetime((places, more)) {}
    }
}
