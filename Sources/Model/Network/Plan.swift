import CKernels

/// A network made ready to run: fused steps with their packed weights, and an offset for each activation in one arena.
///
/// Made once per member; read-only and shared by all threads from then on.
public final class Plan: @unchecked Sendable {
    /// One fused layer, and the part of the network it belongs to.
    struct Step {
        var stage: String
        var operation: Operation
    }

    /// What a step computes. Slots name activations; weights are packed for the kernel that reads them.
    enum Operation {
        case stem(Stem)
        case pointwise(Pointwise)
        case depthwise(Depthwise)
        case squeezeExcitation(SqueezeExcitation)
        case classify(Classify)

        /// For measurements: "stem", "pointwise", "depthwise", "squeeze-excitation" or "classify".
        var kind: String {
            switch self {
            case .stem: "stem"
            case .pointwise: "pointwise"
            case .depthwise: "depthwise"
            case .squeezeExcitation: "squeeze-excitation"
            case .classify: "classify"
            }
        }
    }

    struct Stem {
        var input: Slot
        var output: Slot
        var paddedSide: Int
        var outputShape: Shape
        var activation: Activation
        /// (3, 3, 3, channels)
        var weights: FloatBuffer
        var bias: FloatBuffer
    }

    struct Pointwise {
        var input: Slot
        var output: Slot
        var residual: Slot?
        var positions: Int
        var inputChannels: Int
        var outputChannels: Int
        var activation: Activation
        /// (inputChannels, outputChannels)
        var weights: FloatBuffer
        var bias: FloatBuffer
    }

    struct Depthwise {
        var input: Slot
        var output: Slot
        var inputShape: Shape
        var geometry: ConvolutionGeometry
        var activation: Activation
        /// (kernel, kernel, channels)
        var weights: FloatBuffer
        var bias: FloatBuffer
    }

    struct SqueezeExcitation {
        /// Scaled in place.
        var tensor: Slot
        var scratch: Slot
        var positions: Int
        var channels: Int
        var reduced: Int
        var activation: Activation
        /// (reduced, channels) and (channels, reduced)
        var reduceWeights: FloatBuffer
        var reduceBias: FloatBuffer
        var expandWeights: FloatBuffer
        var expandBias: FloatBuffer
    }

    struct Classify {
        var input: Slot
        var scratch: Slot
        var positions: Int
        var channels: Int
        var classes: Int
        /// (classes, channels)
        var weights: FloatBuffer
        var bias: FloatBuffer
    }

    /// An activation's place: its offset in the arena, in floats.
    struct Slot: Equatable {
        var id: Int
        var offset = 0
    }

    /// Width and height of the square input.
    public let inputSize: Int
    public let classes: Int
    /// Where the padded input lies: the side of the padded square, and the zeros above and left.
    let paddedSide: Int
    let padding: Int
    let inputSlot: Slot
    let steps: [Step]
    /// Floats that a thread must provide.
    public let arenaCount: Int
    /// Multiply-adds of one pass, of the convolutions and the classifier.
    public let multiplyAdds: Int

    /// Reads, folds and packs all weights.
    ///
    /// - Throws: `ModelError.tensor` for a missing or misshapen one.
    public init(
        architecture: Architecture, classes: Int, inputSize: Int, weights: some WeightSource
    ) throws(ModelError) {
        guard (32...2048).contains(inputSize) else { throw .manifest("inputSize \(inputSize) is not in 32...2048") }
        var builder = PlanBuilder(architecture: architecture, weights: weights)
        try EfficientNet(architecture: architecture, classes: classes).build(&builder, inputSize: inputSize)
        let layout = builder.layout()
        self.inputSize = inputSize
        self.classes = classes
        paddedSide = builder.paddedSide
        padding = builder.stemPadding
        steps = layout.steps
        inputSlot = layout.input
        arenaCount = layout.arenaCount
        multiplyAdds = builder.multiplyAdds
    }
}
