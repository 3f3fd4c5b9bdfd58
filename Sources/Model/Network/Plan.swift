import CKernels

/// A network made ready to run: fused steps with their weights, and an offset for each activation in one arena.
///
/// The large matrices stay where they are, in the mapped file, so that plans of large networks cost little memory of their own.
/// Made once per member; read-only and shared by all threads from then on.
public final class Plan: @unchecked Sendable {
    /// One fused layer, and the part of the network it belongs to.
    struct Step {
        var stage: String
        var operation: Operation
    }

    /// What a step computes. Slots name activations; small weights are packed for the kernel that reads them.
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
        /// (outputChannels, inputChannels), as in the checkpoint
        var weights: WeightMatrix
        /// Room for narrow weights.
        var room: Slot?
        /// The batch norm's, one an output channel.
        var scale: FloatBuffer
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
        var reduceWeights: WeightMatrix
        var reduceBias: FloatBuffer
        var expandWeights: WeightMatrix
        var expandBias: FloatBuffer
        /// Room for narrow weights.
        var room: Slot?
    }

    struct Classify {
        var input: Slot
        var scratch: Slot
        var positions: Int
        var channels: Int
        /// Features of the patient's metadata, behind those of the image.
        var metadataFeatures: Int
        var classes: Int
        /// (classes, channels + metadataFeatures)
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

    /// Reads all weights, folds the batch norms of the small ones and packs them.
    ///
    /// - Parameter metadataFeatures: values that `Executor.run` is given beside each image.
    /// - Throws: `ModelError.tensor` for a missing or misshapen one.
    public init(
        architecture: Architecture, classes: Int, inputSize: Int, metadataFeatures: Int = 0, weights: some WeightSource
    ) throws(ModelError) {
        guard (32...2048).contains(inputSize) else { throw .manifest("inputSize \(inputSize) is not in 32...2048") }
        var builder = PlanBuilder(architecture: architecture, inputSize: inputSize, weights: weights)
        try EfficientNet(architecture: architecture, classes: classes, metadataFeatures: metadataFeatures).build(
            &builder, inputSize: inputSize)
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
