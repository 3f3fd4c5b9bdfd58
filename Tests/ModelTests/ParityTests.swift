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
        var logits: [Double]

        var testDescription: String { "\(architecture) at \(input_size)" }
    }

    private struct File: Decodable {
        var cases: [Case]
    }

    static let cases: [Case] = (try? JSONDecoder().decode(File.self, from: Fixtures.data("parity.json")).cases) ?? []

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
        let architecture = try Architecture(name: fixture.architecture)
        #expect(architecture.padding.rawValue == fixture.padding)
        #expect(architecture.batchNormEpsilon == fixture.epsilon)
        let plan = try Plan(
            architecture: architecture, classes: fixture.classes, inputSize: fixture.input_size,
            weights: DeterministicWeights())
        let logits = try Executor(kernels: Kernels.choose(), arenaCount: plan.arenaCount).run(
            plan, input: NetworkInput.values(fixture.input_size))
        let scale = fixture.logits.map(abs).max() ?? 1
        for (ours, theirs) in zip(logits, fixture.logits) {
            #expect(abs(Double(ours) - theirs) <= 1e-4 * max(abs(theirs), 0.1 * scale))
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
                weights: DeterministicWeights())
            let logits = try Executor(kernels: Kernels.choose(name), arenaCount: plan.arenaCount).run(
                plan, input: NetworkInput.values(75))
            let scale = fixture.logits.map(abs).max() ?? 1
            for (ours, theirs) in zip(logits, fixture.logits) { #expect(abs(Double(ours) - theirs) <= 1e-4 * scale) }
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
    /// Runs a plan on (3, size, size) values.
    func run(_ plan: Plan, input: [Float]) -> [Float] {
        let size = plan.inputSize
        return run(plan) { target, stride in
            for y in 0..<size {
                for x in 0..<size {
                    for channel in 0..<3 { target[y * stride + 3 * x + channel] = input[(channel * size + y) * size + x] }
                }
            }
        }
    }
}
