/// Builds a plan: folds batch norms, packs weights, gives each activation a slot and, at the end, an offset.
struct PlanBuilder<Source: WeightSource>: LayerBuilder {
    struct Value {
        var slot: Plan.Slot
        var shape: Shape
    }

    private let architecture: Architecture
    private let weights: Source
    private var stage = ""
    private var steps: [Plan.Step] = []
    private var arena = ArenaLayout()
    private(set) var multiplyAdds = 0
    private(set) var paddedSide = 0
    private(set) var stemPadding = 0
    private var inputSlot = Plan.Slot(id: 0)
    /// The side of the activation for which paddings are worked out: the network's own, unless they were fixed for another input.
    private var nominalSide: Int

    init(architecture: Architecture, inputSize: Int, weights: Source) {
        self.architecture = architecture
        self.weights = weights
        nominalSide = architecture.paddingSize ?? inputSize
    }

    func shape(of value: Value) -> Shape { value.shape }

    mutating func enter(stage: String) {
        self.stage = stage
    }

    mutating func stem(_ name: String, norm: String, input: Shape, channels: Int) throws(ModelError) -> Value {
        let geometry = geometry(of: input, kernel: 3, stride: 2)
        let output = Shape(channels: channels, height: geometry.outputHeight, width: geometry.outputWidth)
        let folded = try fold(norm, channels: channels)
        let values = try weights.values(of: name + ".weight", shape: [channels, 3, 3, 3])
        let packed = FloatBuffer(count: values.count)
        for out in 0..<channels {
            for tap in 0..<27 {  // tap = (input channel, row, column) in the checkpoint, (row, column, input channel) packed
                let packedTap = (tap % 9) * 3 + tap / 9
                packed.pointer[packedTap * channels + out] = Float(Double(values[out * 27 + tap]) * folded.scale[out])
            }
        }
        paddedSide = 2 * output.width + 1
        stemPadding = geometry.padLeft
        inputSlot = newSlot(paddedSide * paddedSide * 3)
        let result = newValue(output)
        multiplyAdds += output.elements * 27
        append(
            .stem(
                Plan.Stem(
                    input: inputSlot, output: result.slot, paddedSide: paddedSide, outputShape: output,
                    activation: architecture.activation, weights: packed, bias: FloatBuffer(folded.shift))),
            uses: [inputSlot, result.slot])
        return result
    }

    mutating func pointwise(
        _ input: Value, _ name: String, norm: String, channels: Int, activation: Activation, adding residual: Value?
    ) throws(ModelError) -> Value {
        let inputChannels = input.shape.channels
        let folded = try fold(norm, channels: channels)
        let matrix = try weights.matrix(of: name + ".weight", shape: [channels, inputChannels, 1, 1])
        let room = newRoom(matrix)
        let result = newValue(Shape(channels: channels, height: input.shape.height, width: input.shape.width))
        multiplyAdds += result.shape.elements * inputChannels
        append(
            .pointwise(
                Plan.Pointwise(
                    input: input.slot, output: result.slot, residual: residual?.slot, positions: input.shape.positions,
                    inputChannels: inputChannels, outputChannels: channels, activation: activation, weights: matrix, room: room,
                    scale: FloatBuffer(folded.scale.map { Float($0) }), bias: FloatBuffer(folded.shift))),
            uses: [input.slot, result.slot] + [residual?.slot, room].compactMap { $0 })
        return result
    }

    mutating func depthwise(
        _ input: Value, _ name: String, norm: String, kernel: Int, stride: Int, activation: Activation
    ) throws(ModelError) -> Value {
        let channels = input.shape.channels
        let geometry = geometry(of: input.shape, kernel: kernel, stride: stride)
        let folded = try fold(norm, channels: channels)
        let taps = kernel * kernel
        let values = try weights.values(of: name + ".weight", shape: [channels, 1, kernel, kernel])
        let packed = FloatBuffer(count: values.count)
        for channel in 0..<channels {
            for tap in 0..<taps {
                packed.pointer[tap * channels + channel] = Float(
                    Double(values[channel * taps + tap]) * folded.scale[channel])
            }
        }
        let result = newValue(Shape(channels: channels, height: geometry.outputHeight, width: geometry.outputWidth))
        multiplyAdds += result.shape.elements * taps
        append(
            .depthwise(
                Plan.Depthwise(
                    input: input.slot, output: result.slot, inputShape: input.shape, geometry: geometry,
                    activation: activation, weights: packed, bias: FloatBuffer(folded.shift))),
            uses: [input.slot, result.slot])
        return result
    }

    mutating func squeezeExcitation(_ input: Value, _ name: String, reduced: Int) throws(ModelError) -> Value {
        let channels = input.shape.channels
        let reduce = try weights.matrix(of: name + "conv_reduce.weight", shape: [reduced, channels, 1, 1])
        let reduceBias = try weights.values(of: name + "conv_reduce.bias", shape: [reduced])
        let expand = try weights.matrix(of: name + "conv_expand.weight", shape: [channels, reduced, 1, 1])
        let expandBias = try weights.values(of: name + "conv_expand.bias", shape: [channels])
        let scratch = newSlot(2 * channels + reduced)
        let room = newRoom(reduce, expand)
        multiplyAdds += 2 * channels * reduced
        append(
            .squeezeExcitation(
                Plan.SqueezeExcitation(
                    tensor: input.slot, scratch: scratch, positions: input.shape.positions, channels: channels,
                    reduced: reduced, activation: architecture.activation, reduceWeights: reduce,
                    reduceBias: FloatBuffer(reduceBias), expandWeights: expand, expandBias: FloatBuffer(expandBias), room: room)),
            uses: [input.slot, scratch] + [room].compactMap { $0 })
        return input
    }

    mutating func classify(_ input: Value, _ name: String, metadataFeatures: Int, classes: Int) throws(ModelError) {
        let channels = input.shape.channels
        let matrix = try weights.values(of: name + ".weight", shape: [classes, channels + metadataFeatures])
        let bias = try weights.values(of: name + ".bias", shape: [classes])
        let scratch = newSlot(channels + metadataFeatures)
        multiplyAdds += (channels + metadataFeatures) * classes
        append(
            .classify(
                Plan.Classify(
                    input: input.slot, scratch: scratch, positions: input.shape.positions, channels: channels,
                    metadataFeatures: metadataFeatures, classes: classes, weights: FloatBuffer(matrix), bias: FloatBuffer(bias))),
            uses: [input.slot, scratch])
    }

    /// The steps with every slot's offset filled in.
    func layout() -> (steps: [Plan.Step], input: Plan.Slot, arenaCount: Int) {
        let (offsets, count) = arena.offsets()
        func placed(_ slot: Plan.Slot) -> Plan.Slot { Plan.Slot(id: slot.id, offset: offsets[slot.id]) }
        let steps = steps.map { step in
            var step = step
            switch step.operation {
            case .stem(var stem):
                stem.input = placed(stem.input)
                stem.output = placed(stem.output)
                step.operation = .stem(stem)
            case .pointwise(var pointwise):
                pointwise.input = placed(pointwise.input)
                pointwise.output = placed(pointwise.output)
                pointwise.residual = pointwise.residual.map(placed)
                pointwise.room = pointwise.room.map(placed)
                step.operation = .pointwise(pointwise)
            case .depthwise(var depthwise):
                depthwise.input = placed(depthwise.input)
                depthwise.output = placed(depthwise.output)
                step.operation = .depthwise(depthwise)
            case .squeezeExcitation(var excitation):
                excitation.tensor = placed(excitation.tensor)
                excitation.scratch = placed(excitation.scratch)
                excitation.room = excitation.room.map(placed)
                step.operation = .squeezeExcitation(excitation)
            case .classify(var classify):
                classify.input = placed(classify.input)
                classify.scratch = placed(classify.scratch)
                step.operation = .classify(classify)
            }
            return step
        }
        return (steps, placed(inputSlot), count)
    }

    private func fold(_ norm: String, channels: Int) throws(ModelError) -> FoldedBatchNorm {
        try FoldedBatchNorm(norm, channels: channels, epsilon: architecture.batchNormEpsilon, from: weights)
    }

    private mutating func geometry(of input: Shape, kernel: Int, stride: Int) -> ConvolutionGeometry {
        let geometry = ConvolutionGeometry(
            input: input, kernel: kernel, stride: stride, padding: architecture.padding, nominalSide: nominalSide)
        if stride > 1 { nominalSide = (nominalSide + stride - 1) / stride }
        return geometry
    }

    /// Room for whichever of a step's matrices must be widened; they take turns in it.
    private mutating func newRoom(_ matrices: WeightMatrix...) -> Plan.Slot? {
        matrices.filter(\.isNarrow).map(\.count).max().map { newSlot($0) }
    }

    private mutating func newSlot(_ count: Int) -> Plan.Slot {
        Plan.Slot(id: arena.add(count: count))
    }

    private mutating func newValue(_ shape: Shape) -> Value {
        Value(slot: newSlot(shape.elements), shape: shape)
    }

    private mutating func append(_ operation: Plan.Operation, uses slots: [Plan.Slot]) {
        for slot in slots { arena.use(slot.id, at: steps.count) }
        steps.append(Plan.Step(stage: stage, operation: operation))
    }
}
