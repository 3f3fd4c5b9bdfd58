import Foundation
import Testing

@testable import Model

/// What rounded weights shift an output by on average, and that it is taken out of the bias.
@Suite struct InputMeansTests {
    private struct Given: WeightSource {
        var tensors: [String: [Float]]
        func shape(of name: String) -> [Int]? { nil }
        func values(of name: String, shape: [Int]) throws(ModelError) -> [Float] { tensors[name] ?? [] }
    }

    @Test func `a batch norm's output has its bias as its mean, and sums add up`() throws {
        let weights = Given(tensors: ["a.bias": [1, -2], "b.bias": [0.5, 0.25]])
        let first = InputMeans.normalized("a", channels: 2, adding: nil, from: weights)
        #expect(try InputMeans.normalized("b", channels: 2, adding: first, from: weights).values() == [1.5, -1.75])
    }

    @Test func `activations of a normal variable have the means that mathematics gives`() throws {
        let weights = Given(tensors: ["n.bias": [0, 3, 100], "n.weight": [1, 0, -1]])
        let relu6 = try InputMeans.activated("n", .relu6, channels: 3, from: weights).values()
        // Of max(x, 0): 1 / √(2π); the part above 6 is beyond sight.
        #expect(abs(relu6[0] - 1 / (2 * Double.pi).squareRoot()) < 1e-3 && abs(relu6[1] - 3) < 1e-9 && abs(relu6[2] - 6) < 1e-9)
        let silu = try InputMeans.activated("n", .silu, channels: 3, from: weights).values()
        #expect(abs(silu[0] - 0.2066) < 1e-3 && abs(silu[1] - 3 / (1 + exp(-3))) < 1e-9 && abs(silu[2] - 100) < 1e-6)
    }

    @Test func `a gate is taken at the means`() throws {
        let weights = Given(tensors: [
            "n.bias": [2, -1], "s.conv_reduce.weight": [1, 1], "s.conv_reduce.bias": [0.5], "s.conv_expand.weight": [2, -3],
            "s.conv_expand.bias": [0, 1],
        ])
        let means = try InputMeans.normalized("n", channels: 2, adding: nil, from: weights)
            .gated("s.", .silu, reduced: 1, from: weights).values()
        let inner = 1.5 / (1 + exp(-1.5))
        #expect(abs(means[0] - 2 / (1 + exp(-2 * inner))) < 1e-9)
        #expect(abs(means[1] + 1 / (1 + exp(3 * inner - 1))) < 1e-9)
    }

    @Test func `the shift of rounded weights is taken out of the bias, in bf16 alone`() throws {
        func bias(_ precision: Precision, _ means: InputMeans?) throws -> Float {
            var packing = Packing()
            // bfloat16 has steps of 1/128 above 1: 1.003 becomes 1, 0.5 stays.
            let matrix = packing.add(
                channels: 1, depth: 2, precision: precision, kernels: try Kernels.choose(), inputMeans: means
            ) { () throws(ModelError) in Packing.Values(weights: [1.003, 0.5], bias: [7]) }
            let weights = try PackedWeights(packing, cache: nil, key: "")
            return (weights.start + matrix.blocks[0].bias).load(as: Float.self)
        }
        let means = InputMeans { () throws(ModelError) in [2, -1] }
        #expect(try abs(bias(.bf16, means) - 7.006) < 1e-5)
        #expect(try bias(.bf16, nil) == 7 && bias(.fp32, means) == 7)
    }
}
