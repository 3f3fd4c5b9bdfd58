import Foundation
import Testing

@testable import Model

/// No test here waits or measures: what a pass takes is given.
@Suite struct `A budget` {
    private static let directory = Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false)
    private static let ensemble = Result {
        try Ensemble(directory: directory, threads: 2, kernels: Kernels.choose())
    }

    private func budget(_ seconds: Int, _ msPerPass: [Double]) -> Budget {
        Budget(seconds: seconds, speed: .init(msPerPass: msPerPass))
    }

    @Test func `that everything fits into changes nothing`() {
        let order = PassOrder(members: 5, views: 8)
        #expect(budget(26, .init(repeating: 650, count: 5)).fitting(order) == order)
    }

    @Test func `takes views away from all members before it takes members away`() {
        let whole = PassOrder(members: 5, views: 8)
        let fitting = budget(15, .init(repeating: 650, count: 5)).fitting(whole)
        #expect(fitting == whole.prefix(rounds: 4) && fitting.passes.count == 20)
        let counts = (0..<5).map { member in fitting.passes.count { $0.member == member } }
        #expect(counts == [4, 4, 4, 4, 4])
    }

    @Test(arguments: [(4, 5), (3, 4), (2, 3), (1, 1)])
    func `takes members away where one view of each does not fit`(seconds: Int, passes: Int) {
        let fitting = budget(seconds, .init(repeating: 650, count: 5)).fitting(PassOrder(members: 5, views: 8))
        #expect(fitting.members == passes && fitting.passes.map(\.member) == Array(0..<passes))
    }

    @Test func `leaves one pass, whatever it takes`() {
        #expect(budget(1, [60_000]).fitting(PassOrder(members: 1, views: 8)) == PassOrder(members: 1, views: 1))
        #expect(budget(1, [60_000, 1]).fitting(PassOrder(members: 2, views: 8)) == PassOrder(members: 1, views: 1))
    }

    @Test func `counts each member's own time`() {
        let order = PassOrder(members: 2, views: 8)
        #expect(budget(8, [900, 100]).fitting(order) == order)
        #expect(budget(7, [900, 100]).fitting(order) == order.prefix(rounds: 7))
    }

    @Test func `is what an analysis keeps to, and says that it left out, whoever asks for more`() throws {
        let ensemble = try Self.ensemble.get()
        var options = Ensemble.Options()
        options.operatingPoint = try ensemble.operatingPoint(named: nil)
        options.budget = budget(5, [1000, 1000])
        let photo = ensemble.prepare(SyntheticLesion.image(width: 320, height: 240))
        for views in [nil, 8] {
            options.views = views
            let analysis = try ensemble.analyze(photo, options: options)
            #expect(analysis.passes == 4 && analysis.members.map(\.passes) == [2, 2])
            #expect(analysis.budget == .init(seconds: 5, planned: 4, asked: 16))
            #expect(analysis.remarks.contains { $0.hasPrefix("12 of 16 passes were left out") && $0.contains("5 s") })
            #expect(
                analysis.remarks.contains(
                    "Only 4 of 16 passes were made; the operating point was measured with all of them."))
        }
        options.views = 2
        let asked = try ensemble.analyze(photo, options: options)
        #expect(asked.passes == 4 && asked.budget == nil)
    }

    @Test func `stands in the model card with what it leaves out`() throws {
        let ensemble = try Self.ensemble.get()
        var options = Ensemble.Options()
        options.budget = budget(5, [1000, 1000.0004])
        let card = ensemble.card(with: options)
        #expect(card.defaults == .init(views: 2, members: 2, passes: 4) && card.passes == 16)
        #expect(card.budget == .init(seconds: 5, msPerPass: [1000, 1000], leftOut: 12))
        options.budget = budget(1, [600, 600])
        #expect(ensemble.card(with: options).defaults == .init(views: 1, members: 1, passes: 1))
        #expect(ensemble.card().budget == nil)
    }

    @Test func `leaves the early stop its rule`() throws {
        var manifest = try Self.ensemble.get().manifest
        manifest.earlyStop = .init(bound: 0.0001, cases: 2000, exceeded: 0, measuredOn: "test")
        let ensemble = try Ensemble(
            manifest: manifest, sha256: "", directory: Self.directory, threads: 2, kernels: Kernels.choose())
        var options = Ensemble.Options()
        options.operatingPoint = try ensemble.operatingPoint(named: nil)
        options.stopsEarly = true
        options.budget = budget(5, [1000, 1000])
        let analysis = try ensemble.analyze(ensemble.prepare(SyntheticLesion.image(width: 320, height: 240)), options: options)
        #expect(analysis.passes == 2 && analysis.earlyStop?.planned == 4)
        #expect(analysis.remarks.contains { $0.hasPrefix("Stopped after 2 of 4 passes") })
        #expect(
            analysis.remarks.contains("Only 4 of 16 passes were planned; the operating point was measured with all of them."))
    }

    @Test func `has a measured speed for each member`() throws {
        let speed = try Self.ensemble.get().measureSpeed()
        #expect(speed.msPerPass.count == 2)
        #expect(speed.msPerPass.allSatisfy { $0 > 0 && $0.isFinite })
    }
}
