import CKernels
import Foundation
import Testing

@testable import Model

/// Holds each fast kernel to its plain twin, at sizes that leave every kind of rest.
@Suite struct KernelTests {
    static let fast = Kernels.available.filter { $0.name != "reference" }.map(\.name)
    static let activations: [Activation] = [.identity, .relu6, .silu]

    private func random(_ name: String, _ count: Int, scale: Float = 4) -> [Float] {
        var random = SplitMix(name: name)
        return (0..<count).map { _ in (2 * random.uniform() - 1) * scale }
    }

    /// Pointers to an input, weights, a bias and an output.
    private func withPointers(
        _ x: [Float], _ weights: [Float], _ bias: [Float], _ output: inout [Float],
        _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
    ) {
        body(x, weights, bias, &output)
    }

    private func expectClose(_ ours: [Float], _ theirs: [Float], _ what: String) {
        let difference = zip(ours, theirs).map { abs($0 - $1) / max(abs($1), 1) }.max() ?? .infinity
        #expect(difference <= 2e-6, "\(what): \(difference)")
    }

    @Test func `the list of kernels ends with the plain reference`() {
        #expect(Kernels.available.last?.name == "reference")
        #expect(Kernels.available.count >= 2)
        #expect(throws: ModelError.kernels("abacus")) { try Kernels.choose("abacus") }
    }

    @Test(arguments: fast)
    func `depthwise convolutions equal their plain twin for all sizes, strides, paddings and rests`(_ name: String) throws {
        let fast = try Kernels.choose(name)
        let plain = try Kernels.choose("reference")
        for kernel in [3, 5] {
            for stride in [1, 2] {
                for (height, width, channels) in [
                    (1, 1, 8), (2, 3, 16), (7, 7, 24), (9, 13, 40), (14, 14, 33), (5, 30, 3), (6, 11, 17), (20, 20, 96),
                ] {
                    for padding in [Architecture.Padding.symmetric, .same] {
                        for activation in Self.activations {
                            let input = Shape(channels: channels, height: height, width: width)
                            let geometry = ConvolutionGeometry(input: input, kernel: kernel, stride: stride, padding: padding)
                            func run(_ kernels: Kernels) throws -> [Float] {
                                let function = try #require(
                                    kernels.table.pointee.f32_depthwise(Int32(kernel), Int32(stride), activation.kernel))
                                let x = random("x", input.elements)
                                let w = random("w", kernel * kernel * channels, scale: 0.5)
                                let b = random("b", channels)
                                let count = geometry.outputHeight * geometry.outputWidth * channels
                                // One value behind the output must stay as it was.
                                var output = [Float](repeating: 77, count: count + 1)
                                withPointers(x, w, b, &output) { x, w, b, output in
                                    var step = mela_depthwise(
                                        input: x, weights: w, bias: b, output: output, height: Int32(height),
                                        width: Int32(width), channels: Int32(channels),
                                        out_height: Int32(geometry.outputHeight), out_width: Int32(geometry.outputWidth),
                                        pad_top: Int32(geometry.padTop), pad_left: Int32(geometry.padLeft))
                                    function(&step)
                                }
                                #expect(output[count] == 77)
                                return output
                            }
                            expectClose(
                                try run(fast), try run(plain),
                                "k\(kernel)s\(stride) \(height)x\(width)x\(channels) \(padding) \(activation)")
                        }
                    }
                }
            }
        }
    }

    @Test func `no depthwise convolution is offered for other sizes and strides`() throws {
        for kernels in Kernels.available {
            #expect(kernels.table.pointee.f32_depthwise(7, 1, MELA_SILU) == nil)
            #expect(kernels.table.pointee.f32_depthwise(3, 3, MELA_SILU) == nil)
        }
    }

    @Test(arguments: fast)
    func `the stem equals its plain twin`(_ name: String) throws {
        for (side, channels) in [(1, 32), (5, 40), (14, 72), (3, 8), (7, 17)] {
            func run(_ kernels: Kernels) -> [Float] {
                let padded = 2 * side + 1
                let x = random("x", padded * padded * 3)
                let w = random("w", 27 * channels, scale: 0.3)
                let b = random("b", channels)
                var output = [Float](repeating: 77, count: side * side * channels + 1)
                withPointers(x, w, b, &output) { x, w, b, output in
                    var step = mela_stem(
                        input: x, weights: w, bias: b, output: output, padded_width: Int32(padded),
                        channels: Int32(channels), out_height: Int32(side), out_width: Int32(side),
                        activation: MELA_SILU)
                    kernels.table.pointee.f32_stem_k3s2(&step)
                }
                #expect(output.last == 77)
                return output
            }
            expectClose(run(try Kernels.choose(name)), run(try Kernels.choose("reference")), "stem \(side) \(channels)")
        }
    }

    @Test(arguments: fast)
    func `elementwise kernels equal their plain twins for every rest of channels`(_ name: String) throws {
        let fast = try Kernels.choose(name).table.pointee
        let plain = try Kernels.choose("reference").table.pointee
        for channels in 1...40 {
            let rows = 5
            let bias = random("bias", channels)
            let scale = random("scale", channels)
            let residual = random("residual", rows * channels)
            for activation in Self.activations {
                for adds in [false, true] {
                    var ours = random("x", rows * channels)
                    var theirs = ours
                    scale.withUnsafeBufferPointer { scale in
                        residual.withUnsafeBufferPointer { residual in
                            // Odd numbers of channels without a scale, which is then 1.
                            let scale = channels % 2 == 0 ? scale.baseAddress : nil
                            let residual = adds ? residual.baseAddress : nil
                            fast.f32_scale_bias_activation(&ours, scale, bias, residual, rows, channels, activation.kernel)
                            plain.f32_scale_bias_activation(&theirs, scale, bias, residual, rows, channels, activation.kernel)
                        }
                    }
                    expectClose(ours, theirs, "scale, bias and activation \(channels) \(activation)")
                }
            }
            let x = random("x", rows * channels)
            var means = [[Float](repeating: 0, count: channels), [Float](repeating: 0, count: channels)]
            fast.f32_channel_mean(x, &means[0], rows, channels)
            plain.f32_channel_mean(x, &means[1], rows, channels)
            expectClose(means[0], means[1], "mean \(channels)")
            var scaled = [x, x]
            fast.f32_scale_channels(&scaled[0], bias, rows, channels)
            plain.f32_scale_channels(&scaled[1], bias, rows, channels)
            expectClose(scaled[0], scaled[1], "scale \(channels)")
            var gates = [x, x]
            fast.f32_sigmoid(&gates[0], channels)
            plain.f32_sigmoid(&gates[1], channels)
            expectClose(gates[0], gates[1], "sigmoid \(channels)")
        }
    }

    @Test(arguments: fast)
    func `SiLU and sigmoid are right to 5e-7 over the whole range of floats`(_ name: String) throws {
        let table = try Kernels.choose(name).table.pointee
        var values: [Float] = [0, -0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude]
        values += stride(from: Float(-120), through: 120, by: 0.0137)
        var exponent: Float = 1e-38
        while exponent < 1e38 {
            values += [exponent, -exponent]
            exponent *= 1.7
        }
        var silu = values
        var sigmoid = values
        let zero: [Float] = [0]
        table.f32_scale_bias_activation(&silu, nil, zero, nil, values.count, 1, MELA_SILU)
        table.f32_sigmoid(&sigmoid, values.count)
        for (index, x) in values.enumerated() {
            let exact = 1 / (1 + exp(-Double(x)))
            #expect(abs(Double(sigmoid[index]) - exact) <= 5e-7 * exact + 1e-37, "sigmoid(\(x))")
            #expect(abs(Double(silu[index]) - Double(x) * exact) <= 5e-7 * abs(Double(x) * exact) + 1e-35, "silu(\(x))")
        }
    }

    @Test(arguments: Kernels.available.map(\.name))
    func `every half of both formats is widened exactly`(_ name: String) throws {
        let table = try Kernels.choose(name).table.pointee
        let halves = (0...UInt16.max).map { $0 }
        var wide = [Float](repeating: 77, count: halves.count + 1)
        table.bf16_widen(halves, &wide, halves.count)
        for half in halves { #expect(wide[Int(half)].bitPattern == UInt32(half) << 16) }
        table.f16_widen(halves, &wide, halves.count)
        for half in halves {
            let exact = Float(Float16(bitPattern: half))
            let ours = wide[Int(half)]
            #expect(exact.isNaN ? ours.isNaN : ours.bitPattern == exact.bitPattern, "\(half)")
        }
        #expect(wide.last == 77)
    }

    @Test(arguments: fast)
    func `the mean over a large activation keeps its digits`(_ name: String) throws {
        let rows = 320 * 320
        for channels in [16, 24, 33, 5] {
            var random = SplitMix(name: "mean")
            let x = (0..<(rows * channels)).map { _ in random.uniform() * 3 - 0.2 }
            var ours = [Float](repeating: 0, count: channels)
            try Kernels.choose(name).table.pointee.f32_channel_mean(x, &ours, rows, channels)
            for channel in 0..<channels {
                let exact = stride(from: channel, to: x.count, by: channels).reduce(0.0) { $0 + Double(x[$1]) } / Double(rows)
                #expect(abs(Double(ours[channel]) - exact) <= 3e-7 * exact, "\(channels)")
            }
        }
    }
}
