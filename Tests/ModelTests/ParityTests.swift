import Foundation
import Testing

@testable import Model

/// Holds the engine to geffnet on PyTorch: same parameters, same input, logits in fp64 from `training/parity_fixtures.py`.
@Suite struct ParityTests {
    struct Case: Decodable, CustomTestStringConvertible {
        var architecture: String
        var input_size: Int
        var classes: Int
        var padding: String
        var epsilon: Double
        /// The input size that paddings are fixed for.
        var padding_size: Int?
        var logits: [Double]

        var testDescription: String { "\(architecture) at \(input_size)" }
    }

    struct MetadataCase: Decodable {
        var architecture: String
        var input_size: Int
        var classes: Int
        var sex: String?
        var age: Int?
        var site: String?
        var n_images: Double
        var image_size: Double
        var inputs: [String]
        var encoded: [Double]
        var logits: [Double]
    }

    private struct File: Decodable {
        var cases: [Case] = []
        var fixed_paddings: [Case] = []
        var metadata: [MetadataCase] = []
    }

    private static let file = (try? JSONDecoder().decode(File.self, from: Fixtures.data("parity.json"))) ?? File()
    static var cases: [Case] { file.cases }

    private func expectAgreement(_ ours: [Float], _ theirs: [Double]) {
        let scale = theirs.map(abs).max() ?? 1
        #expect(ours.count == theirs.count)
        for (ours, theirs) in zip(ours, theirs) {
            #expect(abs(Double(ours) - theirs) <= 1e-4 * max(abs(theirs), 0.1 * scale))
        }
    }

    @Test func `every EfficientNet from B0 to B8 and Lite0 to Lite4 is among the fixtures, in both paddings`() {
        let sizes = (0...8).map { "efficientnet_b\($0)" } + (0...4).map { "efficientnet_lite\($0)" }
        let names = Set(Self.cases.map(\.architecture))
        for size in sizes {
            #expect(names.contains(size))
            #expect(names.contains("tf_" + size))
        }
        #expect(Self.cases.contains { $0.input_size % 2 == 1 })
    }

    @Test(arguments: cases)
    func `logits agree with PyTorch to 1e-4 relative`(_ fixture: Case) throws {
        let threads = 1 + fixture.input_size % 3
        let architecture = try Architecture(name: fixture.architecture)
        #expect(architecture.padding.rawValue == fixture.padding)
        #expect(architecture.batchNormEpsilon == fixture.epsilon)
        let plan = try Plan(
            architecture: architecture, classes: fixture.classes, inputSize: fixture.input_size,
            kernels: Kernels.choose(), threads: threads, weights: DeterministicWeights())
        let logits = try Executor(kernels: Kernels.choose(), threads: threads, plans: [plan]).run(
            plan, input: NetworkInput.values(fixture.input_size))
        expectAgreement(logits, fixture.logits)
    }

    @Test func `paddings fixed for another input size are efficientnet_pytorch's`() throws {
        #expect(Self.file.fixed_paddings.count >= 4)
        for fixture in Self.file.fixed_paddings {
            var architecture = try Architecture(name: fixture.architecture)
            func logits() throws -> [Float] {
                let plan = try Plan(
                    architecture: architecture, classes: fixture.classes, inputSize: fixture.input_size,
                    kernels: Kernels.choose(), weights: DeterministicWeights())
                return try Executor(kernels: Kernels.choose(), plans: [plan]).run(
                    plan, input: NetworkInput.values(fixture.input_size))
            }
            let own = try logits()
            architecture.paddingSize = fixture.padding_size
            let fixed = try logits()
            expectAgreement(fixed, fixture.logits)
            #expect(zip(own, fixed).contains { abs($0 - $1) > 1e-3 }, "the fixture would pass with the network's own paddings")
        }
    }

    @Test func `metadata is encoded and joins the image's features as in the winners' networks`() throws {
        #expect(Self.file.metadata.count >= 4)
        for fixture in Self.file.metadata {
            let inputs = try MetadataInputs(
                names: fixture.inputs, neutral: ["n_images": fixture.n_images, "image_size": fixture.image_size])
            let patient = try PatientInformation(age: fixture.age.map(String.init), sex: fixture.sex, site: fixture.site)
            let values = inputs.values(for: patient)
            #expect(zip(values, fixture.encoded).allSatisfy { abs($0 - $1) < 1e-6 } && values.count == fixture.encoded.count)
            let network = try MetadataNetwork(inputs: values.count, from: DeterministicWeights())
            let plan = try Plan(
                architecture: Architecture(name: fixture.architecture), classes: fixture.classes, inputSize: fixture.input_size,
                metadataFeatures: network.features, kernels: Kernels.choose(), weights: DeterministicWeights())
            let logits = try Executor(kernels: Kernels.choose(), plans: [plan]).run(
                plan, metadata: network.run(values), input: NetworkInput.values(fixture.input_size))
            expectAgreement(logits, fixture.logits)
        }
    }

    @Test(arguments: ["tf_efficientnet_lite0", "tf_efficientnet_b0_ns", "efficientnet_b1", "efficientnet_lite1"])
    func `the plain network, layer by layer without folding, gives the same logits`(_ name: String) throws {
        let fixture = try #require(Self.cases.first { $0.architecture == name && $0.input_size == 75 })
        var plain = PlainNetwork(
            input: NetworkInput.values(75), epsilon: fixture.epsilon, padding: try Architecture(name: name).padding,
            activation: try Architecture(name: name).activation, weights: DeterministicWeights())
        try EfficientNet(architecture: Architecture(name: name), classes: 9).build(&plain, inputSize: 75)
        let scale = fixture.logits.map(abs).max() ?? 1
        for (ours, theirs) in zip(plain.logits, fixture.logits) {
            #expect(abs(Double(ours) - theirs) <= 1e-4 * scale)
        }
    }

    @Test(arguments: Kernels.available.map(\.name))
    func `every instruction set gives the same logits`(_ name: String) throws {
        for fixture in Self.cases where ["tf_efficientnet_b0_ns", "tf_efficientnet_lite0"].contains(fixture.architecture) {
            guard fixture.input_size == 75 else { continue }
            let plan = try Plan(
                architecture: Architecture(name: fixture.architecture), classes: 9, inputSize: 75,
                kernels: Kernels.choose(name), weights: DeterministicWeights())
            let logits = try Executor(kernels: Kernels.choose(name), plans: [plan]).run(
                plan, input: NetworkInput.values(75))
            let scale = fixture.logits.map(abs).max() ?? 1
            for (ours, theirs) in zip(logits, fixture.logits) { #expect(abs(Double(ours) - theirs) <= 1e-4 * scale) }
        }
    }

    @Test(arguments: Kernels.available.filter { $0.has(.bf16) }.map(\.name))
    func `bf16 differs from fp32 by what its products' rounding makes plausible, and is rounded alike by all`(_ name: String)
        throws
    {
        for network in ["tf_efficientnet_b0_ns", "tf_efficientnet_lite0"] {
            let fixture = try #require(Self.cases.first { $0.architecture == network && $0.input_size == 75 })
            func logits(_ kernels: Kernels) throws -> [Float] {
                let plan = try Plan(
                    architecture: Architecture(name: network), classes: 9, inputSize: 75, precision: .bf16, kernels: kernels,
                    weights: DeterministicWeights())
                return Executor(kernels: kernels, plans: [plan]).run(plan, input: NetworkInput.values(75))
            }
            let ours = try logits(Kernels.choose(name))
            let plain = try logits(Kernels.choose("reference"))
            let scale = fixture.logits.map(abs).max() ?? 1
            var largest = 0.0
            for ((ours, plain), exact) in zip(zip(ours, plain), fixture.logits) {
                largest = max(largest, abs(Double(ours) - exact))
                #expect(abs(Double(ours) - exact) <= 0.05 * scale)
                #expect(abs(ours - plain) <= 0.02 * Float(scale))
            }
            #expect(largest > 1e-5 * scale, "it was not computed in bf16")
        }
    }

    @Test(arguments: [Precision.fp32, .bf16])
    func `one executor runs networks by turns, on any number of threads, and answers each as by itself`(_ precision: Precision)
        throws
    {
        let kernels = try Kernels.choose(Kernels.available.first { $0.has(precision) }?.name)
        let plans = try [("tf_efficientnet_b0_ns", 97), ("efficientnet_lite1", 64), ("efficientnet_b3", 128)].map { name, size in
            try Plan(
                architecture: Architecture(name: name), classes: 9, inputSize: size, precision: precision, kernels: kernels,
                threads: 3, weights: DeterministicWeights())
        }
        let alone = plans.map { Executor(kernels: kernels, plans: [$0]).run($0, input: NetworkInput.values($0.inputSize)) }
        for threads in [1, 3] {
            let executor = Executor(kernels: kernels, threads: threads, plans: plans)
            for turn in 0..<3 {
                for (plan, expected) in zip(plans, alone) {
                    #expect(
                        executor.run(plan, input: NetworkInput.values(plan.inputSize)) == expected, "turn \(turn), \(threads)")
                }
            }
        }
    }

    @Test func `in bf16, layers with fewer than 32 inputs or outputs stay fp32, and what they read is written so`() throws {
        let plan = try Plan(
            architecture: Architecture(name: "tf_efficientnet_lite0"), classes: 9, inputSize: 64, precision: .bf16,
            kernels: .choose("reference"), weights: DeterministicWeights())
        var written = Precision.fp32
        var projections: [String: Set<Precision>] = [:]
        for step in plan.steps {
            switch step.operation {
            case .depthwise(let depthwise): written = depthwise.precision
            case .projection(let projection):
                projections[step.stage, default: []].insert(projection.matrix.precision)
                #expect(written == projection.matrix.precision)
            case .head(let head): #expect(head.matrix.precision == .bf16)
            case .squeezeExcitation: Issue.record("Lite networks have none")
            }
        }
        // 16 and 24 channels, then 40 to 320.
        for stage in 0..<7 { #expect(projections["blocks.\(stage)"] == [stage < 2 ? .fp32 : .bf16]) }
    }

    @Test func `outputs too large for the caches arrive whole, whichever way they are written`() throws {
        let plan = try Plan(
            architecture: Architecture(name: "tf_efficientnet_lite0"), classes: 9, inputSize: 768, kernels: .choose(), threads: 2,
            weights: DeterministicWeights())
        #expect(
            plan.steps.contains { step in
                guard case .depthwise(let depthwise) = step.operation else { return false }
                return depthwise.isLarge
            })
        let answers = try [Kernels.choose(), .choose("baseline")].map { kernels in
            Executor(kernels: kernels, threads: 2, plans: [plan]).run(plan, input: NetworkInput.values(768))
        }
        let scale = answers[1].map(abs).max() ?? 1
        for (ours, theirs) in zip(answers[0], answers[1]) { #expect(abs(ours - theirs) <= 1e-4 * scale) }
    }

    @Test func `kernels without bf16 refuse it`() throws {
        for kernels in Kernels.available where !kernels.has(.bf16) {
            #expect(throws: ModelError.precision(.bf16, kernels: kernels.name)) {
                try Ensemble(
                    directory: Fixtures.root.appending(path: "ensembles/default").path, threads: 1, kernels: kernels,
                    precision: .bf16)
            }
        }
    }
}

/// The input of the parity fixtures: (3, size, size), 4u - 2 of the name "input".
enum NetworkInput {
    static func values(_ size: Int) -> [Float] {
        var random = SplitMix(name: "input")
        return (0..<(3 * size * size)).map { _ in 4 * random.uniform() - 2 }
    }
}

extension Executor {
    /// The logits of a plan for (3, size, size) values; none if it was dropped.
    func run(
        _ plan: Plan, metadata: [Float] = [], observer: StepObserver? = nil, isDropped: @escaping () -> Bool = { false },
        input: [Float]
    ) -> [Float] {
        let size = plan.inputSize
        let output = run(plan, metadata: metadata, observer: observer, isDropped: isDropped) { rows, target, stride in
            for y in rows {
                for x in 0..<size {
                    for channel in 0..<3 { target[y * stride + 3 * x + channel] = input[(channel * size + y) * size + x] }
                }
            }
        }
        return output?.logits ?? []
    }
}
