import CKernels
import Testing

@testable import Model

/// Holds what is asked for ahead to the memory that it names.
@Suite struct ComingTests {
    @Test(arguments: [0, 1, 7, 64, 913])
    func `parts of what comes follow each other and cover all of it, and there are none beyond`(lines: Int) throws {
        let memory = PageBuffer(byteCount: max(lines, 1) * Int(MELA_LINE_BYTES))
        let whole = mela_coming(start: UnsafeRawPointer(memory.start), lines: lines)
        for count in [1, 2, 15, 57] {
            var end = UnsafeRawPointer(memory.start)
            for index in 0..<count {
                let part = whole.part(index, of: count)
                #expect(part.start == end)
                end = try #require(part.start) + part.lines * Int(MELA_LINE_BYTES)
            }
            #expect(end == UnsafeRawPointer(memory.start) + lines * Int(MELA_LINE_BYTES))
            for outside in [-1, count, count + 3] { #expect(whole.part(outside, of: count).lines == 0) }
        }
        #expect(mela_coming().part(0, of: 1).start == nil)
    }

    @Test(arguments: Precision.allCases)
    func `the weights of another block come whole, those of the same block not again`(_ precision: Precision) throws {
        let kernels = try Kernels.choose("reference")
        var packing = Packing()
        let matrix = packing.add(channels: 80, depth: 24, precision: precision, kernels: kernels) {
            Packing.Values(weights: [Float](repeating: 1, count: 80 * 24), bias: [Float](repeating: 1, count: 80))
        }
        #expect(matrix.blocks.count == 2)
        let memory = PageBuffer(byteCount: packing.byteCount)
        for block in matrix.blocks {
            let panel = UnsafeRawPointer(memory.start + block.panel)
            let coming = mela_coming(block, of: matrix, at: panel, after: matrix.blocks[0])
            let isOther = block != matrix.blocks[0]
            #expect(coming.start == (isOther ? panel : nil))
            #expect(coming.lines == (isOther ? block.channels.width * 24 * precision.size / 64 : 0))
        }
    }
}
