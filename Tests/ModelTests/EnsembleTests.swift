import Crypto
import Foundation
import Imaging
import Testing

@testable import Model

@Suite struct EnsembleTests {
    private static let ensemble = Result {
        try Ensemble(
            directory: Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false), threads: 2,
            kernels: Kernels.choose())
    }

    private var ensemble: Ensemble { get throws { try Self.ensemble.get() } }
    private var photo: PreparedPhoto {
        get throws { try ensemble.prepare(SyntheticLesion.image(width: 320, height: 240)) }
    }

    private func options(views: Int? = nil, members: Int? = nil) throws -> Ensemble.Options {
        var options = Ensemble.Options()
        options.views = views
        options.members = members
        options.operatingPoint = try ensemble.operatingPoint(named: nil)
        return options
    }

    @Test func `the mean over passes, members and classes fit together`() throws {
        let analysis = try ensemble.analyze(photo, options: options())
        #expect(try analysis.passes == 16 && analysis.passesAvailable == 16 && analysis.precision == ensemble.precision)
        #expect(abs(analysis.classes.values.reduce(0, +) - 1) < 1e-5)
        #expect(analysis.classes["melanoma"] == analysis.rawProbability)
        let members = analysis.members.map(\.probability)
        #expect(abs(members.reduce(0, +) / 2 - analysis.rawProbability) < 2e-6)
        #expect(analysis.spread.lowest <= analysis.rawProbability && analysis.rawProbability <= analysis.spread.highest)
        #expect(!analysis.calibrated && analysis.probability == analysis.rawProbability)
        #expect(analysis.remarks.contains { $0.contains("not calibrated") })
    }

    @Test func `the same photo gives the same answer, on any number of threads`() throws {
        let single = try Ensemble(
            directory: Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false), threads: 1,
            kernels: Kernels.choose())
        let first = try ensemble.analyze(photo, options: options())
        let second = try ensemble.analyze(photo, options: options())
        let third = try single.analyze(photo, options: options())
        #expect(first.classes == second.classes && first.classes == third.classes)
        #expect(first.id != second.id)
    }

    @Test func `limits make fewer passes, and the answer says so`() throws {
        let analysis = try ensemble.analyze(photo, options: options(views: 3, members: 1))
        #expect(analysis.passes == 3 && analysis.members.count == 1)
        #expect(analysis.remarks.contains { $0.contains("Only 3 of 16 passes") })
    }

    @Test func `an operating point that nothing was measured at is said to be one`() throws {
        var options = try options(views: 1)
        options.operatingPoint = OperatingPoint(name: "guess", threshold: 0.3)
        let remarks = try ensemble.analyze(photo, options: options).remarks
        #expect(remarks.contains { $0.hasPrefix("Nothing is known of how often the operating point guess is right") })
        #expect(remarks.contains("Only 2 of 16 passes were made."))
        #expect(!remarks.contains { $0.contains("disagree") })
    }

    @Test func `passes that disagree strongly are said to`() throws {
        let order = PassOrder(members: 2, views: 1)
        let remarks = try ensemble.remarks(photo: photo, order: order, options: options(), deviation: 0.25)
        #expect(remarks.contains { $0.contains("The passes disagree strongly") })
    }

    @Test func `each member's score bears its file's name`() throws {
        let members = try ensemble.analyze(photo, options: options(views: 1)).members
        #expect(members.map(\.file) == ["tf_efficientnet_lite0.safetensors", "tf_efficientnet_lite1.safetensors"])
    }

    @Test(arguments: [(0, nil), (9, nil), (nil, 0), (nil, 3)] as [(Int?, Int?)])
    func `limits outside of the ensemble are refused`(views: Int?, members: Int?) throws {
        #expect(throws: ModelError.self) { try ensemble.analyze(photo, options: options(views: views, members: members)) }
    }

    @Test func `progress counts every pass and ends at the answer`() throws {
        var seen: [Ensemble.Progress] = []
        let analysis = try ensemble.analyze(photo, options: options(), progress: { seen.append($0) })
        #expect(seen.map(\.done) == Array(1...16))
        #expect(seen.allSatisfy { $0.of == 16 && (0...1).contains($0.probability) })
        #expect(abs((seen.last?.probability ?? 0) - analysis.probability) < 2e-6)
    }

    @Test func `an analysis that nobody waits for is dropped, and the next one is whole`() throws {
        var asked = 0
        #expect(throws: ModelError.cancelled) {
            try ensemble.analyze(
                photo, options: options(),
                isCancelled: {
                    asked += 1
                    return asked >= 3
                })
        }
        #expect(asked < 16)
        #expect(try ensemble.analyze(photo, options: options()).passes == 16)
    }

    @Test func `what was said about the patient is echoed and marked as not used`() throws {
        var options = try options(views: 1)
        options.patient = try PatientInformation(age: "63", sex: "female", site: "palms/soles")
        let analysis = try ensemble.analyze(photo, options: options)
        let json = String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self)
        #expect(json.contains(#""patient":{"age":63,"assumed":{},"sex":"female","site":"palms/soles","used":false}"#))
        #expect(analysis.remarks.contains { $0.hasPrefix("Age, sex and site were not used") })
    }

    @Test func `what is not known is null in JSON, and keys are in snake case`() throws {
        let analysis = try ensemble.analyze(photo, options: Ensemble.Options())
        let json = String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self)
        #expect(json.contains(#""operating_point":null"#) && json.contains(#""age":null"#))
        #expect(json.contains(#""raw_probability":"#) && json.contains(#""timing_ms":"#))
        #expect(json.contains(#""sha256":"#))
    }
}

@Suite struct VerdictTests {
    private let point = OperatingPoint(name: "test", threshold: 0.2)

    private func photo(side: Int = 200, greyscale: Bool = false, flat: Bool = false) -> PreparedPhoto {
        let rgb = (0..<(side * side)).flatMap { pixel -> [UInt8] in
            let level = flat ? 120 : UInt8(truncatingIfNeeded: pixel * 7)
            return [level, level / 2, level / 3]
        }
        return PreparedPhoto(Image(width: side, height: side, rgb: rgb, isGreyscale: greyscale), sides: [64])
    }

    @Test func `at the threshold it is flagged, below it is not`() {
        #expect(Verdict.reached(probability: 0.2, at: point, photo: photo(), smallestCrop: 150).verdict == .flagged)
        let below = Verdict.reached(probability: 0.1999, at: point, photo: photo(), smallestCrop: 150)
        #expect(below.verdict == .notFlagged && below.reasons.map(\.code) == [.belowThreshold])
    }

    @Test func `a greyscale, small or blank photo is not judged, whatever its score`() {
        for (photo, code) in [
            (photo(greyscale: true), Verdict.Reason.Code.greyscale), (photo(side: 149), .tooSmall),
            (photo(flat: true), .noStructure),
        ] {
            let (verdict, reasons) = Verdict.reached(probability: 0.9, at: point, photo: photo, smallestCrop: 150)
            #expect(verdict == .cannotJudge && reasons.map(\.code) == [code])
        }
    }

    @Test func `without an operating point there is no verdict`() {
        let (verdict, reasons) = Verdict.reached(probability: 0.9, at: nil, photo: photo(), smallestCrop: nil)
        #expect(verdict == .cannotJudge && reasons.map(\.code) == [.noOperatingPoint])
    }

    @Test func `no sentence reassures`() throws {
        let words = [0.01, 0.99].flatMap {
            Verdict.reached(probability: $0, at: point, photo: photo(), smallestCrop: nil).reasons.map(\.text)
        }
        for word in ["benign", "low risk", "harmless", "safe"] { #expect(!words.joined().lowercased().contains(word)) }
    }

    @Test(arguments: [(0.1305, 3, "0.131"), (0, 1, "0.0"), (12.345, 2, "12.35"), (-0.5, 1, "-0.5"), (0.9996, 3, "1.000")])
    func `numbers keep their decimals`(value: Double, count: Int, text: String) {
        #expect(value.decimals(count) == text)
    }
}

@Suite struct PatientInformationTests {
    @Test func `empty fields are fields that were not given`() throws {
        let patient = try PatientInformation(age: "", sex: nil, site: "")
        #expect(patient.isEmpty)
    }

    @Test(arguments: ["0", "120", "63"])
    func `ages from 0 to 120 are taken`(age: String) throws {
        #expect(try PatientInformation(age: age, sex: nil, site: nil).age == Int(age))
    }

    @Test(arguments: ["999", "121", "-1", "63.5", "abc", "+5", " 5", "٣"])
    func `other ages are refused with what is asked for`(age: String) {
        #expect(throws: ModelError.option(field: "age", reason: "must be a whole number of years from 0 to 120")) {
            try PatientInformation(age: age, sex: nil, site: nil)
        }
    }

    @Test func `sexes and sites outside the lists are refused, naming the lists`() {
        #expect(throws: ModelError.option(field: "sex", reason: "must be one of: female, male, unknown")) {
            try PatientInformation(age: nil, sex: "Female", site: nil)
        }
        #expect {
            try PatientInformation(age: nil, sex: nil, site: "knee")
        } throws: { "\($0)".contains("palms/soles, oral/genital, unknown") }
    }
}

@Suite struct ViewTests {
    @Test func `the eight views are the winners' order of transposing and flipping`() {
        // A square of 2 x 2 with the values 0 1 / 2 3; the expectation is get_trans of the winners' code, by hand.
        let expected: [[Float]] = [
            [0, 1, 2, 3], [2, 3, 0, 1], [1, 0, 3, 2], [3, 2, 1, 0], [0, 2, 1, 3], [1, 3, 0, 2], [2, 0, 3, 1], [3, 1, 2, 0],
        ]
        let square: [UInt8] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
        let identity = Normalization(mean: [0, 0, 0], std: [1 / 255.0, 1 / 255.0, 1 / 255.0])
        for index in 0..<8 {
            var output = [Float](repeating: 9, count: 12)
            View(index: index).write(rows: 0..<2, of: square, side: 2, normalized: identity, to: &output, stride: 6)
            #expect(stride(from: 0, to: 12, by: 3).map { output[$0].rounded() } == expected[index], "view \(index)")
        }
    }

    @Test(arguments: [(5, 8), (2, 8), (1, 8), (3, 6), (4, 6), (8, 8), (18, 8), (5, 1)])
    func `every member meets every view once, and every prefix is balanced over both`(members: Int, views: Int) {
        let order = PassOrder(members: members, views: views).passes
        #expect(Set(order.map { $0.member * 8 + $0.view }).count == members * views)
        #expect(order.count == members * views)
        for count in 1...order.count {
            let prefix = order.prefix(count)
            let memberCounts = (0..<members).map { member in prefix.count { $0.member == member } }
            let viewCounts = (0..<views).map { view in prefix.count { $0.view == view } }
            #expect((memberCounts.max() ?? 0) - (memberCounts.min() ?? 0) <= 1)
            #expect((viewCounts.max() ?? 0) - (viewCounts.min() ?? 0) <= 2)
        }
    }

    @Test func `the synthetic lesion is the Python twin's, to the bit`() {
        // From training/deterministic.py, whose pictures these sums name.
        for (width, height, sum) in [
            (320, 240, "8abc8db65449a7a1f6494f6e9390f9ddf87e44991d5d68bc13f9d472baa1407b"),
            (97, 65, "5cf48417e91ea1c01ab3dd82a117f54598972f0c5c2e0a1b3eae282da6d24f87"),
        ] {
            var hash = SHA256()
            hash.update(data: SyntheticLesion.pixels(width: width, height: height))
            #expect(hash.finalize().map { String(format: "%02x", $0) }.joined() == sum)
        }
    }

    @Test func `identifiers are UUIDs of version 7, in order of time`() {
        let early = Identifier.uuid7(milliseconds: 0x0193_C0DE_7A51, high: 0xC3E, low: .max)
        #expect(early == "0193c0de-7a51-7c3e-bfff-ffffffffffff")
        #expect(early < Identifier.uuid7(milliseconds: 0x0193_C0DE_7A52, high: 0, low: 0))
    }
}
