/// The parameters of a network, with their shapes: what a checkpoint must hold to be used.
public struct ParameterList: Sendable {
    public struct Parameter: Sendable, Equatable {
        /// geffnet's name.
        public var name: String
        public var shape: [Int]

        public init(name: String, shape: [Int]) {
            self.name = name
            self.shape = shape
        }
    }

    public private(set) var parameters: [Parameter] = []

    /// - Parameters:
    ///   - metadataFeatures: columns of the classifier beyond those for the image.
    public init(architecture: Architecture, classes: Int, metadataFeatures: Int = 0) throws(ModelError) {
        // The shapes of parameters do not depend on the image's.
        try EfficientNet(architecture: architecture, classes: classes, metadataFeatures: metadataFeatures).build(
            &self, inputSize: 64)
    }

    private mutating func add(_ name: String, _ shape: Int...) {
        parameters.append(Parameter(name: name, shape: shape))
    }

    private mutating func add(norm name: String, _ channels: Int) {
        for kind in ["weight", "bias", "running_mean", "running_var"] { add(name + "." + kind, channels) }
    }

    /// The winners' metadata layers: `inputs` values in, `widths` features after each layer.
    public mutating func add(metadataInputs inputs: Int, widths: [Int]) {
        var columns = inputs
        for ((linear, norm), rows) in zip(MetadataNetwork.layerNames, widths) {
            add(linear + ".weight", rows, columns)
            add(linear + ".bias", rows)
            add(norm: norm, rows)
            columns = rows
        }
    }
}

extension ParameterList: LayerBuilder {
    func shape(of value: Shape) -> Shape { value }
    func enter(stage: String) {}

    mutating func stem(_ name: String, norm: String, input: Shape, channels: Int) -> Shape {
        add(name + ".weight", channels, 3, 3, 3)
        add(norm: norm, channels)
        return Shape(channels: channels, height: 1, width: 1)
    }

    mutating func pointwise(
        _ input: Shape, _ name: String, norm: String, channels: Int, activation: Activation, adding residual: Shape?
    ) -> Shape {
        add(name + ".weight", channels, input.channels, 1, 1)
        add(norm: norm, channels)
        return Shape(channels: channels, height: 1, width: 1)
    }

    mutating func depthwise(
        _ input: Shape, _ name: String, norm: String, kernel: Int, stride: Int, activation: Activation
    ) -> Shape {
        add(name + ".weight", input.channels, 1, kernel, kernel)
        add(norm: norm, input.channels)
        return input
    }

    mutating func squeezeExcitation(_ input: Shape, _ name: String, reduced: Int) -> Shape {
        add(name + "conv_reduce.weight", reduced, input.channels, 1, 1)
        add(name + "conv_reduce.bias", reduced)
        add(name + "conv_expand.weight", input.channels, reduced, 1, 1)
        add(name + "conv_expand.bias", input.channels)
        return input
    }

    mutating func classify(_ input: Shape, _ name: String, metadataFeatures: Int, classes: Int) {
        add(name + ".weight", classes, input.channels + metadataFeatures)
        add(name + ".bias", classes)
    }
}
