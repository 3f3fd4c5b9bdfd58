import Foundation
import HTTPTypes
import Logging
import Model
import Synchronization
import Testing

@testable import MelaFCGI

/// Answers of fewer passes: because the rest would hardly change the verdict, or would take too long. Nothing here is timed.
@Suite struct `A quicker answer` {
    private let photo = (try? TestService.fixture("landscape.jpg")) ?? Data()

    /// A second a pass, one at a time.
    private static let slow: @Sendable (Ensemble) -> Ensemble.Speed = { _ in .init(msPerPass: [1000, 1000]) }

    private func post(_ service: Service, _ path: String = "/v1/analyses", accept: String = "*/*", views: Int? = nil) -> Response
    {
        var form = TestForm().adding(image: photo)
        if let views { form = form.adding("views", String(views)) }
        return Router(service: service).respond(to: form.request(path, accept: accept))
    }

    private func card(_ service: Service) throws -> [String: Any] {
        try Router(service: service).respond(
            to: Request(
                id: "id", method: .get, path: "/v1/ensemble", contentType: nil, contentLength: nil, accept: "*/*", origin: nil,
                remoteAddress: "127.0.0.1", body: MemoryBody(Data()), client: MemoryBody(Data()))
        ).json()
    }

    /// Whether it comes about, however slow the machine is.
    private func comes(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<3000 {
            if try condition() { return true }
            usleep(10_000)
        }
        return false
    }

    // MARK: - Early stop

    @Test func `says in each form that it stopped early, and by which rule`() throws {
        let service = try TestService.make { $0.earlyStop = true }
        let json = try post(service).json()
        let passes = try #require(json["passes"] as? Int)
        let stop = try #require(json["early_stop"] as? [String: Any])
        #expect(passes < 16 && stop["planned"] as? Int == 16 && stop["reason"] as? String == "settled")
        let rule = try #require(stop["rule"] as? String)
        let measured = try #require(try service.readyEngine().ensemble.manifest.earlyStop)
        #expect(rule.contains("1 in 1,000") && rule.contains("\(measured.measuredOn); \(measured.cases) cases"))
        let page = post(service, accept: "text/html").text
        #expect(
            page.contains("Stopped after \(passes) of 16 passes") && page.contains("stopped early")
                && page.contains(rule.prefix(40)))
        #expect(page.contains("mean of these passes"))
        let bundle = post(service, accept: "application/fhir+json").text
        #expect(
            bundle.contains("\(passes) of 16; stopped early, in ") && bundle.contains("; The mean of the first r of 8 rounds"))
        let events = post(service, accept: "text/event-stream").text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        #expect(events.count == passes + 1 && events.dropLast().allSatisfy { $0.contains("\"of\":16,") })
        #expect(events.last?.contains("\"early_stop\":{") == true)
    }

    @Test func `is not given to the original app, which gets the mean of all passes`() throws {
        let service = try TestService.make { $0.earlyStop = true }
        let whole = try TestService.make()
        let original = try post(service, "/melanoma").json()["confidence"] as? Double
        #expect(try original == post(whole).json()["raw_probability"] as? Double)
        #expect(try original != post(service).json()["raw_probability"] as? Double)
    }

    @Test func `is not given by the default ensemble unless the server is set to it`() throws {
        let service = try TestService.make()
        let json = try post(service).json()
        #expect(json["passes"] as? Int == 16 && json["early_stop"] is NSNull)
        #expect(try card(service)["early_stop"] is NSNull)
        #expect(!post(service, accept: "text/html").text.contains("topped"))
    }

    @Test func `has its measure in the model card`() throws {
        let service = try TestService.make { $0.earlyStop = true }
        let rule = try #require(try card(service)["early_stop"] as? [String: Any])
        let measured = try #require(try service.readyEngine().ensemble.manifest.earlyStop)
        #expect(rule["cases"] as? Int == measured.cases && rule["measured_on"] as? String == measured.measuredOn)
    }

    // MARK: - Budget

    @Test func `within the budget says what it left out, in each form`() throws {
        let service = try TestService.make(
            change: {
                $0.budgetSeconds = 5
                $0.earlyStop = false
            }, speed: Self.slow)
        let json = try post(service).json()
        #expect(json["budget"] as? [String: Int] == ["seconds": 5, "planned": 4, "asked": 16])
        #expect(json["passes"] as? Int == 4 && json["early_stop"] is NSNull)
        for accept in ["*/*", "text/html", "application/fhir+json"] {
            #expect(post(service, accept: accept).text.contains("12 of 16 passes were left out"), "\(accept)")
        }
        #expect(post(service, accept: "text/html").text.contains("12 passes were left out to answer within 5 s"))
        let card = try card(service)
        #expect(card["defaults"] as? [String: Int] == ["members": 2, "views": 2, "passes": 4])
        #expect((card["budget"] as? [String: Any])?["left_out"] as? Int == 12)
    }

    @Test func `within the budget is all that a request can ask for, and the original app's too`() throws {
        let service = try TestService.make(
            change: {
                $0.budgetSeconds = 5
                $0.earlyStop = false
            }, speed: Self.slow)
        let more = try post(service, views: 8).json()
        #expect(more["passes"] as? Int == 4 && more["budget"] is [String: Any])
        let fewer = try post(service, views: 1).json()
        #expect(fewer["passes"] as? Int == 2 && fewer["budget"] is NSNull)
        #expect(try post(service, "/melanoma").json()["confidence"] as? Double == more["raw_probability"] as? Double)
    }

    @Test func `has no limit where the setting is 0, and then nothing is measured`() throws {
        let service = try TestService.make(
            change: { $0.budgetSeconds = nil },
            speed: { _ in
                Issue.record("measured")
                return .init(msPerPass: [1, 1])
            })
        #expect(try card(service)["budget"] is NSNull)
        #expect(post(service, "/melanoma").status == .ok)
    }

    @Test func `that leaves passes out is a warning at the start`() throws {
        let log = KeptLog()
        _ = try TestService.make(logger: Logger(label: "test") { _ in log }, change: { $0.budgetSeconds = 5 }, speed: Self.slow)
        #expect(log.lines.contains { $0.contains("4 of 16 passes") && $0.contains("ready:") })
        let warning = try #require(log.lines.first { $0.contains("left out") })
        #expect(warning.hasPrefix("warning 12 of 16 passes") && warning.contains("MELASCAN_BUDGET_SECONDS=5"))
    }

    @Test func `rests on a speed that a reload measures anew, in its turn`() throws {
        let times = Mutex([1000.0, 100])
        let service = try TestService.make(
            change: { $0.budgetSeconds = 5 },
            speed: { _ in
                let time = times.withLock { $0.removeFirst() }
                return .init(msPerPass: [time, time])
            })
        #expect(try (card(service)["defaults"] as? [String: Int])?["passes"] == 4)
        // While an analysis runs the measuring waits.
        var running = service.queue.enter()
        let reloading = Thread { service.reload() }
        reloading.start()
        #expect(comes { service.queue.count == 2 })
        running?.endTurn()
        usleep(50_000)
        #expect(times.withLock { $0.count } == 1)
        running = nil
        #expect(try comes { try (card(service)["defaults"] as? [String: Int])?["passes"] == 16 })
        #expect(service.queue.count == 0 && times.withLock { $0.isEmpty })
        #expect(running == nil)
    }
}
