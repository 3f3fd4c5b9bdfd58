import Foundation
import Imaging
import Testing

@testable import Model

/// What a score means, case by case. Nothing is computed here but the reading.
@Suite struct ReadingTests {
    /// One of 200 pixels a side, in colour, with structure.
    private static let good = PhotoFacts(width: 300, height: 200, crop: Crop(x: 50, y: 0, side: 200), contrast: 30)

    /// Two members with two views and three classes; the question is the second class's.
    private func bundle(_ change: (inout Manifest) -> Void = { _ in }) -> Manifest {
        var bundle = Manifest(
            name: "test", version: "1", licence: "-", provenance: "-", intendedUse: "tests",
            classes: ["nevus", "melanoma", "BCC"], target: "melanoma",
            members: ["a", "b"].map {
                Manifest.Member(file: $0, sha256: "", architecture: "tf_efficientnet_lite0", inputSize: 200)
            }, preprocessing: .init(crop: "center-square", resize: .area, mean: [0, 0, 0], std: [1, 1, 1]), views: 2)
        var point = OperatingPoint(name: "half", threshold: 0.5)
        point.sensitivity = 0.9
        bundle.operatingPoints = [point, OperatingPoint(name: "tenth", threshold: 0.1)]
        change(&bundle)
        return bundle
    }

    /// - Parameter scores: of melanoma, pass by pass.
    private func reading(
        _ scores: [Double] = [0.4, 0.4, 0.4, 0.4], photo: PhotoFacts = good, of bundle: Manifest? = nil,
        request: AnalysisRequest = AnalysisRequest(), under practice: Practice = Practice(), end: EarlyEnd? = nil
    ) throws -> Reading {
        let bundle = bundle ?? self.bundle()
        let plan = try AnalysisPlan(request, under: practice, of: bundle)
        var score = Score(votes: [.init(classes: [0, 1, 2], weight: 1), .init(classes: [0, 1, 2], weight: 1)], classes: 3)
        for (pass, probability) in zip(plan.order.passes, scores) {
            score.add(PassResult(pass: pass, probabilities: [(1 - probability) / 2, probability, (1 - probability) / 2]))
        }
        return Reading(
            of: score, photo: photo, obstacles: Reading.obstacles(in: photo, of: bundle), by: plan, of: bundle, end: end)
    }

    // MARK: Verdict

    @Test(arguments: [(0.5, Verdict.flagged, Statement.Code.aboveThreshold), (0.4999, .notFlagged, .belowThreshold)])
    func `at the threshold it is flagged, below it is not`(score: Double, verdict: Verdict, code: Statement.Code) throws {
        let reading = try reading(.init(repeating: score, count: 4))
        #expect(reading.verdict == verdict && reading.reasons.map(\.code) == [code])
        #expect(reading.reasons[0].values["point"] == .text("half") && reading.reasons[0].values["threshold"] == .number(0.5))
    }

    @Test func `the practice chooses among the operating points, and one that there is none of is refused`() throws {
        var practice = Practice()
        practice.operatingPoint = "tenth"
        #expect(try reading(under: practice).verdict == .flagged)
        practice.operatingPoint = "none"
        #expect(throws: ModelError.manifest("there is no operating point named none")) { try reading(under: practice) }
    }

    @Test func `without an operating point there is no verdict, and no threshold`() throws {
        let reading = try reading(of: bundle { $0.operatingPoints = [] })
        #expect(reading.verdict == .cannotJudge && reading.reasons.map(\.code) == [.noOperatingPoint])
        #expect(reading.answer.threshold == nil && reading.answer.isFlagged == nil)
    }

    @Test func `a greyscale, small or blank photo is not judged, whatever its score`() throws {
        let bundle = bundle { $0.smallestCrop = 150 }
        for (code, change) in [
            (.greyscale, { $0.isGreyscale = true }), (.tooSmall, { $0.crop.side = 149 }), (.noStructure, { $0.contrast = 1.9 }),
        ] as [(Statement.Code, (inout PhotoFacts) -> Void)] {
            var photo = Self.good
            change(&photo)
            let reading = try reading([0.9, 0.9, 0.9, 0.9], photo: photo, of: bundle)
            #expect(reading.verdict == .cannotJudge && reading.reasons.map(\.code) == [code])
        }
        #expect(try reading(of: bundle).verdict == .notFlagged)
    }

    @Test func `each obstacle is told, not the first alone`() throws {
        var photo = Self.good
        photo.isGreyscale = true
        photo.contrast = 0
        #expect(try reading(photo: photo).reasons.map(\.code) == [.greyscale, .noStructure])
    }

    // MARK: One scale

    @Test func `probability, threshold and spread are on one scale, and the verdict stays with the raw figures`() throws {
        let calibration = Calibration(method: .platt, parameters: .init(slope: 0.5, intercept: -2), prevalence: 0.1)
        let plain = try reading([0.3, 0.5, 0.7, 0.9]).answer
        let calibrated = try reading([0.3, 0.5, 0.7, 0.9], of: bundle { $0.calibration = calibration }).answer
        #expect(plain.probability == plain.raw && plain.threshold == 0.5 && plain.spread == plain.rawSpread)
        #expect(!plain.isCalibrated && calibrated.isCalibrated)
        #expect(calibrated.raw == plain.raw && calibrated.rawSpread == plain.rawSpread && calibrated.isFlagged == true)
        #expect(calibrated.probability == calibration.calibrated(plain.raw) && calibrated.probability < 0.2)
        #expect(calibrated.threshold == calibration.calibrated(0.5))
        #expect(
            calibrated.spread.lowest == calibration.calibrated(0.3) && calibrated.spread.highest == calibration.calibrated(0.9))
        #expect(calibrated.probability >= (calibrated.threshold ?? 1))
        let mean = [0.3, 0.5, 0.7, 0.9].map(calibration.calibrated).mean
        let deviation = [0.3, 0.5, 0.7, 0.9].map { pow(calibration.calibrated($0) - mean, 2) }.mean.squareRoot()
        #expect(abs(calibrated.spread.standardDeviation - deviation) < 1e-12)
        let reason = try reading([0.3, 0.5, 0.7, 0.9], of: bundle { $0.calibration = calibration }).reasons[0]
        #expect(reason.values["score"] == .number(calibrated.probability))
        #expect(reason.values["threshold"] == .number(calibration.calibrated(0.5)))
    }

    // MARK: Remarks

    private func codes(_ reading: Reading) -> [Statement.Code] { reading.remarks.map(\.code) }

    @Test func `a score that is not calibrated is said to be none, and nothing else of a plain answer`() throws {
        #expect(try codes(reading()) == [.notCalibrated])
        let calibration = Calibration(method: .platt, parameters: .init(slope: 1, intercept: 0), prevalence: 0.1)
        #expect(try codes(reading(of: bundle { $0.calibration = calibration })) == [])
    }

    @Test func `what was said of the patient is used, missing, or not used`() throws {
        var request = AnalysisRequest()
        request.patient = try PatientInformation(age: "63", sex: nil, site: nil)
        #expect(try codes(reading(request: request)) == [.notCalibrated, .metadataUnused])
        let taking = bundle {
            $0.members[1].metadata = ["sex", "age_approx", "n_images"]
            $0.neutralMetadata = ["n_images": 3, "image_size": 9]
        }
        let remarks = try reading(of: taking, request: request).remarks
        #expect(remarks.map(\.code) == [.notCalibrated, .metadataUsed, .metadataMissing, .metadataAssumed])
        #expect(remarks[1].values == ["count": .count(1)] && remarks[2].values == ["missing": .names(["sex", "site"])])
        #expect(remarks[3].values == ["assumed": .figures(["n_images": 3])])
        // A member that was not asked uses nothing.
        request.members = 1
        #expect(try codes(reading([0.4, 0.4], of: taking, request: request)).contains(.metadataUnused))
    }

    @Test func `fewer passes are told, and what was measured with all of them`() throws {
        var request = AnalysisRequest()
        request.views = 1
        #expect(try codes(reading([0.4, 0.4], request: request)) == [.notCalibrated, .fewerPassesMade, .pointNeedsAllPasses])
        var practice = Practice()
        practice.operatingPoint = "tenth"
        #expect(
            try codes(reading([0.4, 0.4], request: request, under: practice))
                == [.notCalibrated, .fewerPassesMade, .pointNotMeasured])
        practice.operatingPoint = nil
        practice.timeLimit = TimeLimit(seconds: 2, speed: .init(msPerPass: [1000, 1000]))
        #expect(
            try codes(reading([0.4, 0.4], under: practice))
                == [.notCalibrated, .passesLeftOut, .fewerPassesMade, .pointNeedsAllPasses])
    }

    @Test func `an early end is told with what is expected, or that nothing is`() throws {
        let calibration = Calibration(method: .platt, parameters: .init(slope: 1, intercept: 0), prevalence: 0.1)
        let settled = EarlyEnd(reason: .settled, planned: 4, rule: Statement(.ruleSettled), expected: 0.3...0.5)
        let remarks = try reading([0.4, 0.4], of: bundle { $0.calibration = calibration }, end: settled).remarks
        #expect(remarks.map(\.code) == [.stoppedSettled, .calibrationNeedsAllPasses])
        #expect(remarks[0].values["lowest"] == .number(0.3) && remarks[0].values["passes"] == .count(2))
        let refused = EarlyEnd(reason: .notJudged, planned: 4, rule: Statement(.ruleNotJudged), expected: nil)
        #expect(try codes(reading([0.4, 0.4], end: refused)).contains(.stoppedNotJudged))
    }

    @Test func `passes that disagree strongly are said to, others are not`() throws {
        #expect(try codes(reading([0.1, 0.7, 0.1, 0.7])) == [.notCalibrated, .passesDisagree])
        #expect(try !codes(reading([0.2, 0.69, 0.2, 0.69])).contains(.passesDisagree))
    }

    @Test func `members that know other classes are said to`() throws {
        let bundle = bundle()
        var score = Score(votes: [.init(classes: [0, 1, 2], weight: 1), .init(classes: [1, 0], weight: 1)], classes: 3)
        score.add(PassResult(pass: Pass(member: 0, view: 0), probabilities: [0.2, 0.5, 0.3]))
        score.add(PassResult(pass: Pass(member: 1, view: 1), probabilities: [0.7, 0.3]))
        var request = AnalysisRequest()
        request.views = 1
        let reading = Reading(
            of: score, photo: Self.good, obstacles: [], by: try AnalysisPlan(request, of: bundle), of: bundle, end: nil)
        #expect(codes(reading).contains(.membersDiffer) && abs(reading.answer.raw - 0.6) < 1e-12)
    }

    @Test func `a square that was enlarged is said to be`() throws {
        var photo = Self.good
        photo.crop.side = 199
        let remark = try #require(try reading(photo: photo).remarks.last)
        #expect(remark.code == .photoEnlarged && remark.values == ["side": .count(199), "size": .count(200)])
    }
}

@Suite struct ScoreTests {
    private let votes = [Score.Vote(classes: [0, 1], weight: 1), Score.Vote(classes: [1, 2], weight: 3)]

    private var score: Score {
        var score = Score(votes: votes, classes: 4)
        score.add(PassResult(pass: Pass(member: 0, view: 0), probabilities: [0.2, 0.8]))
        score.add(PassResult(pass: Pass(member: 1, view: 1), probabilities: [0.4, 0.6]))
        return score
    }

    @Test func `each class is the weighted mean over the passes that know it`() {
        #expect(score.count == 2 && score.mean(of: 0) == 0.2 && abs((score.mean(of: 2) ?? 0) - 0.6) < 1e-12)
        #expect(abs((score.mean(of: 1) ?? 0) - (0.8 + 3 * 0.4) / 4) < 1e-12)
        #expect(score.mean(of: 3) == nil && score.mixesClasses)
    }

    @Test func `classes are summed, over all passes and pass by pass`() {
        #expect(abs(score.mean(of: [1, 2]) - (0.5 + 0.6)) < 1e-12)
        #expect(score.passScores(of: [1]) == [0.8, 0.4] && score.passScores(of: [1, 2]) == [0.8, 1])
    }

    @Test func `each member has a mean of its own passes, and none that made no pass`() throws {
        var score = score
        score.add(PassResult(pass: Pass(member: 0, view: 1), probabilities: [0.4, 0.6]))
        let own = try #require(score.mean(ofMember: 0, for: [1]))
        #expect(own.passes == 2 && abs(own.score - 0.7) < 1e-12)
        #expect(Score(votes: votes, classes: 4).mean(ofMember: 1, for: [1]) == nil)
    }

    @Test func `a spread is about the mean that it is given`() {
        let spread = Spread(of: [0.2, 0.6], around: 0.4)
        #expect(spread.lowest == 0.2 && spread.highest == 0.6 && abs(spread.standardDeviation - 0.2) < 1e-12)
        #expect(Spread(of: [], around: 0.3) == Spread(lowest: 0.3, highest: 0.3, standardDeviation: 0))
    }
}
