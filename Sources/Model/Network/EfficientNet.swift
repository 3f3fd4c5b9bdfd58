/// An EfficientNet, written down once, top to bottom: whoever builds, runs or measures it does so through a `LayerBuilder`.
///
/// MBConv blocks after Sandler 2018 (arXiv 1801.04381), squeeze-and-excitation after Hu 2018 (arXiv 1709.01507). Names of the
/// layers are the keys of geffnet's and timm's checkpoints, which are the same.
struct EfficientNet {
    var architecture: Architecture
    var classes: Int
    /// Features of the patient's metadata that join those of the image before the classifier.
    var metadataFeatures = 0

    /// Applies the whole network to a square image of (3, inputSize, inputSize); the result are the logits (classes).
    func build<Builder: LayerBuilder>(_ builder: inout Builder, inputSize: Int) throws(ModelError) {
        let input = Shape(channels: 3, height: inputSize, width: inputSize)
        builder.enter(stage: "stem")
        var x = try builder.stem("conv_stem", norm: "bn1", input: input, channels: architecture.stemChannels)
        for (index, stage) in architecture.stages.enumerated() {
            builder.enter(stage: "blocks.\(index)")
            for block in 0..<stage.repeats {
                let stride = block == 0 ? stage.stride : 1
                x = try self.block("blocks.\(index).\(block).", stage, stride: stride, of: x, in: &builder)
            }
        }
        builder.enter(stage: "head")
        x = try builder.pointwise(
            x, "conv_head", norm: "bn2", channels: architecture.headChannels, activation: architecture.activation)
        try builder.classify(x, "classifier", metadataFeatures: metadataFeatures, classes: classes)
    }

    /// MBConv: expand (unless the expansion is 1), depthwise, squeeze-and-excitation, project; plus the input where shapes allow.
    private func block<Builder: LayerBuilder>(
        _ name: String, _ stage: Architecture.Stage, stride: Int, of input: Builder.Value, in builder: inout Builder
    ) throws(ModelError) -> Builder.Value {
        let width = builder.shape(of: input).channels
        let residual = stride == 1 && width == stage.channels ? input : nil
        let expands = stage.expansion > 1
        var x = input
        if expands {
            x = try builder.pointwise(
                x, name + "conv_pw", norm: name + "bn1", channels: width * stage.expansion, activation: architecture.activation)
        }
        x = try builder.depthwise(
            x, name + "conv_dw", norm: name + (expands ? "bn2" : "bn1"), kernel: stage.kernel, stride: stride,
            activation: architecture.activation)
        if architecture.hasSqueezeExcitation {
            x = try builder.squeezeExcitation(x, name + "se.", reduced: max(1, width / 4))
        }
        return try builder.pointwise(
            x, name + (expands ? "conv_pwl" : "conv_pw"), norm: name + (expands ? "bn3" : "bn2"), channels: stage.channels,
            activation: .identity, adding: residual)
    }
}

/// The layers that EfficientNets are made of. Every convolution is followed by a batch norm, named beside it.
protocol LayerBuilder {
    /// An activation of the network.
    associatedtype Value

    func shape(of value: Value) -> Shape
    /// What follows belongs to this stage of the network.
    mutating func enter(stage: String)
    /// Dense 3x3 convolution at stride 2 on the network's input.
    mutating func stem(_ name: String, norm: String, input: Shape, channels: Int) throws(ModelError) -> Value
    /// 1x1 convolution; `adding` is added after the activation.
    mutating func pointwise(
        _ input: Value, _ name: String, norm: String, channels: Int, activation: Activation, adding residual: Value?
    ) throws(ModelError) -> Value
    mutating func depthwise(
        _ input: Value, _ name: String, norm: String, kernel: Int, stride: Int, activation: Activation
    ) throws(ModelError) -> Value
    /// Scales each channel by sigmoid(expand(activation(reduce(mean over positions)))).
    mutating func squeezeExcitation(_ input: Value, _ name: String, reduced: Int) throws(ModelError) -> Value
    /// Mean over positions, the metadata's features behind it, then a linear layer: the logits.
    mutating func classify(_ input: Value, _ name: String, metadataFeatures: Int, classes: Int) throws(ModelError)
}

extension LayerBuilder {
    mutating func pointwise(
        _ input: Value, _ name: String, norm: String, channels: Int, activation: Activation
    ) throws(ModelError) -> Value {
        try pointwise(input, name, norm: norm, channels: channels, activation: activation, adding: nil)
    }
}
