import Foundation
import Imaging
import Testing

@testable import Model

@Suite struct `The early stop's rule` {
    private static let bundle = Result {
        try Data(contentsOf: Fixtures.root.appending(path: "ensembles/default/ensemble.json"))
    }
    /// The default bundle's, two members with eight views, and one operating point at 0.2.
    private func bundle(bound: Double? = 0.25, points: [OperatingPoint] = [OperatingPoint(name: "test", threshold: 0.2)]) throws
        -> Manifest
    {
        var manifest = try Manifest(json: Self.bundle.get())
        manifest.operatingPoints = points
        manifest.earlyStop = bound.map { .init(bound: $0, cases: 2000, exceeded: 0, measuredOn: "test") }
        return manifest
    }

    private func rule(
        of bundle: Manifest? = nil, views: Int? = nil, members: Int? = nil, stopsEarly: Bool = true, isJudged: Bool = true
    ) throws -> StoppingRule? {
        let bundle = try bundle ?? self.bundle()
        var practice = Practice()
        practice.stopsEarly = stopsEarly
        practice.views = views
        practice.members = members
        return StoppingRule(try AnalysisPlan(under: practice, of: bundle), of: bundle, isJudged: isJudged)
    }

    @Test func `is there for the passes that its bound was measured with, and for their first rounds`() throws {
        #expect(try rule() != nil)
        #expect(try rule(views: 3) == nil && rule(members: 1) == nil)
        var practice = Practice()
        practice.stopsEarly = true
        practice.timeLimit = TimeLimit(seconds: 6, speed: .init(msPerPass: [1000, 1000]))
        #expect(StoppingRule(try AnalysisPlan(under: practice, of: bundle()), of: try bundle(), isJudged: true) != nil)
    }

    @Test func `is not there where it is not asked for, nothing was measured, or there is no threshold`() throws {
        #expect(try rule(stopsEarly: false) == nil && rule(of: bundle(bound: nil)) == nil && rule(of: bundle(points: [])) == nil)
    }

    @Test func `ends where the mean is further from the threshold than it may still move`() throws {
        let rule = try #require(try rule())
        // By hand: asin √0.2 = 0.46365; after one of eight rounds 0.25 √(7/8) = 0.23385, after seven 0.25 √(1/56) = 0.03341.
        let edges = [(1, 0.051882, 0.412555), (7, 0.173963, 0.227376)]
        for (round, below, above) in edges {
            #expect(rule.settles(mean: below - 0.0001, after: 2 * round) && !rule.settles(mean: below + 0.0001, after: 2 * round))
            #expect(rule.settles(mean: above + 0.0001, after: 2 * round) && !rule.settles(mean: above - 0.0001, after: 2 * round))
            let range = rule.range(around: 0.2, after: round)
            #expect(abs(range.lowerBound - below) < 1e-5 && abs(range.upperBound - above) < 1e-5)
        }
        #expect(!rule.settles(mean: 0.2, after: 14))
    }

    @Test func `never ends within a round, nor after the last`() throws {
        let rule = try #require(try rule())
        #expect((1...16).filter { rule.settles(mean: 0.99, after: $0) } == [2, 4, 6, 8, 10, 12, 14])
    }

    @Test func `does not leave what a share can be`() throws {
        let rule = try #require(try rule())
        for mean in [0, 1e-9, 0.5, 1, -0.001, 1.001] {
            let range = rule.range(around: mean, after: 1)
            #expect(range.lowerBound >= 0 && range.upperBound <= 1)
        }
    }

    @Test func `ends after the first round for a photo that can't be judged, and expects nothing`() throws {
        let rule = try #require(try rule(isJudged: false))
        #expect(rule.settles(mean: 0.2, after: 2) && !rule.settles(mean: 0.2, after: 1))
        let ending = rule.ending(Score(votes: [], classes: 9))
        #expect(ending.reason == .notJudged && ending.expected == nil && ending.planned == 16)
        #expect(ending.rule.code == .ruleNotJudged)
    }

    @Test func `is refused where its cases are too few, or too many lie above its bound, or it is no bound`() throws {
        for (bound, cases, exceeded, isSound) in [
            (0.25, 999, 0, true), (0.25, 998, 0, false), (0.25, 1999, 1, true), (0.25, 1998, 1, false), (0, 2000, 0, false),
            (-1, 2000, 0, false), (.infinity, 2000, 0, false), (0.25, -1, 0, false), (0.25, 2000, -1, false),
            (0.25, .max, 0, true), (0.25, 2000, 2001, false),
        ] {
            var manifest = try bundle()
            manifest.earlyStop = .init(bound: bound, cases: cases, exceeded: exceeded, measuredOn: "test")
            if isSound {
                #expect(throws: Never.self) { try manifest.check() }
            } else {
                #expect {
                    try manifest.check()
                } throws: { "\($0)".contains("earlyStop") }
            }
        }
    }
}

@Suite struct `An analysis that may end early` {
    private static let directory = Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false)

    private func ensemble(bound: Double?, threads: Int = 2, change: (inout Manifest) -> Void = { _ in }) throws -> Ensemble {
        var manifest = try Manifest(json: Data(contentsOf: URL(filePath: Self.directory + "/ensemble.json")))
        manifest.earlyStop = bound.map { .init(bound: $0, cases: 2000, exceeded: 0, measuredOn: "test photos") }
        change(&manifest)
        return try Ensemble(
            manifest: manifest, sha256: "", directory: Self.directory, threads: threads, kernels: Kernels.choose())
    }

    private var stopping: Practice {
        var practice = Practice()
        practice.stopsEarly = true
        return practice
    }

    private func greyscale(_ ensemble: Ensemble) -> PreparedPhoto {
        ensemble.prepare(
            Image(width: 320, height: 240, rgb: SyntheticLesion.pixels(width: 320, height: 240), isGreyscale: true))
    }

    @Test func `ends after the round that settles it, and all figures are of the passes made`() throws {
        let ensemble = try ensemble(bound: 0.0001)
        var seen: [Ensemble.Progress] = []
        var request = AnalysisRequest()
        request.listsPasses = true
        let analysis = try ensemble.analyze(
            ensemble.syntheticPhoto, request, under: stopping, for: .init(progress: { seen.append($0) }))
        #expect(analysis.passes == 2 && analysis.passesAvailable == 16 && analysis.members.map(\.passes) == [1, 1])
        #expect(seen.map(\.done) == [1, 2] && seen.allSatisfy { $0.of == 16 })
        #expect(seen.last?.probability == analysis.probability)
        let scores = try #require(analysis.passScores)
        #expect(scores.count == 2 && abs(scores.mean - analysis.rawProbability) < 2e-6)
        #expect([analysis.spread.lowest, analysis.spread.highest] == scores.sorted())
        let stop = try #require(analysis.earlyStop)
        #expect(stop.reason == .settled && stop.planned == 16 && stop.rule.contains("test photos; 2000 cases"))
        let expected = try #require(stop.expected)
        #expect(expected.lowest <= analysis.rawProbability && analysis.rawProbability <= expected.highest)
        #expect(analysis.remarks.contains { $0.hasPrefix("Stopped after 2 of 16 passes") && $0.contains("1 in 1,000") })
        #expect(!analysis.remarks.contains { $0.contains("passes were made") })
    }

    @Test func `makes all passes where the mean could still cross the threshold`() throws {
        let ensemble = try ensemble(bound: 9)
        let analysis = try ensemble.analyze(ensemble.syntheticPhoto, under: stopping)
        #expect(analysis.passes == 16 && analysis.earlyStop == nil)
        #expect(!analysis.remarks.contains { $0.contains("topped") })
    }

    @Test func `ends early where the bundle asks for it, unless the practice or the request wants all passes`() throws {
        let asking = try ensemble(bound: 0.0001) { $0.defaults?.earlyStop = true }
        let silent = try ensemble(bound: 0.0001)
        #expect(try asking.analyze(asking.syntheticPhoto).passes == 2)
        #expect(try silent.analyze(silent.syntheticPhoto).passes == 16)
        var practice = Practice()
        practice.stopsEarly = false
        #expect(try asking.analyze(asking.syntheticPhoto, under: practice).passes == 16)
        var request = AnalysisRequest()
        request.neverEndsEarly = true
        #expect(try asking.analyze(asking.syntheticPhoto, request, under: stopping).passes == 16)
    }

    @Test func `answers the same on any number of threads`() throws {
        // One at which the synthetic photo takes some rounds.
        let answers = try [1, 2, 5].map { threads in
            let ensemble = try ensemble(bound: 0.4, threads: threads) {
                $0.operatingPoints = [OperatingPoint(name: "near", threshold: 0.05)]
            }
            return try ensemble.analyze(ensemble.syntheticPhoto, under: stopping)
        }
        #expect((4...14).contains(answers[0].passes))
        for answer in answers {
            #expect(answer.passes == answers[0].passes && answer.classes == answers[0].classes)
            #expect(answer.spread == answers[0].spread && answer.earlyStop == answers[0].earlyStop)
        }
    }

    @Test func `spares a photo that can't be judged all but the first round, and says so`() throws {
        let ensemble = try ensemble(bound: 9)
        let analysis = try ensemble.analyze(greyscale(ensemble), under: stopping)
        #expect(analysis.passes == 2 && analysis.verdict == .cannotJudge && analysis.earlyStop?.reason == .notJudged)
        #expect(analysis.remarks.contains("Stopped after 2 of 16 passes: the photo can't be judged, whatever the others give."))
    }

    @Test func `says that a calibration was made for all passes`() throws {
        let ensemble = try ensemble(bound: 0.0001) {
            $0.calibration = Calibration(method: .platt, parameters: .init(slope: 1, intercept: 0), prevalence: 0.1)
        }
        let analysis = try ensemble.analyze(ensemble.syntheticPhoto, under: stopping)
        #expect(analysis.remarks.contains("The calibration was made for the mean of all passes."))
    }

    @Test func `is dropped like any other when nobody waits for it`() throws {
        let ensemble = try ensemble(bound: 9)
        #expect(throws: ModelError.cancelled) {
            try ensemble.analyze(ensemble.syntheticPhoto, under: stopping, for: .init(isGone: { true }))
        }
    }

    @Test func `never reassures`() throws {
        let ensemble = try ensemble(bound: 0.0001)
        let analysis = try ensemble.analyze(ensemble.syntheticPhoto, under: stopping)
        let words = (analysis.remarks + [analysis.earlyStop?.rule ?? ""]).joined().lowercased()
        for word in ["benign", "low risk", "harmless", "safe", "clear"] { #expect(!words.contains(word)) }
    }

    @Test func `is an object in JSON, and null where it did not happen`() throws {
        for (bound, text) in [(0.0001, #""early_stop":{"coded_rule":{"code":"rule_settled""#), (9, #""early_stop":null"#)] {
            let ensemble = try ensemble(bound: bound)
            let analysis = try ensemble.analyze(ensemble.syntheticPhoto, under: stopping)
            #expect(String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self).contains(text))
        }
    }
}
