import CKernels

/// Builds a plan: fuses layers into steps, folds batch norms, and gives each weight and each activation its place.
///
/// A layer that the next one swallows is held back in its `Value` until that comes.
struct PlanBuilder<Source: WeightSource>: LayerBuilder {
    struct Value {
        var shape: Shape
        var form: Form
        /// What is known of its values beforehand.
        var means: InputMeans?
    }

    /// What is known of an activation.
    enum Form {
        /// The stem's, a row at a time.
        case image(PackedMatrix)
        /// In the arena.
        case stored(Plan.Tensor)
        /// A pointwise convolution's of another, a row at a time.
        case expansion(PackedMatrix, Activation, of: Plan.Tensor)
        /// A depthwise convolution's, in the arena, by the number of its step, and of the squeeze-and-excitation that took its sums.
        case depthwise(step: Int, excitation: Int?)
    }

    private let architecture: Architecture
    /// Of all but narrow layers.
    private let precision: Precision
    private let kernels: Kernels
    private let threads: Int
    private let weights: Source
    private var stage = ""
    private var steps: [Plan.Step] = []
    private var arena = ArenaLayout()
    private(set) var packing = Packing()
    private(set) var scratchCount = 0
    private(set) var paddedSide = 0
    private(set) var stemPadding = 0
    private var inputSlot = Plan.Slot(id: 0)
    /// The side of the activation for which paddings are worked out: the network's own, unless they were fixed for another input.
    private var nominalSide: Int

    init(
        architecture: Architecture, inputSize: Int, precision: Precision, kernels: Kernels, threads: Int, weights: Source
    ) {
        self.architecture = architecture
        self.precision = precision
        self.kernels = kernels
        self.threads = threads
        self.weights = weights
        nominalSide = architecture.paddingSize ?? inputSize
    }

    func shape(of value: Value) -> Shape { value.shape }

    mutating func enter(stage: String) {
        self.stage = stage
    }

    mutating func stem(_ name: String, norm: String, input: Shape, channels: Int) -> Value {
        let geometry = geometry(of: input, kernel: 3, stride: 2)
        paddedSide = 2 * geometry.outputWidth + 1
        stemPadding = geometry.padLeft
        inputSlot = newSlot(paddedSide * paddedSide * 3)
        arena.use(inputSlot.id, at: 0)
        let matrix = pack(name, norm: norm, shape: [channels, 3, 3, 3], precision: .fp32) { tap in
            tap % 9 % 3 * 9 + tap % 9 / 3 * 3 + tap / 9  // (input channel, row, column) to (column, row, input channel)
        }
        return Value(
            shape: Shape(channels: channels, height: geometry.outputHeight, width: geometry.outputWidth), form: .image(matrix))
    }

    mutating func pointwise(
        _ input: Value, _ name: String, norm: String, channels: Int, activation: Activation, adding residual: Value?
    ) -> Value {
        let shape = Shape(channels: channels, height: input.shape.height, width: input.shape.width)
        let precision = precision(of: min(channels, input.shape.channels))
        var widest = Int(MELA_WIDEST)
        if case .depthwise = input.form, input.shape.channels > Self.deep { widest = 32 }
        let matrix = pack(
            name, norm: norm, shape: [channels, input.shape.channels, 1, 1], precision: precision, widest: widest,
            inputMeans: input.means)
        switch input.form {
        case .stored(let tensor):
            precondition(residual == nil, "no EfficientNet adds to an expansion")
            return Value(shape: shape, form: .expansion(matrix, activation, of: tensor))
        case .depthwise(let step, let excitation):
            let output = newTensor(shape)
            var addend: Plan.Tensor?
            if case .stored(let tensor) = residual?.form { addend = tensor }
            let (slot, isLarge) = narrowOutput(ofDepthwise: step, to: precision)
            let scaled = excitation.flatMap { scale(slot, or: matrix, positions: shape.positions, excitation: $0) }
            append(
                .projection(
                    Plan.Projection(
                        input: slot, matrix: matrix, scaledWeights: scaled, positions: shape.positions, residual: addend,
                        output: output, chunks: chunks(of: matrix, positions: shape.positions),
                        isLarge: isLarge)),
                uses: [slot, scaled, addend?.wide, output.wide, output.narrow],
                multiplyAdds: shape.elements * input.shape.channels,
                bytes: input.shape.elements * precision.size + bytes(of: matrix)
                    + shape.elements * (addend == nil ? 4 : 8))
            return Value(
                shape: shape, form: .stored(output),
                means: .normalized(norm, channels: channels, adding: residual?.means, from: weights))
        case .image, .expansion: preconditionFailure("no EfficientNet has two pointwise convolutions in a row")
        }
    }

    /// Layers with few inputs or outputs stay in fp32: few roundings do not cancel out, whatever follows sees all of them, and such
    /// layers are a small part of the arithmetic.
    private func precision(of channels: Int) -> Precision { channels < 32 ? .fp32 : precision }

    /// A depthwise convolution writes what the projection after it reads; returns that, and whether it is larger than the caches.
    private mutating func narrowOutput(ofDepthwise step: Int, to precision: Precision) -> (Plan.Slot, isLarge: Bool) {
        guard case .depthwise(var depthwise) = steps[step].operation else { preconditionFailure("this step is another") }
        let count = depthwise.geometry.outputHeight * depthwise.geometry.outputWidth * depthwise.outputStride
        depthwise.precision = precision
        depthwise.isLarge = count * precision.size > Self.cacheBytes
        steps[step].operation = .depthwise(depthwise)
        steps[step].bytes += count * precision.size
        return (depthwise.output, depthwise.isLarge)
    }

    /// Has a squeeze-and-excitation multiply its gate into a projection's input or into its weights, whose new place it returns. Weights
    /// count twice, as every thread reads all of them, but only its own part of the input.
    private mutating func scale(_ input: Plan.Slot, or matrix: PackedMatrix, positions: Int, excitation number: Int) -> Plan.Slot?
    {
        guard case .squeezeExcitation(var excitation) = steps[number].operation else {
            preconditionFailure("this step is another")
        }
        let channels = matrix.blocks.reduce(0) { $0 + $1.channels.width }
        var scaled: Plan.Slot?
        if positions < 2 * channels {
            excitation.scale = .input(input, stride: ChannelBlock.stride(of: matrix.depth), matrix.precision)
            arena.use(input.id, at: number)
        } else {
            let slot = newSlot(channels * matrix.depth * matrix.precision.size / 4)
            excitation.scale = .weights(matrix, into: slot)
            arena.use(slot.id, at: number)
            scaled = slot
        }
        steps[number].operation = .squeezeExcitation(excitation)
        return scaled
    }

    /// As many chunks of a projection's rows as give each thread enough tasks, and leave what a chunk reads in the second-level cache
    /// while it meets one block of weights after the other.
    private func chunks(of matrix: PackedMatrix, positions: Int) -> Int {
        let bytes = positions * ChannelBlock.stride(of: matrix.depth) * matrix.precision.size
        let cached = matrix.blocks.count == 1 ? 1 : (2 * bytes + Processor.cacheBytes - 1) / Processor.cacheBytes
        return max(1, min(max(Self.tasks(for: threads) / matrix.blocks.count, cached), positions / 32))
    }

    /// From so many input channels on a projection's blocks are narrower, so that a block's weights stay in the second-level cache.
    private static var deep: Int { 2400 }

    /// Enough that threads which are held up now and then still finish together.
    private static func tasks(for threads: Int) -> Int { threads == 1 ? 1 : 8 * threads }

    mutating func depthwise(
        _ input: Value, _ name: String, norm: String, kernel: Int, stride: Int, activation: Activation
    ) -> Value {
        let geometry = geometry(of: input.shape, kernel: kernel, stride: stride)
        let shape = Shape(
            channels: input.shape.channels, height: geometry.outputHeight, width: geometry.outputWidth)
        let matrix = pack(name, norm: norm, shape: [shape.channels, 1, kernel, kernel], precision: .fp32)
        let strips = strips(rows: shape.height, blocks: matrix.blocks.count, geometry: geometry)
        let sums = newSlot(strips * ChannelBlock.stride(of: shape.channels))
        let output = newSlot(shape.positions * ChannelBlock.stride(of: shape.channels))
        let (source, uses, madds, read): (Plan.Depthwise.Source, [Plan.Slot?], Int, Int) =
            switch input.form {
            case .image(let stem):
                (.image(stem, architecture.activation), [inputSlot], input.shape.elements * 27, paddedSide * paddedSide * 12)
            case .expansion(let expand, let activation, let tensor):
                (
                    .expansion(expand, activation, tensor), [tensor.wide, tensor.narrow], input.shape.elements * expand.depth,
                    input.shape.positions * expand.depth * expand.precision.size + bytes(of: expand)
                )
            case .stored(let tensor): (.activation(tensor), [tensor.wide], 0, input.shape.elements * 4)
            case .depthwise: preconditionFailure("no EfficientNet has two depthwise convolutions in a row")
            }
        let step = Plan.Depthwise(
            source: source, weights: matrix, output: output, precision: .fp32, sums: sums, inputShape: input.shape,
            geometry: geometry,
            activation: activation, strips: strips, isLarge: false)
        reserve((kernel + 1) * step.rowPixels * Int(MELA_WIDEST) + 9 * paddedSide)
        append(
            .depthwise(step), uses: uses + [output, sums], multiplyAdds: madds + shape.elements * kernel * kernel,
            bytes: read + bytes(of: matrix))
        return Value(
            shape: shape, form: .depthwise(step: steps.count - 1, excitation: nil),
            means: .activated(norm, activation, channels: shape.channels, from: weights))
    }

    /// What is written and of this size will have left the caches before it is read.
    private static var cacheBytes: Int { 16 << 20 }

    /// As many strips of rows as make the threads' shares even, against the rows that neighbouring strips both make.
    private func strips(rows: Int, blocks: Int, geometry: ConvolutionGeometry) -> Int {
        func cost(_ strips: Int) -> Double {
            let tasks = Double(strips * blocks)
            let share = (tasks / Double(threads)).rounded(.up) / (tasks / Double(threads))
            let overlap = Double((strips - 1) * max(geometry.kernel - geometry.stride, 0))
            return share * (1 + overlap / Double(rows * geometry.stride))
        }
        return (1...max(1, min(4 * threads, rows / 2))).min { cost($0) < cost($1) } ?? 1
    }

    mutating func squeezeExcitation(_ input: Value, _ name: String, reduced: Int) -> Value {
        guard case .depthwise(let number, _) = input.form, case .depthwise(let depthwise) = steps[number].operation else {
            preconditionFailure("no EfficientNet squeezes anything but a depthwise convolution's output")
        }
        let channels = input.shape.channels
        let reduce = pack(name + "conv_reduce", norm: nil, shape: [reduced, channels, 1, 1], precision: .fp32)
        let expand = pack(name + "conv_expand", norm: nil, shape: [channels, reduced, 1, 1], precision: .fp32)
        let inner = newSlot(ChannelBlock.stride(of: reduced))
        let gate = newSlot(ChannelBlock.stride(of: channels))
        reserve(ChannelBlock.stride(of: channels))
        append(
            .squeezeExcitation(
                Plan.SqueezeExcitation(
                    sums: depthwise.sums, strips: depthwise.strips, positions: input.shape.positions, channels: channels,
                    activation: architecture.activation, reduce: reduce, expand: expand, reduced: inner, gate: gate, scale: nil)),
            uses: [depthwise.sums, inner, gate], multiplyAdds: 2 * channels * reduced,
            bytes: bytes(of: reduce) + bytes(of: expand))
        return Value(
            shape: input.shape, form: .depthwise(step: number, excitation: steps.count - 1),
            means: input.means?.gated(name, architecture.activation, reduced: reduced, from: weights))
    }

    mutating func classify(_ input: Value, _ name: String, metadataFeatures: Int, classes: Int) {
        guard case .expansion(let matrix, let activation, let tensor) = input.form else {
            preconditionFailure("every EfficientNet has a pointwise convolution before its classifier")
        }
        let features = input.shape.channels + metadataFeatures
        let classifier = pack(name, norm: nil, shape: [classes, features], precision: .fp32)
        let sums = newSlot(ChannelBlock.stride(of: input.shape.channels))
        reserve(Executor.headRows * Int(MELA_WIDEST))
        reserve(features + classifier.blocks.reduce(0) { $0 + $1.channels.width })
        append(
            .head(
                Plan.Head(
                    input: tensor, matrix: matrix, activation: activation,
                    positions: input.shape.positions, sums: sums, metadataFeatures: metadataFeatures, classifier: classifier)),
            uses: [tensor.wide, tensor.narrow, sums],
            multiplyAdds: input.shape.elements * matrix.depth + features * classes,
            bytes: input.shape.positions * matrix.depth * matrix.precision.size + bytes(of: matrix) + bytes(of: classifier))
    }

    /// The steps with every slot's offset filled in.
    func layout() -> (steps: [Plan.Step], input: Plan.Slot, arenaCount: Int) {
        let (offsets, count) = arena.offsets()
        let steps = steps.map { step in
            var step = step
            step.operation = step.operation.placed { Plan.Slot(id: $0.id, offset: offsets[$0.id]) }
            return step
        }
        return (steps, Plan.Slot(id: inputSlot.id, offset: offsets[inputSlot.id]), count)
    }

    /// Packs a convolution or linear layer: with the batch norm folded in, or with a bias of its own.
    /// - Parameter order: where each element of an output channel's weights goes.
    private mutating func pack(
        _ name: String, norm: String?, shape: [Int], precision: Precision, widest: Int = Int(MELA_WIDEST),
        inputMeans: InputMeans? = nil, order: (@Sendable (Int) -> Int)? = nil
    ) -> PackedMatrix {
        let (weights, epsilon, channels) = (weights, architecture.batchNormEpsilon, shape[0])
        let depth = shape.dropFirst().reduce(1, *)
        return packing.add(
            channels: channels, depth: depth, precision: precision, widest: widest, kernels: kernels, inputMeans: inputMeans
        ) {
            () throws(ModelError) in
            let stored = try weights.values(of: name + ".weight", shape: shape)
            guard let norm else {
                return Packing.Values(weights: stored, bias: try weights.values(of: name + ".bias", shape: [channels]))
            }
            let folded = try FoldedBatchNorm(norm, channels: channels, epsilon: epsilon, from: weights)
            return Packing.Values(weights: folded.scaling(stored, depth: depth, order: order), bias: folded.shift)
        }
    }

    private func bytes(of matrix: PackedMatrix) -> Int {
        matrix.blocks.reduce(0) { $0 + $1.channels.width } * matrix.depth * matrix.precision.size
    }

    private mutating func geometry(of input: Shape, kernel: Int, stride: Int) -> ConvolutionGeometry {
        let geometry = ConvolutionGeometry(
            input: input, kernel: kernel, stride: stride, padding: architecture.padding, nominalSide: nominalSide)
        if stride > 1 { nominalSide = (nominalSide + stride - 1) / stride }
        return geometry
    }

    private mutating func newTensor(_ shape: Shape) -> Plan.Tensor {
        let stride = ChannelBlock.stride(of: shape.channels)
        let count = shape.positions * stride
        return Plan.Tensor(
            wide: newSlot(count), narrow: precision(of: shape.channels) == .bf16 ? newSlot((count + 1) / 2) : nil, stride: stride)
    }

    private mutating func newSlot(_ count: Int) -> Plan.Slot {
        Plan.Slot(id: arena.add(count: count))
    }

    /// Each thread needs so many floats for itself.
    private mutating func reserve(_ count: Int) {
        scratchCount = max(scratchCount, count)
    }

    private mutating func append(_ operation: Plan.Operation, uses slots: [Plan.Slot?], multiplyAdds: Int, bytes: Int) {
        for slot in slots.compactMap({ $0 }) { arena.use(slot.id, at: steps.count) }
        steps.append(Plan.Step(stage: stage, operation: operation, multiplyAdds: multiplyAdds, bytes: bytes))
    }
}

extension Plan.Operation {
    /// The same with every slot replaced.
    fileprivate func placed(_ place: (Plan.Slot) -> Plan.Slot) -> Plan.Operation {
        func placed(_ tensor: Plan.Tensor) -> Plan.Tensor {
            Plan.Tensor(wide: place(tensor.wide), narrow: tensor.narrow.map(place), stride: tensor.stride)
        }
        switch self {
        case .depthwise(var depthwise):
            switch depthwise.source {
            case .image: break
            case .expansion(let matrix, let activation, let tensor):
                depthwise.source = .expansion(matrix, activation, placed(tensor))
            case .activation(let tensor): depthwise.source = .activation(placed(tensor))
            }
            depthwise.output = place(depthwise.output)
            depthwise.sums = place(depthwise.sums)
            return .depthwise(depthwise)
        case .squeezeExcitation(var excitation):
            excitation.sums = place(excitation.sums)
            excitation.reduced = place(excitation.reduced)
            excitation.gate = place(excitation.gate)
            switch excitation.scale {
            case .input(let slot, let stride, let precision): excitation.scale = .input(place(slot), stride: stride, precision)
            case .weights(let matrix, let slot): excitation.scale = .weights(matrix, into: place(slot))
            case nil: break
            }
            return .squeezeExcitation(excitation)
        case .projection(var projection):
            projection.input = place(projection.input)
            projection.scaledWeights = projection.scaledWeights.map(place)
            projection.residual = projection.residual.map(placed)
            projection.output = placed(projection.output)
            return .projection(projection)
        case .head(var head):
            head.input = placed(head.input)
            head.sums = place(head.sums)
            return .head(head)
        }
    }
}
