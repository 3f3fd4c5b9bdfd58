import Foundation
import Testing

@testable import Model

/// No test here waits or measures: what a pass takes is given.
@Suite struct `A time limit` {
    private static let directory = Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false)
    private static let ensemble = Result {
        try Ensemble(directory: directory, threads: 2, kernels: Kernels.choose())
    }

    private func limit(_ seconds: Int, _ msPerPass: [Double]) -> TimeLimit {
        TimeLimit(seconds: seconds, speed: .init(msPerPass: msPerPass))
    }

    @Test func `that everything fits into changes nothing`() {
        let order = PassOrder(members: 5, views: 8)
        #expect(limit(26, .init(repeating: 650, count: 5)).fitting(order) == order)
    }

    @Test func `takes views away from all members before it takes members away`() {
        let whole = PassOrder(members: 5, views: 8)
        let fitting = limit(15, .init(repeating: 650, count: 5)).fitting(whole)
        #expect(fitting == whole.prefix(rounds: 4) && fitting.passes.count == 20)
        let counts = (0..<5).map { member in fitting.passes.count { $0.member == member } }
        #expect(counts == [4, 4, 4, 4, 4])
    }

    @Test(arguments: [(4, 5), (3, 4), (2, 3), (1, 1)])
    func `takes members away where one view of each does not fit`(seconds: Int, passes: Int) {
        let fitting = limit(seconds, .init(repeating: 650, count: 5)).fitting(PassOrder(members: 5, views: 8))
        #expect(fitting.members == passes && fitting.passes.map(\.member) == Array(0..<passes))
    }

    @Test func `leaves one pass, whatever it takes`() {
        #expect(limit(1, [60_000]).fitting(PassOrder(members: 1, views: 8)) == PassOrder(members: 1, views: 1))
        #expect(limit(1, [60_000, 1]).fitting(PassOrder(members: 2, views: 8)) == PassOrder(members: 1, views: 1))
    }

    @Test func `counts each member's own time`() {
        let order = PassOrder(members: 2, views: 8)
        #expect(limit(8, [900, 100]).fitting(order) == order)
        #expect(limit(7, [900, 100]).fitting(order) == order.prefix(rounds: 7))
    }

    @Test func `is what an analysis keeps to, and says that it left out, whoever asks for more`() throws {
        let ensemble = try Self.ensemble.get()
        var practice = Practice()
        practice.timeLimit = limit(5, [1000, 1000])
        var request = AnalysisRequest()
        for views in [nil, 8] {
            request.views = views
            let analysis = try ensemble.analyze(ensemble.syntheticPhoto, request, under: practice)
            #expect(analysis.passes == 4 && analysis.members.map(\.passes) == [2, 2])
            #expect(analysis.budget == .init(seconds: 5, planned: 4, asked: 16))
            #expect(analysis.remarks.contains { $0.hasPrefix("12 of 16 passes were left out") && $0.contains("5 s") })
            #expect(analysis.remarks.contains("Only 4 of 16 passes were made."))
            #expect(analysis.remarks.contains("The operating point was measured with all passes."))
        }
        request.views = 2
        let asked = try ensemble.analyze(ensemble.syntheticPhoto, request, under: practice)
        #expect(asked.passes == 4 && asked.budget == nil)
    }

    @Test func `stands in the model card with what it leaves out`() throws {
        let ensemble = try Self.ensemble.get()
        func card(_ limit: TimeLimit?) throws -> EnsembleCard {
            var practice = Practice()
            practice.timeLimit = limit
            return ensemble.card(of: try AnalysisPlan(under: practice, of: ensemble.manifest))
        }
        let limited = try card(limit(5, [1000, 1000.0004]))
        #expect(limited.defaults == .init(views: 2, members: 2, passes: 4) && limited.passes == 16)
        #expect(limited.budget == .init(seconds: 5, msPerPass: [1000, 1000], leftOut: 12))
        #expect(try card(limit(1, [600, 600])).defaults == .init(views: 1, members: 1, passes: 1))
        #expect(try card(nil).budget == nil)
    }

    @Test func `leaves the early stop its rule`() throws {
        var manifest = try Self.ensemble.get().manifest
        manifest.earlyStop = .init(bound: 0.0001, cases: 2000, exceeded: 0, measuredOn: "test")
        let ensemble = try Ensemble(
            manifest: manifest, sha256: "", directory: Self.directory, threads: 2, kernels: Kernels.choose())
        var practice = Practice()
        practice.stopsEarly = true
        practice.timeLimit = limit(5, [1000, 1000])
        let analysis = try ensemble.analyze(ensemble.syntheticPhoto, under: practice)
        #expect(analysis.passes == 2 && analysis.earlyStop?.planned == 4)
        #expect(analysis.remarks.contains { $0.hasPrefix("Stopped after 2 of 4 passes") })
        #expect(analysis.remarks.contains("Only 4 of 16 passes were planned."))
    }

    @Test func `has a measured speed for each member`() throws {
        let speed = try Self.ensemble.get().measureSpeed()
        #expect(speed.msPerPass.count == 2)
        #expect(speed.msPerPass.allSatisfy { $0 > 0 && $0.isFinite })
    }
}
