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
    private var photo: PreparedPhoto { get throws { try ensemble.syntheticPhoto } }

    private func request(views: Int? = nil, members: Int? = nil) -> AnalysisRequest {
        var request = AnalysisRequest()
        request.views = views
        request.members = members
        return request
    }

    @Test func `the mean over passes, members and classes fit together`() throws {
        let analysis = try ensemble.analyze(photo)
        #expect(try analysis.passes == 16 && analysis.passesAvailable == 16 && analysis.precision == ensemble.precision)
        #expect(abs(analysis.classes.values.reduce(0, +) - 1) < 1e-5)
        #expect(analysis.classes["melanoma"] == analysis.rawProbability)
        let members = analysis.members.map(\.probability)
        #expect(abs(members.reduce(0, +) / 2 - analysis.rawProbability) < 2e-6)
        #expect(analysis.spread.lowest <= analysis.rawProbability && analysis.rawProbability <= analysis.spread.highest)
        #expect(!analysis.calibrated && analysis.probability == analysis.rawProbability)
        #expect(
            analysis.probabilitySpread == analysis.spread && analysis.probabilityThreshold == analysis.operatingPoint?.threshold)
        #expect(analysis.remarks.contains { $0.contains("not calibrated") })
    }

    @Test func `the same photo gives the same answer, on any number of threads`() throws {
        let single = try Ensemble(
            directory: Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false), threads: 1,
            kernels: Kernels.choose())
        let first = try ensemble.analyze(photo)
        let second = try ensemble.analyze(photo)
        let third = try single.analyze(photo)
        #expect(first.classes == second.classes && first.classes == third.classes)
        #expect(first.id != second.id)
    }

    @Test func `limits make fewer passes, and the answer says so`() throws {
        let analysis = try ensemble.analyze(photo, request(views: 3, members: 1))
        #expect(analysis.passes == 3 && analysis.members.count == 1)
        #expect(analysis.remarks.contains { $0.contains("Only 3 of 16 passes") })
    }

    @Test func `each member's score bears its file's name`() throws {
        let members = try ensemble.analyze(photo, request(views: 1)).members
        #expect(members.map(\.file) == ["tf_efficientnet_lite0.safetensors", "tf_efficientnet_lite1.safetensors"])
    }

    @Test func `the default ensemble makes all its passes`() throws {
        let plan = try AnalysisPlan(of: ensemble.manifest)
        #expect(plan.passes == 16 && !plan.stopsEarly && plan.operatingPoint?.name == "sensitivity-95")
    }

    @Test func `progress counts every pass and ends at the answer, on the answer's scale`() throws {
        var seen: [Ensemble.Progress] = []
        let analysis = try ensemble.analyze(photo, for: .init(progress: { seen.append($0) }))
        #expect(seen.map(\.done) == Array(1...16))
        #expect(seen.allSatisfy { $0.of == 16 && (0...1).contains($0.probability) })
        #expect(seen.allSatisfy { $0.threshold == analysis.probabilityThreshold })
        #expect(seen.last?.probability == analysis.probability)
    }

    @Test func `an analysis that nobody waits for is dropped, and the next one is whole`() throws {
        var asked = 0
        #expect(throws: ModelError.cancelled) {
            try ensemble.analyze(
                photo,
                for: .init(isGone: {
                    asked += 1
                    return asked >= 3
                }))
        }
        #expect(asked < 16)
        #expect(try ensemble.analyze(photo).passes == 16)
    }

    @Test func `features are handed on where they are asked for, and are what the classifier reads`() throws {
        var request = request(views: 2)
        request.listsFeatures = true
        request.listsPasses = true
        let analysis = try ensemble.analyze(photo, request)
        let features = try #require(analysis.passFeatures)
        #expect(features.count == 4 && features.allSatisfy { $0.count == 1280 && $0.contains { $0 != 0 } })
        // Two views of one photo through one network are close, but not the same.
        #expect(features[0] != features[2])
        #expect(try ensemble.analyze(photo).passFeatures == nil)
        // The classifier by hand, from the stored weights.
        let file = Fixtures.root.appending(path: "ensembles/default/tf_efficientnet_lite0.safetensors")
        let weights = try Safetensors(path: file.path(percentEncoded: false), name: "lite0")
        let (matrix, bias) = try (
            weights.values(of: "classifier.weight", shape: [9, 1280]), weights.values(of: "classifier.bias", shape: [9])
        )
        let logits = (0..<9).map { row -> Float in
            var sum = bias[row]
            for (index, feature) in features[0].enumerated() { sum += feature * matrix[row * 1280 + index] }
            return sum
        }
        let score = Softmax.probabilities(logits)[6]
        #expect(abs(score - (analysis.passScores?.first ?? 9)) < 1e-5)
    }

    @Test func `what was said about the patient is echoed and marked as not used`() throws {
        var request = request(views: 1)
        request.patient = try PatientInformation(age: "63", sex: "female", site: "palms/soles")
        let analysis = try ensemble.analyze(photo, request)
        let json = String(decoding: try AnswerJSON.encode(analysis), as: UTF8.self)
        #expect(json.contains(#""patient":{"age":63,"assumed":{},"sex":"female","site":"palms/soles","used":false}"#))
        #expect(analysis.remarks.contains { $0.hasPrefix("Age, sex and site were not used") })
    }

    @Test func `what is not known is null in JSON, and keys are in snake case`() throws {
        var manifest = try ensemble.manifest
        manifest.operatingPoints = []
        let pointless = try Ensemble(
            manifest: manifest, sha256: "",
            directory: Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false),
            threads: 2, kernels: Kernels.choose())
        let json = String(decoding: try AnswerJSON.encode(pointless.analyze(photo, request(views: 1))), as: UTF8.self)
        #expect(json.contains(#""operating_point":null"#) && json.contains(#""probability_threshold":null"#))
        #expect(json.contains(#""raw_probability":"#) && json.contains(#""timing_ms":"#) && json.contains(#""age":null"#))
        #expect(json.contains(#""sha256":"#))
    }
}

@Suite struct DecimalsTests {
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
