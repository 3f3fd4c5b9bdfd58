import CKernels
import Foundation
import Testing

@testable import Model

/// Holds each instruction set's activations to their definitions.
@Suite struct ActivationTests {
    /// Kernels that look fp32's SiLU up; of what is small because x is negative they are right to 1e-6, not to a part of it.
    static let withTable = ["amx", "avx512"]
    /// How far SiLU may be from itself in bf16.
    static let nearnessInBF16: Float = 9.1e-5

    @Test(arguments: KernelTests.fast)
    func `SiLU and sigmoid are right to 6e-6, or 1e-6 of one where they are looked up, over the whole range of floats`(
        _ name: String
    ) throws {
        let table = try Kernels.choose(name).table.pointee
        var values: [Float] = [0, -0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude]
        values += stride(from: Float(-120), through: 120, by: 0.0137)
        var exponent: Float = 1e-38
        while exponent < 1e38 {
            values += [exponent, -exponent]
            exponent *= 1.7
        }
        while values.count % 16 != 0 { values.append(0) }
        let zeros = [Float](repeating: 0, count: 16)
        for activation in [Activation.silu, .sigmoid] {
            var ours = values
            table.f32_finish(&ours, 16, zeros, nil, values.count / 16, 16, activation.kernel)
            for (x, y) in zip(values, ours) {
                let exact = (activation == .silu ? Double(x) : 1) / (1 + exp(-Double(x)))
                let error = abs(Double(y) - exact)
                if activation == .silu, Self.withTable.contains(name) {
                    #expect(
                        error <= (x < -0.1 ? 1e-6 : 6e-6 * abs(exact) + 1e-44) && error <= 1e-6 * max(1, abs(exact)), "SiLU(\(x))"
                    )
                    continue
                }
                // Near 0 the error is that of a float; far from it exp(-x) stays as at -87 and 87.
                let far = max(1e-30, activation == .silu ? 2e-38 * Double(abs(x)) : 0)
                #expect(error <= 6e-6 * abs(exact) + far, "\(activation)(\(x))")
                if abs(x) < 16 { #expect(error <= 1e-6 * abs(exact) + 1e-44, "\(activation)(\(x))") }
            }
        }
    }

    @Test(arguments: Kernels.available.map(\.name))
    func `what is no number stays none, and infinities go to their limits`(_ name: String) throws {
        let table = try Kernels.choose(name).table.pointee
        let zeros = [Float](repeating: 0, count: 16)
        for activation in KernelTests.activations {
            func value(_ x: Float) -> Float {
                var row = [Float](repeating: x, count: 16)
                table.f32_finish(&row, 16, zeros, nil, 1, 16, activation.kernel)
                return row[7]
            }
            #expect(value(.nan).isNaN, "\(activation)")
            #expect(value(.infinity) == [.identity: .infinity, .relu6: 6, .silu: .infinity, .sigmoid: 1][activation])
        }
    }

    @Test(arguments: Kernels.available.filter { $0.has(.bf16) }.map(\.name))
    func `SiLU in bf16 is right to 9.1e-5, and near zero to a thousandth, for every number of bf16`(_ name: String) throws {
        let kernels = try Kernels.choose(name)
        let numbers = (0...UInt16.max).map { $0 }
        let (width, depth) = (Int(MELA_CHANNELS), 2)
        // Each number once and a zero beside it, times weights of 1 and 0: the product is the number itself.
        let input = numbers.flatMap { [UInt16]([$0, 0]) }
        let panel = (0..<width).flatMap { _ in [UInt16]([0x3F80, 0]) }
        let bias = [Float](repeating: 0, count: width)
        var output = [Float](repeating: .nan, count: numbers.count * width)
        input.withUnsafeBytes { input in
            panel.withUnsafeBytes { panel in
                bias.withUnsafeBufferPointer { bias in
                    output.withUnsafeMutableBufferPointer { output in
                        var step = mela_product(
                            input: input.baseAddress!, input_stride: depth, panel: panel.baseAddress!, last_steps: nil,
                            bias: bias.baseAddress!, residual: nil, output: output.baseAddress!, narrow: nil,
                            output_stride: width, vector_stride: width, rows: numbers.count, depth: depth, width: width,
                            activation: MELA_SILU, is_far: 0, coming: mela_coming())
                        kernels.product(&step, .bf16)
                    }
                }
            }
        }
        for (row, number) in numbers.enumerated() {
            let x = Double(Float(bitPattern: UInt32(number) << 16))
            let (first, last) = (Double(output[row * width]), Double(output[(row + 1) * width - 1]))
            #expect(first.bitPattern == last.bitPattern, "SiLU(\(x))")
            if x.isNaN {
                #expect(first.isNaN)
            } else if x == .infinity {
                #expect(first == .infinity)
            } else if x.isFinite {
                let exact = x / (1 + exp(-x))
                let error = abs(first - exact)
                #expect(error <= Double(Self.nearnessInBF16) + 1e-7 * abs(exact), "SiLU(\(x))")
                if abs(x) < 2 { #expect(error <= 1e-3 * abs(exact) + 1e-37, "SiLU(\(x))") }
            } else if name != "reference" {  // whose formula divides by infinity
                #expect(abs(first) <= Double(Self.nearnessInBF16))
            }
        }
    }
}
