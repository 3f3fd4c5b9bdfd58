import Foundation
import Model
import Testing

@testable import MelaFCGI

@Suite struct `A standstill` {
    @Test func `is not seen in an idle service, however long it idles`() throws {
        let service = try TestService.make()
        usleep(50_000)
        #expect(service.standstill == 0)
    }

    @Test func `grows while the first in the line makes no step, whoever comes or leaves behind`() throws {
        let service = try TestService.make()
        let first = service.queue.enter()
        usleep(50_000)
        let second = service.queue.enter()
        #expect(service.standstill >= 50)
        withExtendedLifetime(second) {}
        #expect(service.standstill >= 50)
        withExtendedLifetime(first) {}
    }

    @Test func `grows while one whose turn has ended is not answered, whoever has a turn beside it`() throws {
        let service = try TestService.make()
        var first = service.queue.enter()
        first?.endTurn()
        usleep(50_000)
        for _ in 0..<3 { service.queue.enter()?.endTurn() }
        #expect(service.standstill >= 50)
        first = nil
        #expect(service.standstill == 0)
    }

    @Test func `ends with a photo that is decoded, a pass that is done, and a place that is left`() throws {
        let service = try TestService.make()
        let bytes = try TestService.fixture("landscape.jpg")
        let ensemble = try service.readyEngine().ensemble
        var places = [service.queue.enter(), service.queue.enter()]
        usleep(50_000)
        // What has happened since a moment can't lie further back than that moment, however slow the machine is. It is kept in
        // whole milliseconds.
        var since = Stopwatch()
        let photo = try bytes.withUnsafeBytes { try service.prepare($0, for: ensemble).photo }
        #expect(service.standstill <= since.milliseconds + 1)
        usleep(50_000)
        since = Stopwatch()
        var steps: [Bool] = []
        _ = try ensemble.read(
            photo, by: AnalysisPlan(of: ensemble.manifest),
            for: .init(progress: { _ in steps.append(service.standstill <= since.milliseconds + 1) }))
        #expect(steps.count == ensemble.passes && steps.allSatisfy(\.self))
        usleep(50_000)
        #expect(service.standstill >= 50)
        since = Stopwatch()
        places.removeFirst()
        #expect(service.standstill <= since.milliseconds + 1)
        places.removeFirst()
        #expect(service.standstill == 0)
    }
}
