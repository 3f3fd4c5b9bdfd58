import CKernels
import Synchronization

/// Runs plans, one at a time, on a team of threads that share each step: holds the arena and the threads' scratch memory, allocated once.
public final class Executor {
    let kernels: Kernels
    let team: Team
    private let arena: FloatBuffer
    private let scratch: [FloatBuffer]
    private let shares: [TaskShare]
    private let logits: FloatBuffer
    private let features: FloatBuffer
    /// The first step of this pass that is left out.
    private let end = Atomic(Int.max)

    /// - Parameters:
    ///   - threads: that share the work, the caller among them.
    ///   - plans: that will run.
    public init(kernels: Kernels, threads: Int = 1, plans: [Plan]) {
        self.kernels = kernels
        team = Team(size: threads)
        arena = FloatBuffer(count: plans.map(\.arenaCount).max() ?? 0)
        let count = plans.map(\.scratchCount).max() ?? 0
        scratch = (0..<threads).map { _ in FloatBuffer(count: count) }
        shares = (0..<threads).map { _ in TaskShare() }
        logits = FloatBuffer(count: plans.map(\.classes).max() ?? 0)
        features = FloatBuffer(count: plans.map(\.features).max() ?? 0)
    }

    /// What a pass gives.
    struct Output: Equatable {
        /// One a class.
        var logits: [Float]
        /// What the classifier read of the picture, (features); nil unless it was asked for.
        var features: [Float]?
    }

    /// Called before each step and at the end, with the step that follows; nil at the end. The first begins with the input's writing.
    typealias StepObserver = (_ next: Plan.Step?) -> Void

    /// One pass. Subnormal numbers are zero on its threads meanwhile, for `fill` and `observer` too.
    ///
    /// - Parameters:
    ///   - metadata: the features of the patient's metadata; as many as the plan asks for.
    ///   - observer: for measurements.
    ///   - keepsFeatures: the output has what the classifier read.
    ///   - isDropped: asked before each step; once true, the rest is left out.
    ///   - fill: writes some rows of the input: (inputSize, 3) floats each, row 0 at the given pointer, rows `stride` floats apart.
    ///     Called on every thread.
    /// - Returns: nil if it was dropped.
    func run(
        _ plan: Plan, metadata: [Float] = [], keepsFeatures: Bool = false, observer: StepObserver? = nil,
        isDropped: @escaping () -> Bool,
        fill: @escaping (_ rows: Range<Int>, _ first: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
    ) -> Output? {
        precondition(plan.arenaCount <= arena.count && plan.scratchCount <= scratch[0].count && plan.classes <= logits.count)
        precondition(kernels.has(plan.precision))
        end.store(.max, ordering: .relaxed)
        team.run { [self] rank in
            let mode = mela_flush_subnormals()
            defer { mela_treat_subnormals(mode) }
            let part = PassPart(
                plan: plan, kernels: kernels, arena: arena.pointer, scratch: scratch[rank].pointer,
                rank: rank, team: team, shares: shares)
            part.prepare(fill)
            for (number, step) in plan.steps.enumerated() {
                // One decides for all, who leave before the same step: a number that is set later is a later step's.
                if rank == 0, isDropped() { end.store(number, ordering: .relaxed) }
                team.barrier()
                if end.load(ordering: .relaxed) <= number { return }
                if rank == 0 { observer?(step) }
                part.run(step.operation)
            }
            team.barrier()
            if rank == 0 {
                part.classify(metadata: metadata, into: logits.pointer, features: keepsFeatures ? features.pointer : nil)
                observer?(nil)
            }
        }
        guard end.load(ordering: .relaxed) == .max else { return nil }
        return Output(
            logits: logits.values(plan.classes), features: keepsFeatures ? features.values(plan.features) : nil)
    }

    /// Rows of the head's product that a thread makes before it sums them.
    static let headRows = 128
}

/// One thread's part in one pass.
struct PassPart {
    let plan: Plan
    let kernels: Kernels
    let arena: UnsafeMutablePointer<Float>
    let scratch: UnsafeMutablePointer<Float>
    /// Which of the team's threads: 0 is the one that called.
    let rank: Int
    let team: Team
    let shares: [TaskShare]

    /// Writes this thread's part of the padded input.
    func prepare(_ fill: (Range<Int>, UnsafeMutablePointer<Float>, Int) -> Void) {
        let stride = plan.paddedSide * 3
        let rows = share(of: plan.paddedSide)
        let input = address(plan.inputSlot)
        (input + rows.lowerBound * stride).update(repeating: 0, count: rows.count * stride)
        let own = rows.clamped(to: plan.padding..<(plan.padding + plan.inputSize))
        fill(
            (own.lowerBound - plan.padding)..<(own.upperBound - plan.padding),
            input + plan.padding * stride + plan.padding * 3, stride)
    }

    func run(_ operation: Plan.Operation) {
        switch operation {
        case .depthwise(let depthwise): run(depthwise)
        case .squeezeExcitation(let excitation): run(excitation)
        case .projection(let projection): run(projection)
        case .head(let head): run(head)
        }
    }

    func address(_ slot: Plan.Slot) -> UnsafeMutablePointer<Float> { arena + slot.offset }

    /// An activation in the precision that a product reads.
    func start(of tensor: Plan.Tensor, _ precision: Precision) -> UnsafeRawPointer {
        guard precision == .bf16 else { return UnsafeRawPointer(address(tensor.wide)) }
        guard let narrow = tensor.narrow else { preconditionFailure("nobody wrote this activation in bf16") }
        return UnsafeRawPointer(address(narrow))
    }

    func weights(_ place: Int) -> UnsafeRawPointer { plan.weights.start + place }

    func floats(_ place: Int) -> UnsafePointer<Float> { weights(place).assumingMemoryBound(to: Float.self) }

    /// This thread's even share of some things.
    func share(of count: Int) -> Range<Int> {
        (count * rank / team.size)..<(count * (rank + 1) / team.size)
    }

    /// Calls `body` for this thread's tasks of 0..<count, in order, and then for what others have not begun; with the task that follows
    /// in its own share, or the task itself where none does.
    func tasks(_ count: Int, _ body: (_ task: Int, _ following: Int) -> Void) {
        let own = share(of: count)
        shares[rank].set(own)
        while let task = shares[rank].takeFirst() { body(task, min(task + 1, own.upperBound - 1)) }
        for other in shares.indices where other != rank {
            while let task = shares[other].takeLast() { body(task, task) }
        }
    }

    /// One position through a matrix in fp32.
    func apply(
        _ block: PackedMatrix.Block, depth: Int, to input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
        _ activation: Activation
    ) {
        var step = mela_product(
            input: input, input_stride: depth, panel: weights(block.panel), last_steps: nil, bias: floats(block.bias),
            residual: nil,
            output: output, narrow: nil, output_stride: block.channels.width, vector_stride: Int(MELA_CHANNELS), rows: 1,
            depth: depth, width: block.channels.width,
            activation: activation.kernel, is_far: 0, coming: mela_coming())
        kernels.product(&step, .fp32)
    }
}
