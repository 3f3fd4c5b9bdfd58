import CKernels
import Synchronization
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

    @Test func `a thread's own tasks come with the one that follows, those of others alone`() throws {
        let plan = try Self.plan(kernels: .choose("reference"))
        let shares = [TaskShare(), TaskShare()]
        let arena = FloatBuffer(count: 1)
        let pass = PassPart(
            plan: plan, kernels: try .choose("reference"), arena: arena.pointer, scratch: arena.pointer, rank: 0,
            team: Team(size: 2), shares: shares)
        shares[1].set(4..<8)
        var taken: [[Int]] = []
        pass.tasks(8) { task, following in taken.append([task, following]) }
        #expect(taken == [[0, 1], [1, 2], [2, 3], [3, 3], [7, 7], [6, 6], [5, 5], [4, 4]])
    }

    @Test func `the products of a block ask, all together, for the weights of the next block of their step`() throws {
        let plan = try Self.plan(kernels: Spy.kernels)
        Spy.seen.withLock { $0 = [] }
        _ = Executor(kernels: Spy.kernels, plans: [plan]).run(plan, input: NetworkInput.values(plan.inputSize))
        let blocks = Spy.seen.withLock { $0 }
        var asking = 0
        for (block, next) in zip(blocks, blocks.dropFirst()) where block.lines > 0 {
            asking += 1
            #expect(block.start == next.panel && block.lines * Int(MELA_LINE_BYTES) == next.bytes)
        }
        let changes = plan.steps.map { step in
            switch step.operation {
            case .depthwise(let depthwise):
                if case .activation = depthwise.source { 0 } else { depthwise.weights.blocks.count - 1 }
            case .projection(let projection):
                projection.matrix.blocks.count == 1 ? 0 : projection.matrix.blocks.count * projection.chunks - 1
            case .head(let head): head.matrix.blocks.count - 1
            case .squeezeExcitation: 0
            }
        }
        #expect(asking == changes.reduce(0, +))
        #expect(asking > 100)
    }

    private static func plan(kernels: Kernels) throws -> Plan {
        try Plan(
            architecture: Architecture(name: "tf_efficientnet_b0"), classes: 9, inputSize: 64, kernels: kernels,
            weights: DeterministicWeights())
    }

    /// The plain kernels, which here note for each run of products with the same weights what these ask for.
    private enum Spy {
        struct Block {
            /// Addresses of the weights and of what is asked for.
            var panel: UInt
            var bytes: Int
            var start: UInt
            var lines = 0
        }

        static let seen = Mutex<[Block]>([])

        static let kernels: Kernels = {
            var table = plain
            var format = plain.f32.pointee
            format.product = { step in
                note(step.pointee)
                plain.f32.pointee.product(step)
            }
            let formats = UnsafeMutablePointer<mela_format>.allocate(capacity: 1)
            formats.initialize(to: format)
            table.f32 = UnsafePointer(formats)
            let tables = UnsafeMutablePointer<mela_kernels>.allocate(capacity: 1)
            tables.initialize(to: table)
            return Kernels(table: tables)
        }()

        private static var plain: mela_kernels { Kernels.available[Kernels.available.count - 1].table.pointee }

        private static func note(_ step: mela_product) {
            let panel = UInt(bitPattern: step.panel)
            seen.withLock { seen in
                if seen.last?.panel != panel {
                    seen.append(Block(panel: panel, bytes: step.width * step.depth * 4, start: 0))
                }
                let last = seen.count - 1
                guard step.coming.lines > 0 else { return }
                if seen[last].lines == 0 { seen[last].start = UInt(bitPattern: step.coming.start) }
                let end = seen[last].start + UInt(seen[last].lines * Int(MELA_LINE_BYTES))
                #expect(UInt(bitPattern: step.coming.start) == end, "parts follow each other")
                seen[last].lines += step.coming.lines
            }
        }
    }
}
