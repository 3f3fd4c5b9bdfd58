import CKernels

/// Runs plans on one thread: holds that thread's arena, allocated once.
public final class Executor {
    private let kernels: Kernels
    private var arena: FloatBuffer

    /// - Parameter arenaCount: floats; at least the largest `arenaCount` of the plans that will run.
    public init(kernels: Kernels, arenaCount: Int) {
        self.kernels = kernels
        self.arena = FloatBuffer(count: arenaCount)
    }

    /// Called before each step and at the end, with the part of the network that follows; nil at the end.
    public typealias Observer = (_ next: (stage: String, kind: String)?) -> Void

    /// One pass.
    ///
    /// - Parameters:
    ///   - metadata: the features of the patient's metadata; as many as the plan asks for.
    ///   - fill: writes the input: rows of (inputSize, 3) floats at the given pointer, `stride` floats apart.
    ///   - observer: for measurements.
    /// - Returns: the logits, one a class.
    public func run(
        _ plan: Plan, metadata: [Float] = [], observer: Observer? = nil,
        fill: (_ first: UnsafeMutablePointer<Float>, _ stride: Int) -> Void
    ) -> [Float] {
        precondition(plan.arenaCount <= arena.count)
        let input = address(plan.inputSlot)
        let stride = plan.paddedSide * 3
        input.update(repeating: 0, count: plan.paddedSide * stride)
        fill(input + plan.padding * stride + plan.padding * 3, stride)
        var logits = [Float](repeating: 0, count: plan.classes)
        for step in plan.steps {
            observer?((step.stage, step.operation.kind))
            switch step.operation {
            case .stem(let stem): run(stem)
            case .pointwise(let pointwise): run(pointwise)
            case .depthwise(let depthwise): run(depthwise)
            case .squeezeExcitation(let excitation): run(excitation)
            case .classify(let classify):
                logits.withUnsafeMutableBufferPointer { run(classify, metadata: metadata, into: $0) }
            }
        }
        observer?(nil)
        return logits
    }

    private func address(_ slot: Plan.Slot) -> UnsafeMutablePointer<Float> {
        arena.pointer + slot.offset
    }

    private func run(_ stem: Plan.Stem) {
        var step = mela_stem(
            input: address(stem.input), weights: stem.weights.pointer, bias: stem.bias.pointer, output: address(stem.output),
            padded_width: Int32(stem.paddedSide), channels: Int32(stem.outputShape.channels),
            out_height: Int32(stem.outputShape.height), out_width: Int32(stem.outputShape.width),
            activation: stem.activation.kernel)
        kernels.table.pointee.f32_stem_k3s2(&step)
    }

    /// The product goes in blocks of rows, so that bias and activation find their block still in the cache.
    private func run(_ pointwise: Plan.Pointwise) {
        let input = address(pointwise.input)
        let output = address(pointwise.output)
        let residual = pointwise.residual.map(address)
        let weights = pointwise.weights.floats(in: pointwise.room.map(address), kernels)
        let block = max(64, Self.blockCount / pointwise.outputChannels)
        var row = 0
        while row < pointwise.positions {
            // A short last block would pay for packing the weights again: it joins the one before.
            let rows = pointwise.positions - row < 2 * block ? pointwise.positions - row : block
            MatrixProduct.multiply(
                input + row * pointwise.inputChannels, weights,
                into: output + row * pointwise.outputChannels, rows: rows, depth: pointwise.inputChannels,
                columns: pointwise.outputChannels)
            kernels.table.pointee.f32_scale_bias_activation(
                output + row * pointwise.outputChannels, pointwise.scale.pointer, pointwise.bias.pointer,
                residual.map { $0 + row * pointwise.outputChannels }, rows, pointwise.outputChannels,
                pointwise.activation.kernel)
            row += rows
        }
    }

    /// Floats of a block of a product's rows: half a megabyte, half of a common second-level cache.
    private static let blockCount = 128 * 1024

    private func run(_ depthwise: Plan.Depthwise) {
        let geometry = depthwise.geometry
        var step = mela_depthwise(
            input: address(depthwise.input), weights: depthwise.weights.pointer, bias: depthwise.bias.pointer,
            output: address(depthwise.output), height: Int32(depthwise.inputShape.height),
            width: Int32(depthwise.inputShape.width), channels: Int32(depthwise.inputShape.channels),
            out_height: Int32(geometry.outputHeight), out_width: Int32(geometry.outputWidth),
            pad_top: Int32(geometry.padTop), pad_left: Int32(geometry.padLeft))
        let function = kernels.table.pointee.f32_depthwise(
            Int32(geometry.kernel), Int32(geometry.stride), depthwise.activation.kernel)
        guard let function else { preconditionFailure("no EfficientNet has this depthwise convolution") }
        function(&step)
    }

    private func run(_ excitation: Plan.SqueezeExcitation) {
        let tensor = address(excitation.tensor)
        let mean = address(excitation.scratch)
        let scale = mean + excitation.channels
        let reduced = scale + excitation.channels
        let table = kernels.table.pointee
        table.f32_channel_mean(tensor, mean, excitation.positions, excitation.channels)
        let room = excitation.room.map(address)
        MatrixProduct.apply(
            excitation.reduceWeights.floats(in: room, kernels), to: mean, bias: nil, into: reduced, rows: excitation.reduced,
            columns: excitation.channels)
        table.f32_scale_bias_activation(
            reduced, nil, excitation.reduceBias.pointer, nil, 1, excitation.reduced, excitation.activation.kernel)
        MatrixProduct.apply(
            excitation.expandWeights.floats(in: room, kernels), to: reduced, bias: excitation.expandBias.pointer, into: scale,
            rows: excitation.channels, columns: excitation.reduced)
        table.f32_sigmoid(scale, excitation.channels)
        table.f32_scale_channels(tensor, scale, excitation.positions, excitation.channels)
    }

    private func run(_ classify: Plan.Classify, metadata: [Float], into logits: UnsafeMutableBufferPointer<Float>) {
        guard let output = logits.baseAddress else { return }
        precondition(metadata.count == classify.metadataFeatures)
        let mean = address(classify.scratch)
        (mean + classify.channels).update(from: metadata, count: metadata.count)
        kernels.table.pointee.f32_channel_mean(address(classify.input), mean, classify.positions, classify.channels)
        MatrixProduct.apply(
            classify.weights.pointer, to: mean, bias: classify.bias.pointer, into: output, rows: classify.classes,
            columns: classify.channels + classify.metadataFeatures)
    }
}
