import Crypto
import Foundation
import Imaging
import Testing

@testable import Import
@testable import Model

/// From checkpoints that PyTorch wrote to answers that PyTorch gives.
@Suite struct ImportTests {
    struct Network: Decodable {
        struct Patient: Decodable {
            var sex: String
            var age: Int
            var site: String
        }

        var classes: [String]
        var input_size: Int
        var architecture: String
        var views: Int
        var padding_size: Int?
        var patient: Patient?
        var softmax: [Double]
        var softmax_unknown: [Double]?
        var softmax_as_original: [Double]?
    }

    private struct Expected: Decodable {
        var networks: [String: Network]
    }

    private static let networks =
        (try? JSONDecoder().decode(Expected.self, from: Data(contentsOf: Scratch.fixtures.appending(path: "expected.json"))))?
        .networks ?? [:]

    private func network(_ file: String) throws -> Network { try #require(Self.networks[file]) }

    /// The mean softmax of the first views of the synthetic lesion.
    private func analyze(
        _ scratch: Scratch, views: Int = 2, members: Int? = nil, patient: PatientInformation = PatientInformation()
    ) throws -> Analysis {
        let ensemble = try Ensemble(directory: scratch.bundle, threads: 2, kernels: Kernels.choose())
        #expect(try (ensemble.selfTest() ?? 1) <= 1e-5)
        var request = AnalysisRequest()
        request.views = views
        request.members = members
        request.patient = patient
        return try analyze(with: ensemble, request)
    }

    private func analyze(with ensemble: Ensemble, _ request: AnalysisRequest = AnalysisRequest()) throws -> Analysis {
        let photo = ensemble.prepare(SyntheticLesion.image(width: 320, height: 240))
        let reading = try ensemble.read(photo, by: AnalysisPlan(request, of: ensemble.manifest))
        return Analysis(reading, timing: .init(), by: ensemble)
    }

    private func expectAgreement(_ analysis: Analysis, _ softmax: [Double], _ classes: [String], within tolerance: Double = 1e-5)
    {
        #expect(Set(analysis.classes.keys) == Set(classes))
        for (name, expected) in zip(classes, softmax) {
            #expect(abs((analysis.classes[name] ?? 9) - expected) <= tolerance, "\(name)")
        }
    }

    static let b3 = "9c_meta_b3_768_512_ext_18ep_best_fold0.pth"
    static let b4 = "9c_b4ns_448_ext_15ep-newfold_best_fold0.pth"
    static let b5 = "4c_b5ns_1.5e_640_ext_15ep_best_fold0.pth"

    @Test(arguments: [b4, b5])
    func `a file of the winners' needs nothing but its name`(_ file: String) throws {
        let network = try network(file)
        let scratch = try Scratch()
        let outcome = try Importer(options: scratch.options(file)).run()
        #expect(outcome.manifest.members[0].architecture == network.architecture)
        #expect(outcome.manifest.members[0].inputSize == network.input_size)
        #expect(outcome.manifest.classes == network.classes && outcome.difference <= 1e-4)
        #expect(outcome.manifest.licence.contains("NC"))
        expectAgreement(try analyze(scratch), network.softmax, network.classes)
        let source = try Data(contentsOf: Scratch.fixtures.appending(path: file))
        let sum = SHA256.hash(data: source).map { String(format: "%02x", $0) }.joined()
        #expect(outcome.manifest.members[0].source == .init(file: file, sha256: sum))
    }

    @Test func `metadata members are given what is known, and the answer says what was assumed`() throws {
        let network = try network(Self.b3)
        let scratch = try Scratch()
        _ = try Importer(options: scratch.options(Self.b3)).run()
        let given = try #require(network.patient)
        let known = try analyze(
            scratch, patient: PatientInformation(age: String(given.age), sex: given.sex, site: given.site))
        expectAgreement(known, network.softmax, network.classes)
        #expect(known.patient.used && known.patient.assumed == ["n_images": 1, "image_size": 130_000])
        #expect(known.remarks.contains { $0.contains("images of the patient 1") && $0.contains("file 130000") })
        let unknown = try analyze(scratch)
        expectAgreement(unknown, try #require(network.softmax_unknown), network.classes)
        #expect(!unknown.patient.used && unknown.remarks.contains { $0.contains("counted as missing: age, sex, site") })
        #expect(known.rawProbability != unknown.rawProbability)
    }

    @Test func `as the original, the same weights are run with PyTorch's paddings and epsilon`() throws {
        let network = try network(Self.b4)
        let scratch = try Scratch()
        var options = scratch.options(Self.b4)
        options.asOriginal = true
        let outcome = try Importer(options: options).run()
        #expect(outcome.manifest.members[0].architecture == "efficientnet_b4")
        let analysis = try analyze(scratch)
        expectAgreement(analysis, try #require(network.softmax_as_original), network.classes)
        let difference = zip(network.softmax, try #require(network.softmax_as_original)).map { abs($0 - $1) }.max() ?? 0
        #expect(difference > 1e-3, "the fixture would pass without the option")
        #expect(outcome.manifest.provenance.contains("as the original"))
    }

    @Test func `members of other sizes, class sets and metadata share one mean, by name and by weight`() throws {
        let files = [Self.b5, Self.b3, Self.b4]
        let scratch = try Scratch()
        var options = scratch.options(files)
        options.weights = [1, 2, 1]
        options.defaults = Manifest.Defaults(views: 2)
        let outcome = try Importer(options: options).run()
        #expect(outcome.manifest.classes == WinnersModel.nineClasses)
        #expect(outcome.manifest.members.map(\.classes) == [WinnersModel.fourClasses, nil, nil])
        let ensemble = try Ensemble(directory: scratch.bundle, threads: 2, kernels: Kernels.choose())
        let analysis = try analyze(with: ensemble)
        #expect(analysis.passes == 6 && analysis.passesAvailable == 24)
        for name in WinnersModel.nineClasses {
            var sum = 0.0
            var weights = 0.0
            for (file, weight) in zip(files, options.weights) {
                let network = try network(file)
                guard let index = network.classes.firstIndex(of: name) else { continue }
                sum += weight * (network.softmax_unknown ?? network.softmax)[index]
                weights += weight
            }
            #expect(abs((analysis.classes[name] ?? 9) - sum / weights) <= 1e-5, "\(name)")
        }
        #expect(analysis.classes["melanoma"] == analysis.rawProbability)
        #expect(analysis.remarks.contains { $0.contains("do not tell the same classes apart") })
        // The first member alone knows four classes.
        #expect(Set(try analyze(scratch, views: 1, members: 1).classes.keys) == Set(WinnersModel.fourClasses))
    }

    @Test(arguments: [
        ("tf_efficientnet_lite0", 0.5), ("tf_efficientnet_lite4.in1k", 0.5), ("tf_efficientnet_b5_ap", 0.5),
        ("tf_efficientnet_b0.ap_in1k", 0.5), ("efficientnet_b1.ra4_e3600_r240_in1k", 0.5), ("tf_efficientnet_b7_ns", 0.485),
        ("efficientnet_lite0", 0.485), ("efficientnet_b0", 0.485), ("tf_efficientnet_b0.ns_jft_in1k", 0.485),
    ])
    func `pixels are normalised as the network's makers publish it`(_ name: String, mean: Double) {
        #expect(PublishedNormalization.of(name).mean[0] == mean)
    }

    /// The repository's own network, imported again, answers as it does.
    @Test func `an imported network gets the pixels that it was trained with, by its name or as it is said`() throws {
        let folder = Scratch.root.appending(path: "ensembles/default").path(percentEncoded: false)
        var alone = try Manifest(json: Data(contentsOf: URL(filePath: folder + "/ensemble.json")))
        alone.members.removeLast()
        alone.selfTest = nil
        let own = try Ensemble(
            manifest: alone, sha256: "", directory: folder, threads: 2, kernels: Kernels.choose(), precision: .fp32)
        let expected = try analyze(with: own).rawProbability
        for (mean, std, tolerance) in [
            (nil, nil, 0.003), (alone.preprocessing.mean, alone.preprocessing.std, 1e-6),
            ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], 9),
        ] as [([Double]?, [Double]?, Double)] {
            let scratch = try Scratch()
            var options = ImportOptions(files: [folder + "/tf_efficientnet_lite0.safetensors"], destination: scratch.bundle)
            options.architecture = "tf_efficientnet_lite0"
            options.inputSize = 224
            options.classes = alone.classes
            options.resize = .area
            (options.mean, options.std) = (mean, std)
            _ = try Importer(options: options).run()
            let again = try Ensemble(directory: scratch.bundle, threads: 2, kernels: Kernels.choose())
            let difference = abs(try analyze(with: again).rawProbability - expected)
            #expect(difference <= tolerance)
            if tolerance > 1 { #expect(difference > 0.005, "a wrong normalisation is told from the right one") }
        }
    }

    @Test func `photos reach imported networks as they were trained, larger ones averaged first, unless it is said otherwise`()
        throws
    {
        for (resize, asOriginal, expected) in [
            (nil, false, Resize.areaThenLinear), (.area, false, .area), (.linear, false, .linear), (nil, true, .linear),
        ] as [(Resize?, Bool, Resize)] {
            let scratch = try Scratch()
            var options = scratch.options(Self.b5)
            options.resize = resize ?? ImportOptions(files: [], destination: "").resize
            options.asOriginal = asOriginal
            #expect(try Importer(options: options).run().manifest.preprocessing.resize == expected)
        }
    }

    @Test(arguments: ["efficientnet_pytorch-b0.pth", "geffnet-b0.pt"])
    func `checkpoints of other makers are described by options`(_ file: String) throws {
        let network = try network(file)
        let scratch = try Scratch()
        var options = scratch.options(file)
        options.inputSize = network.input_size
        options.classes = network.classes
        // efficientnet_pytorch has one kind of padding; the names of geffnet do not show which of two it is.
        if network.padding_size == nil { options.architecture = network.architecture }
        let outcome = try Importer(options: options).run()
        #expect(outcome.manifest.members[0].architecture == network.architecture)
        #expect(outcome.manifest.members[0].paddingSize == network.padding_size)
        expectAgreement(try analyze(scratch), network.softmax, network.classes)
    }

    @Test func `safetensors are imported as well, and half-precision storage is close`() throws {
        let source = Scratch.root.appending(path: "ensembles/default/tf_efficientnet_lite0.safetensors")
        var answers: [Double] = []
        for storage in ImportOptions.Storage.allCases {
            let scratch = try Scratch()
            var options = ImportOptions(files: [source.path(percentEncoded: false)], destination: scratch.bundle)
            options.storage = storage
            options.architecture = "tf_efficientnet_lite0"
            options.inputSize = 224
            options.classes = WinnersModel.nineClasses
            let outcome = try Importer(options: options).run()
            let ensemble = try Ensemble(directory: scratch.bundle, threads: 1, kernels: Kernels.choose())
            #expect(ensemble.storage == storage.rawValue && outcome.manifest.classes.count == 9)
            answers.append(try analyze(scratch).rawProbability)
        }
        #expect(answers[0] == answers[1], "the source is fp16 itself")
        #expect(abs(answers[2] - answers[0]) < 0.02)
    }

    @Test func `a large ensemble's narrow weights are widened at each pass, with the same result`() throws {
        let scratch = try Scratch()
        var options = scratch.options([Self.b5, Self.b4])
        options.storage = .bf16
        let outcome = try Importer(options: options).run()
        #expect(outcome.size < 100 << 20)
        let ensemble = try Ensemble(directory: scratch.bundle, threads: 2, kernels: Kernels.choose())
        #expect(ensemble.storage == "bf16")
        #expect(try ensemble.selfTest() ?? 1 <= 1e-6)
        let widened = try scratch.widenedTwin(of: outcome.manifest)
        #expect(try ensemble.difference(from: widened) <= 1e-6)
    }
}
