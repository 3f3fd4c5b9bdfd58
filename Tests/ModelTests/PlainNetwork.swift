import Foundation

@testable import Model

/// The network as the papers write it: every convolution, batch norm and activation by itself, plain loops over (C, H, W).
struct PlainNetwork<Source: WeightSource>: LayerBuilder {
    struct Value {
        var shape: Shape
        var values: [Float]
    }

    var input: [Float]
    var epsilon: Double
    var padding: Architecture.Padding
    var activation: Activation
    var weights: Source
    /// Features of the patient's metadata.
    var metadata: [Float] = []
    private(set) var logits: [Float] = []

    init(input: [Float], epsilon: Double, padding: Architecture.Padding, activation: Activation, weights: Source) {
        self.input = input
        self.epsilon = epsilon
        self.padding = padding
        self.activation = activation
        self.weights = weights
    }

    func shape(of value: Value) -> Shape { value.shape }
    mutating func enter(stage: String) {}

    mutating func stem(_ name: String, norm: String, input shape: Shape, channels: Int) throws(ModelError) -> Value {
        let x = Value(shape: shape, values: input)
        let y = try convolution(x, name, channels: channels, kernel: 3, stride: 2, groups: 1)
        return try activated(normalized(y, norm), activation)
    }

    mutating func pointwise(
        _ input: Value, _ name: String, norm: String, channels: Int, activation: Activation, adding residual: Value?
    ) throws(ModelError) -> Value {
        let y = try convolution(input, name, channels: channels, kernel: 1, stride: 1, groups: 1)
        var result = try activated(normalized(y, norm), activation)
        if let residual {
            for index in result.values.indices { result.values[index] += residual.values[index] }
        }
        return result
    }

    mutating func depthwise(
        _ input: Value, _ name: String, norm: String, kernel: Int, stride: Int, activation: Activation
    ) throws(ModelError) -> Value {
        let channels = input.shape.channels
        let y = try convolution(input, name, channels: channels, kernel: kernel, stride: stride, groups: channels)
        return try activated(normalized(y, norm), activation)
    }

    mutating func squeezeExcitation(_ input: Value, _ name: String, reduced: Int) throws(ModelError) -> Value {
        let channels = input.shape.channels
        let mean = means(input)
        let reduce = try weights.values(of: name + "conv_reduce.weight", shape: [reduced, channels, 1, 1])
        let reduceBias = try weights.values(of: name + "conv_reduce.bias", shape: [reduced])
        let expand = try weights.values(of: name + "conv_expand.weight", shape: [channels, reduced, 1, 1])
        let expandBias = try weights.values(of: name + "conv_expand.bias", shape: [channels])
        let inner = linear(mean, reduce, reduceBias).map { apply(activation, $0) }
        let scale = linear(inner, expand, expandBias).map { 1 / (1 + exp(-$0)) }
        var result = input
        for index in result.values.indices { result.values[index] *= scale[index / input.shape.positions] }
        return result
    }

    mutating func classify(_ input: Value, _ name: String, metadataFeatures: Int, classes: Int) throws(ModelError) {
        let matrix = try weights.values(of: name + ".weight", shape: [classes, input.shape.channels + metadataFeatures])
        logits = linear(means(input) + metadata, matrix, try weights.values(of: name + ".bias", shape: [classes]))
    }

    private func means(_ x: Value) -> [Float] {
        (0..<x.shape.channels).map { channel in
            let plane = x.values[(channel * x.shape.positions)..<((channel + 1) * x.shape.positions)]
            return plane.reduce(0, +) / Float(x.shape.positions)
        }
    }

    private func linear(_ x: [Float], _ matrix: [Float], _ bias: [Float]) -> [Float] {
        bias.indices.map { row in
            zip(x, matrix[(row * x.count)...]).reduce(bias[row]) { $0 + $1.0 * $1.1 }
        }
    }

    private func convolution(
        _ x: Value, _ name: String, channels: Int, kernel: Int, stride: Int, groups: Int
    ) throws(ModelError) -> Value {
        let depth = x.shape.channels / groups
        let matrix = try weights.values(of: name + ".weight", shape: [channels, depth, kernel, kernel])
        func extent(_ size: Int) -> (output: Int, before: Int) {
            if padding == .symmetric { return ((size + 2 * (kernel / 2) - kernel) / stride + 1, kernel / 2) }
            let output = Int((Double(size) / Double(stride)).rounded(.up))
            return (output, max((output - 1) * stride + kernel - size, 0) / 2)
        }
        let (height, top) = extent(x.shape.height)
        let (width, left) = extent(x.shape.width)
        var result = Value(
            shape: Shape(channels: channels, height: height, width: width),
            values: [Float](repeating: 0, count: channels * height * width))
        for out in 0..<channels {
            let first = groups == 1 ? 0 : out
            for y in 0..<height {
                for column in 0..<width {
                    var sum: Float = 0
                    for d in 0..<depth {
                        for ky in 0..<kernel {
                            let row = y * stride + ky - top
                            guard (0..<x.shape.height).contains(row) else { continue }
                            for kx in 0..<kernel {
                                let source = column * stride + kx - left
                                guard (0..<x.shape.width).contains(source) else { continue }
                                sum +=
                                    x.values[((first + d) * x.shape.height + row) * x.shape.width + source]
                                    * matrix[((out * depth + d) * kernel + ky) * kernel + kx]
                            }
                        }
                    }
                    result.values[(out * height + y) * width + column] = sum
                }
            }
        }
        return result
    }

    private func normalized(_ x: Value, _ name: String) throws(ModelError) -> Value {
        let shape = [x.shape.channels]
        let weight = try weights.values(of: name + ".weight", shape: shape)
        let bias = try weights.values(of: name + ".bias", shape: shape)
        let mean = try weights.values(of: name + ".running_mean", shape: shape)
        let variance = try weights.values(of: name + ".running_var", shape: shape)
        var result = x
        for index in result.values.indices {
            let c = index / x.shape.positions
            result.values[index] = (x.values[index] - mean[c]) / (variance[c] + Float(epsilon)).squareRoot() * weight[c] + bias[c]
        }
        return result
    }

    private func activated(_ x: Value, _ activation: Activation) -> Value {
        Value(shape: x.shape, values: x.values.map { apply(activation, $0) })
    }

    private func apply(_ activation: Activation, _ x: Float) -> Float {
        switch activation {
        case .identity: x
        case .relu6: min(max(x, 0), 6)
        case .silu: x / (1 + exp(-x))
        case .sigmoid: 1 / (1 + exp(-x))
        }
    }
}
