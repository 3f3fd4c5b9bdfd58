import CKernels
import Foundation
import Testing

@testable import Model

/// Holds each fast kernel to its plain twin, at sizes that leave every kind of rest.
@Suite struct KernelTests {
    static let fast = Kernels.available.filter { $0.name != "reference" }.map(\.name)
    static let activations: [Activation] = [.identity, .relu6, .silu, .sigmoid]
    static let widths = [16, 32, 48]
    /// 77 in bf16.
    static let untouched: UInt16 = 0x429A

    /// Every fast instruction set in every precision that it has.
    static var formats: [Format] {
        Kernels.available.filter { $0.name != "reference" }.flatMap { kernels in
            Precision.allCases.filter(kernels.has).map { Format(kernels: kernels.name, precision: $0) }
        }
    }

    struct Format: CustomTestStringConvertible {
        var kernels: String
        var precision: Precision
        var testDescription: String { "\(kernels) \(precision)" }
    }

    private func random(_ name: String, _ count: Int, scale: Float = 4) -> [Float] {
        var random = SplitMix(name: name)
        return (0..<count).map { _ in (2 * random.uniform() - 1) * scale }
    }

    /// Values as a product reads them: fp32 as they are, bf16 as the upper halves of as many floats' worth of memory.
    private func stored(_ values: [Float], _ precision: Precision) -> [UInt8] {
        switch precision {
        case .fp32: values.withUnsafeBytes { Array($0) }
        case .bf16: values.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
        }
    }

    private func expectClose(_ ours: [Float], _ theirs: [Float], _ what: String, within tolerance: Float = 2e-6) {
        let differences = zip(ours, theirs).map { abs($0 - $1) / max(abs($1), 1) }
        // Of each, for nothing is larger than NaN.
        #expect(
            differences.allSatisfy { $0 <= tolerance } && ours.count == theirs.count && !ours.isEmpty,
            "\(what): \(differences.max() ?? .nan)")
    }

    @Test func `the list of kernels has each once and ends with the plain reference`() {
        let names = Kernels.available.map(\.name)
        #expect(Set(names).count == names.count && names.count >= 2 && names.last == "reference")
        #expect((names.count..<100).allSatisfy { mela_kernels_at($0) == nil })
        #expect(throws: ModelError.kernels("abacus")) { try Kernels.choose("abacus") }
    }

    @Test(arguments: formats)
    func `products equal their plain twin for every number of rows and width of block`(_ format: Format) throws {
        let kernels = try Kernels.choose(format.kernels)
        let plain = try Kernels.choose("reference")
        for width in Self.widths {
            for (rows, depth) in (1...30).map({ ($0, 24) }) + [
                (1, 2), (3, 64), (5, 1), (29, 130), (40, 33), (100, 40), (113, 32), (114, 40), (115, 40),
            ] {
                let depth = format.precision == .bf16 ? (depth + 1) / 2 * 2 : depth
                let (inputStride, outputStride) = (depth + 6, width + 16)
                let input = stored(random("input", rows * inputStride), format.precision)
                let panel = stored(random("panel", depth * width, scale: 0.3), format.precision)
                let bias = random("bias", width)
                let residual = random("residual", rows * outputStride + 3 * (rows + 1) * 16)
                // Rows of whole blocks, as blocks write activations, and a plane for each vector, as depthwise convolutions read them.
                let planes = (outputStride: Int(MELA_CHANNELS), vectorStride: (rows + 1) * Int(MELA_CHANNELS))
                let layouts = [(outputStride, Int(MELA_CHANNELS))] + (kernels.readsPlanes ? [planes] : [])
                let cases = [(Activation.identity, false), (.identity, true), (Self.activations[rows % 4], false)]
                for (layout, (activation, adds)) in layouts.flatMap({ layout in cases.map { (layout, $0) } }) {
                    let hasNarrow = kernels.has(.bf16) && activation == .identity
                    func run(_ kernels: Kernels) -> (output: [Float], narrow: [UInt16]) {
                        // What lies between must stay as it was.
                        var output = [Float](repeating: 77, count: rows * layout.0 + width / 16 * layout.1)
                        var narrow = [UInt16](repeating: Self.untouched, count: output.count)
                        input.withUnsafeBytes { input in
                            panel.withUnsafeBytes { panel in
                                bias.withUnsafeBufferPointer { bias in
                                    residual.withUnsafeBufferPointer { residual in
                                        output.withUnsafeMutableBufferPointer { output in
                                            narrow.withUnsafeMutableBufferPointer { narrow in
                                                var step = mela_product(
                                                    input: input.baseAddress!, input_stride: inputStride,
                                                    panel: panel.baseAddress!, last_steps: nil, bias: bias.baseAddress!,
                                                    residual: adds ? residual.baseAddress : nil,
                                                    output: output.baseAddress!, narrow: hasNarrow ? narrow.baseAddress : nil,
                                                    output_stride: layout.0, vector_stride: layout.1, rows: rows, depth: depth,
                                                    width: width, activation: activation.kernel, is_far: rows % 2 == 0 ? 1 : 0,
                                                    coming: rows % 3 == 0
                                                        ? mela_coming(start: panel.baseAddress, lines: panel.count / 64)
                                                        : mela_coming())
                                                kernels.product(&step, format.precision)
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        return (output, narrow)
                    }
                    let what = "\(rows)x\(depth)x\(width) \(activation) \(layout)"
                    let (ours, theirs) = (run(kernels), run(plain))
                    let isLookedUp = format.precision == .bf16 && activation == .silu
                    let tolerance = Float(depth) * 1e-6 + (isLookedUp ? ActivationTests.nearnessInBF16 : 4e-6)
                    expectClose(ours.output, theirs.output, what, within: tolerance)
                    guard hasNarrow else { continue }
                    var rounded = [UInt16](repeating: 0, count: ours.output.count)
                    plain.table.pointee.bf16_narrow(ours.output, rounded.count, &rounded, rounded.count, 1, rounded.count)
                    #expect(ours.narrow == rounded, "\(what) narrow")
                }
            }
        }
    }

    @Test(arguments: formats)
    func `depthwise convolutions equal their plain twin for all sizes, strides and rests`(_ format: Format) throws {
        let plain = try Kernels.choose("reference").format(format.precision)
        let kernels = try Kernels.choose(format.kernels)
        let (fast, inPlanes) = (kernels.format(format.precision), kernels.readsPlanes)
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            for pixels in Array(1...20) + [31, 32, 33, 39, 64, 75] {
                for (width, isLarge) in zip(Self.widths + [48], [false, false, false, true]) {
                    // Each size of group with each activation.
                    let activation: Activation = (width / 16 + pixels) % 2 == 0 ? .silu : .relu6
                    func run(_ format: mela_format) throws -> (output: [Float], sum: [Float]) {
                        let function = try #require(
                            format.depthwise(Int32(kernel), Int32(stride), activation.kernel))
                        return depthwise(
                            function, kernel: kernel, stride: stride, pixels: pixels, width: width, isLarge: isLarge,
                            isNarrow: self.isNarrow(format), inPlanes: inPlanes)
                    }
                    let (ours, theirs) = (try run(fast), try run(plain))
                    let what = "k\(kernel)s\(stride) \(pixels)x\(width) \(activation)"
                    // Of bf16 outputs the last bit may differ.
                    expectClose(ours.output, theirs.output, what, within: format.precision == .bf16 ? 0.008 : 4e-6)
                    let isLookedUp = format.precision == .bf16 && activation == .silu
                    expectClose(
                        ours.sum, theirs.sum, what + " sum",
                        within: isLookedUp ? Float(pixels) * ActivationTests.nearnessInBF16 : 1e-5)
                }
            }
            #expect(fast.depthwise(Int32(kernel), Int32(stride), MELA_SIGMOID) == nil)
            #expect(fast.depthwise(Int32(kernel), Int32(stride), MELA_IDENTITY) == nil)
        }
        #expect(fast.depthwise(7, 1, MELA_SILU) == nil && fast.depthwise(3, 3, MELA_SILU) == nil)
    }

    private func isNarrow(_ format: mela_format) -> Bool {
        Kernels.available.contains { kernels in
            kernels.table.pointee.bf16?.pointee.depthwise(3, 1, MELA_SILU).map { unsafeBitCast($0, to: Int.self) }
                == format.depthwise(3, 1, MELA_SILU).map { unsafeBitCast($0, to: Int.self) }
        }
    }

    private func depthwise(
        _ function: mela_depthwise_function, kernel: Int, stride: Int, pixels: Int, width: Int, isLarge: Bool, isNarrow: Bool,
        inPlanes: Bool
    ) -> (output: [Float], sum: [Float]) {
        let channels = Int(MELA_CHANNELS)
        let rowCount = ((pixels - 1) * stride + kernel) * width
        let input = FloatBuffer(count: kernel * rowCount)
        for (index, value) in random("x", kernel * rowCount).enumerated() { input.pointer[index] = value }
        let weights = random("w", kernel * kernel * width, scale: 0.5)
        let bias = random("b", width)
        let outputStride = width + 16
        // One pixel behind the output must stay as it was.
        let output = FloatBuffer(count: (pixels + 1) * outputStride)
        for index in 0..<output.count { output.pointer[index] = 77 }
        var sum = random("sum", width)
        let rows = (0..<kernel).map { UnsafePointer(input.pointer + $0 * rowCount) }
        rows.withUnsafeBufferPointer { rows in
            weights.withUnsafeBufferPointer { weights in
                bias.withUnsafeBufferPointer { bias in
                    sum.withUnsafeMutableBufferPointer { sum in
                        var step = mela_depthwise(
                            rows: rows.baseAddress!, weights: weights.baseAddress!, bias: bias.baseAddress!,
                            output: output.pointer, output_stride: outputStride, sum: sum.baseAddress!, pixels: pixels,
                            width: width, pixel_stride: inPlanes ? channels : width,
                            vector_stride: inPlanes ? rowCount / width * channels : channels, is_large: isLarge ? 1 : 0)
                        function(&step)
                    }
                }
            }
        }
        #expect((pixels * outputStride..<output.count).allSatisfy { output.pointer[$0] == 77 })
        let halves = UnsafeRawPointer(output.pointer).assumingMemoryBound(to: UInt16.self)
        let values = (0..<(pixels * width)).map { index in
            let place = index / width * outputStride + index % width
            return isNarrow ? Float(bitPattern: UInt32(halves[place]) << 16) : output.pointer[place]
        }
        return (values, sum)
    }

    @Test(arguments: formats, [24, 32, 40, 96, 130])
    func `a product is the same with its last steps packed and without`(_ format: Format, depth: Int) throws {
        let kernels = try Kernels.choose(format.kernels)
        let weights = random("weights", 40 * depth)
        var packing = Packing()
        let matrix = packing.add(channels: 40, depth: depth, precision: format.precision, kernels: kernels) {
            Packing.Values(weights: weights, bias: [Float](repeating: 1, count: 40))
        }
        let memory = PageBuffer(byteCount: packing.byteCount)
        for recipe in packing.recipes { try recipe.write(to: memory.start) }
        let block = matrix.blocks[0]
        let tile = kernels.tileDepth(format.precision)
        #expect((block.lastSteps != nil) == (tile > 0 && depth > tile && depth % tile != 0))
        let rows = 37
        let input = stored(random("input", rows * depth), format.precision)
        func run(_ lastSteps: UnsafeRawPointer?) -> [Float] {
            var output = [Float](repeating: 77, count: rows * 48)
            input.withUnsafeBytes { input in
                output.withUnsafeMutableBufferPointer { output in
                    var step = mela_product(
                        input: input.baseAddress!, input_stride: depth, panel: UnsafeRawPointer(memory.start + block.panel),
                        last_steps: lastSteps,
                        bias: UnsafeRawPointer(memory.start + block.bias).assumingMemoryBound(to: Float.self), residual: nil,
                        output: output.baseAddress!, narrow: nil, output_stride: 48, vector_stride: Int(MELA_CHANNELS),
                        rows: rows, depth: depth, width: block.channels.width, activation: MELA_IDENTITY, is_far: 0,
                        coming: mela_coming())
                    kernels.product(&step, format.precision)
                }
            }
            return output
        }
        #expect(run(nil) == run(block.lastSteps.map { UnsafeRawPointer(memory.start + $0) }))
    }

    @Test(arguments: formats)
    func `scaled rows are the rows times the gate of each channel, and what lies between them stays`(_ format: Format) throws {
        let (rows, stride) = (3, 80)
        for width in Self.widths {
            let values = stored(random("x", rows * stride), format.precision)
            let gate = random("gate", width, scale: 1)
            func run(_ kernels: Kernels) -> [UInt8] {
                var scaled = values
                kernels.format(format.precision).scale_rows(&scaled, stride, gate, rows, width)
                return scaled
            }
            let ours = run(try .choose(format.kernels))
            #expect(ours == run(try .choose("reference")) && ours != values, "\(format) \(width)")
            let size = format.precision.size
            for row in 0..<rows {
                let rest = ((row * stride + width) * size)..<((row + 1) * stride * size)
                #expect(ours[rest] == values[rest])
            }
        }
    }

    @Test(arguments: formats)
    func `a scaled panel is the panel times the gate of its input channel`(_ format: Format) throws {
        for width in Self.widths {
            for depth in [2, 4, 6, 48] {
                let panel = stored(random("panel", depth * width), format.precision)
                let gate = random("gate", depth, scale: 1)
                func run(_ kernels: Kernels) -> [UInt8] {
                    var scaled = [UInt8](repeating: 77, count: panel.count + 1)
                    kernels.format(format.precision).scale_panel(panel, gate, &scaled, depth, width)
                    #expect(scaled.last == 77)
                    return scaled
                }
                #expect(run(try Kernels.choose(format.kernels)) == run(try Kernels.choose("reference")), "\(depth)x\(width)")
            }
        }
    }

    @Test(arguments: fast)
    func `finishing and adding rows equal their plain twins`(_ name: String) throws {
        let fast = try Kernels.choose(name).table.pointee
        let plain = try Kernels.choose("reference").table.pointee
        for width in Self.widths {
            for (rows, activation) in [(1, Activation.identity), (2, .relu6), (5, .silu), (7, .sigmoid)] {
                let stride = width + 16
                let (bias, residual) = (random("bias", width), random("residual", rows * stride))
                for adds in [false, true] {
                    var results = [random("x", rows * stride), random("x", rows * stride)]
                    residual.withUnsafeBufferPointer { residual in
                        let residual = adds ? residual.baseAddress : nil
                        fast.f32_finish(&results[0], stride, bias, residual, rows, width, activation.kernel)
                        plain.f32_finish(&results[1], stride, bias, residual, rows, width, activation.kernel)
                    }
                    expectClose(results[0], results[1], "finish \(rows)x\(width) \(activation)")
                }
                var sums = [bias, bias]
                fast.f32_add_rows(residual, stride, &sums[0], rows, width)
                plain.f32_add_rows(residual, stride, &sums[1], rows, width)
                expectClose(sums[0], sums[1], "sum \(rows)x\(width)")
            }
        }
    }

    @Test(arguments: Kernels.available.map(\.name))
    func `every half of both formats is widened exactly, and narrowed back`(_ name: String) throws {
        let table = try Kernels.choose(name).table.pointee
        let halves = (0...UInt16.max).map { $0 }
        var wide = [Float](repeating: 77, count: halves.count + 1)
        table.bf16_widen(halves, &wide, halves.count)
        for half in halves { #expect(wide[Int(half)].bitPattern == UInt32(half) << 16) }
        var narrow = halves
        table.bf16_narrow(wide, 256, &narrow, 256, 256, 256)
        for half in halves where !wide[Int(half)].isNaN { #expect(narrow[Int(half)] == half) }
        table.f16_widen(halves, &wide, halves.count)
        for half in halves {
            let exact = Float(Float16(bitPattern: half))
            let ours = wide[Int(half)]
            #expect(exact.isNaN ? ours.isNaN : ours.bitPattern == exact.bitPattern, "\(half)")
        }
        #expect(wide.last == 77)
    }

    @Test(arguments: Kernels.available.map(\.name))
    func `bfloat16 is rounded to the nearest, ties to even`(_ name: String) throws {
        let table = try Kernels.choose(name).table.pointee
        // (bits of a float, the upper half expected)
        let cases: [(UInt32, UInt16)] = [
            (0x3F80_0000, 0x3F80), (0x3F80_7FFF, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81),
            (0x3F81_8000, 0x3F82), (0xBF81_8000, 0xBF82), (0x7F7F_FFFF, 0x7F80), (0x7F80_0000, 0x7F80), (0x0000_8001, 0x0001),
        ]
        let values = cases.map { Float(bitPattern: $0.0) }
        var narrow = [UInt16](repeating: 0, count: cases.count)
        table.bf16_narrow(values, cases.count, &narrow, cases.count, 1, cases.count)
        #expect(narrow == cases.map(\.1))
        var nan: UInt16 = 0
        table.bf16_narrow([Float.nan], 1, &nan, 1, 1, 1)
        #expect(Float(bitPattern: UInt32(nan) << 16).isNaN)
    }
}
