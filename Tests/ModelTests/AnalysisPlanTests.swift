import Foundation
import Testing

@testable import Model

/// Bundle, practice and request: who decides what.
@Suite struct AnalysisPlanTests {
    private func bundle(_ change: (inout Manifest) -> Void = { _ in }) throws -> Manifest {
        var bundle = try Manifest(json: Data(contentsOf: Fixtures.root.appending(path: "ensembles/default/ensemble.json")))
        bundle.defaults = nil
        change(&bundle)
        return bundle
    }

    @Test func `a request goes before the practice, and the practice before the bundle`() throws {
        let bundle = try bundle { $0.defaults = .init(views: 6, members: 1) }
        var practice = Practice()
        var request = AnalysisRequest()
        #expect(try AnalysisPlan(of: bundle).views == 6 && AnalysisPlan(of: bundle).members == 1)
        practice.views = 4
        practice.members = 2
        #expect(try AnalysisPlan(under: practice, of: bundle).passes == 8)
        request.views = 2
        request.members = 1
        #expect(try AnalysisPlan(request, under: practice, of: bundle).passes == 2)
        #expect(try AnalysisPlan(of: self.bundle()).passes == 16)
    }

    @Test(arguments: [("views", 0), ("views", 9), ("members", 0), ("members", 3)])
    func `more than there is, or nothing, is refused by the field's name, whoever asks`(field: String, count: Int) throws {
        let most = field == "views" ? 8 : 2
        let refusal = ModelError.option(field: field, reason: "must be a whole number from 1 to \(most)")
        var request = AnalysisRequest()
        var practice = Practice()
        if field == "views" {
            (request.views, practice.views) = (count, count)
        } else {
            (request.members, practice.members) = (count, count)
        }
        #expect(throws: refusal) { try AnalysisPlan(request, of: bundle()) }
        #expect(throws: refusal) { try AnalysisPlan(under: practice, of: bundle()) }
    }

    @Test(
        arguments: [
            (nil, nil, false), (true, nil, true), (true, false, false), (nil, true, true), (false, true, true),
            (false, nil, false),
        ] as [(Bool?, Bool?, Bool)])
    func `an analysis ends early where the practice says so, else where the bundle does`(
        bundle: Bool?, practice: Bool?, stops: Bool
    ) throws {
        var settings = Practice()
        settings.stopsEarly = practice
        let asking = try self.bundle {
            $0.defaults = .init()
            $0.defaults?.earlyStop = bundle
        }
        #expect(try AnalysisPlan(under: settings, of: asking).stopsEarly == stops)
        var request = AnalysisRequest()
        request.neverEndsEarly = true
        #expect(try !AnalysisPlan(request, under: settings, of: asking).stopsEarly)
    }

    @Test func `the time limit goes before all of them, and says what it left out`() throws {
        var practice = Practice()
        practice.timeLimit = TimeLimit(seconds: 5, speed: .init(msPerPass: [1000, 1000]))
        var request = AnalysisRequest()
        request.views = 8
        let plan = try AnalysisPlan(request, under: practice, of: bundle())
        #expect(plan.passes == 4 && plan.shortfall == Shortfall(seconds: 5, planned: 4, asked: 16))
        request.views = 2
        #expect(try AnalysisPlan(request, under: practice, of: bundle()).shortfall == nil)
    }
}
