import Foundation
import Imaging
import Testing

@testable import Model

@Suite struct `The early stop's rule` {
    private static let bundle = Result {
        try Data(contentsOf: Fixtures.root.appending(path: "ensembles/default/ensemble.json"))
    }
    private let point = OperatingPoint(name: "test", threshold: 0.2)
    private let photo = PreparedPhoto(SyntheticLesion.image(width: 320, height: 240), sides: [64])

    /// The default bundle's, two members with eight views.
    private func manifest(bound: Double? = 0.25) throws -> Manifest {
        var manifest = try Manifest(json: Self.bundle.get())
        manifest.earlyStop = bound.map { .init(bound: $0, cases: 2000, exceeded: 0, measuredOn: "test") }
        return manifest
    }

    private func rule(photo: PreparedPhoto? = nil) throws -> EarlyStop {
        try #require(
            EarlyStop(PassOrder(members: 2, views: 8), photo: photo ?? self.photo, of: manifest(), at: point))
    }

    @Test func `is there for the passes that its bound was measured with, and for their first rounds`() throws {
        let whole = PassOrder(members: 2, views: 8)
        for order in [whole, whole.prefix(rounds: 3)] {
            #expect(try EarlyStop(order, photo: photo, of: manifest(), at: point) != nil)
        }
        for order in [PassOrder(members: 2, views: 3), PassOrder(members: 1, views: 8)] {
            #expect(try EarlyStop(order, photo: photo, of: manifest(), at: point) == nil)
        }
    }

    @Test func `is not there where nothing was measured, nor without a threshold`() throws {
        let whole = PassOrder(members: 2, views: 8)
        #expect(try EarlyStop(whole, photo: photo, of: manifest(bound: nil), at: point) == nil)
        #expect(try EarlyStop(whole, photo: photo, of: manifest(), at: nil) == nil)
    }

    @Test func `ends where the mean is further from the threshold than it may still move`() throws {
        let rule = try rule()
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
        let rule = try rule()
        #expect((1...16).filter { rule.settles(mean: 0.99, after: $0) } == [2, 4, 6, 8, 10, 12, 14])
    }

    @Test func `does not leave what a share can be`() throws {
        let rule = try rule()
        for mean in [0, 1e-9, 0.5, 1, -0.001, 1.001] {
            let range = rule.range(around: mean, after: 1)
            #expect(range.lowerBound >= 0 && range.upperBound <= 1)
        }
    }

    @Test func `ends after the first round for a photo that can't be judged, and expects nothing`() throws {
        let grey = PreparedPhoto(
            Image(width: 320, height: 240, rgb: SyntheticLesion.pixels(width: 320, height: 240), isGreyscale: true), sides: [64])
        let rule = try rule(photo: grey)
        #expect(rule.settles(mean: 0.2, after: 2) && !rule.settles(mean: 0.2, after: 1))
        let ending = rule.ending(mean: 0.2, after: PassOrder(members: 2, views: 8).prefix(rounds: 1))
        #expect(ending.reason == .notJudged && ending.expected == nil && ending.planned == 16)
    }

    @Test func `is refused where its cases are too few, or too many lie above its bound, or it is no bound`() throws {
        for (bound, cases, exceeded, isSound) in [
            (0.25, 999, 0, true), (0.25, 998, 0, false), (0.25, 1999, 1, true), (0.25, 1998, 1, false), (0, 2000, 0, false),
            (-1, 2000, 0, false), (.infinity, 2000, 0, false), (0.25, -1, 0, false), (0.25, 2000, -1, false),
            (0.25, .max, 0, true), (0.25, 2000, 2001, false),
        ] {
            var manifest = try manifest()
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

    private func options(_ ensemble: Ensemble) throws -> Ensemble.Options {
        var options = Ensemble.Options()
        options.operatingPoint = try ensemble.operatingPoint(named: nil)
        options.stopsEarly = true
        return options
    }

    private func photo(_ ensemble: Ensemble, isGreyscale: Bool = false) -> PreparedPhoto {
        ensemble.prepare(
            Image(
                width: 320, height: 240, rgb: SyntheticLesion.pixels(width: 320, height: 240), isGreyscale: isGreyscale))
    }

    @Test func `ends after the round that settles it, and all figures are of the passes made`() throws {
        let ensemble = try ensemble(bound: 0.0001)
        var seen: [Ensemble.Progress] = []
        var options = try options(ensemble)
        options.listsPasses = true
        let analysis = try ensemble.analyze(photo(ensemble), options: options, progress: { seen.append($0) })
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
        let analysis = try ensemble.analyze(photo(ensemble), options: options(ensemble))
        #expect(analysis.passes == 16 && analysis.earlyStop == nil)
        #expect(!analysis.remarks.contains { $0.contains("topped") })
    }

    @Test func `makes all passes where it is switched off, nothing was measured, or there is no operating point`() throws {
        let ready = try ensemble(bound: 0.0001)
        var off = try options(ready)
        off.stopsEarly = false
        #expect(try ready.analyze(photo(ready), options: off).passes == 16)
        var pointless = try options(ready)
        pointless.operatingPoint = nil
        #expect(try ready.analyze(photo(ready), options: pointless).passes == 16)
        let unmeasured = try ensemble(bound: nil)
        #expect(try unmeasured.analyze(photo(unmeasured), options: options(unmeasured)).passes == 16)
        var fewer = try options(ready)
        fewer.views = 3
        #expect(try ready.analyze(photo(ready), options: fewer).earlyStop == nil)
    }

    @Test func `answers the same on any number of threads`() throws {
        // One at which the synthetic photo takes some rounds.
        let answers = try [1, 2, 5].map { threads in
            let ensemble = try ensemble(bound: 0.4, threads: threads)
            var options = try options(ensemble)
            options.operatingPoint = OperatingPoint(name: "near", threshold: 0.05)
            return try ensemble.analyze(photo(ensemble), options: options)
        }
        #expect((4...14).contains(answers[0].passes))
        for answer in answers {
            #expect(answer.passes == answers[0].passes && answer.classes == answers[0].classes)
            #expect(answer.spread == answers[0].spread && answer.earlyStop == answers[0].earlyStop)
        }
    }

    @Test func `spares a photo that can't be judged all but the first round, and says so`() throws {
        let ensemble = try ensemble(bound: 9)
        let analysis = try ensemble.analyze(photo(ensemble, isGreyscale: true), options: options(ensemble))
        #expect(analysis.passes == 2 && analysis.verdict == .cannotJudge && analysis.earlyStop?.reason == .notJudged)
        #expect(analysis.remarks.contains("Stopped after 2 of 16 passes: the photo can't be judged, whatever the others give."))
    }

    @Test func `says that a calibration was made for all passes`() throws {
        let ensemble = try ensemble(bound: 0.0001) {
            $0.calibration = Calibration(method: .platt, parameters: .init(slope: 1, intercept: 0), prevalence: 0.1)
        }
        let analysis = try ensemble.analyze(photo(ensemble), options: options(ensemble))
        #expect(analysis.remarks.contains("The calibration was made for the mean of all passes."))
    }

    @Test func `is dropped like any other when nobody waits for it`() throws {
        let ensemble = try ensemble(bound: 9)
        #expect(throws: ModelError.cancelled) {
            try ensemble.analyze(photo(ensemble), options: options(ensemble), isCancelled: { true })
        }
    }

    @Test func `never reassures`() throws {
        let ensemble = try ensemble(bound: 0.0001)
        let analysis = try ensemble.analyze(photo(ensemble), options: options(ensemble))
        let words = (analysis.remarks + [analysis.earlyStop?.rule ?? ""]).joined().lowercased()
        for word in ["benign", "low risk", "harmless", "safe", "clear"] { #expect(!words.contains(word)) }
    }

    @Test func `is an object in JSON, and null where it did not happen`() throws {
        for (bound, text) in [(0.0001, #""early_stop":{"expected":{"highest":"#), (9, #""early_stop":null"#)] {
            let ensemble = try ensemble(bound: bound)
            let analysis = try ensemble.analyze(photo(ensemble), options: options(ensemble))
            #expect(String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self).contains(text))
        }
    }
}
