import CKernels

/// A network made ready to run: fused steps, their packed weights, and a place for each activation in one arena.
///
/// Made once per member; read-only and shared by all threads from then on.
public final class Plan: @unchecked Sendable {
    /// Some layers that run as one, and the part of the network they belong to.
    struct Step {
        var stage: String
        var operation: Operation
        /// Multiply-adds, and the bytes that must be read and written at least: inputs, weights, outputs.
        var multiplyAdds = 0
        var bytes = 0
    }

    /// What a step computes.
    enum Operation {
        case depthwise(Depthwise)
        case squeezeExcitation(SqueezeExcitation)
        case projection(Projection)
        case head(Head)

        /// For measurements.
        var kind: String {
            switch self {
            case .depthwise(let depthwise):
                switch depthwise.source {
                case .image: "stem, depthwise"
                case .expansion: "expand, depthwise"
                case .activation: "depthwise"
                }
            case .squeezeExcitation: "squeeze-excitation"
            case .projection: "project"
            case .head: "head"
            }
        }
    }

    /// A depthwise convolution with what comes before it: rows of its input are made a block of channels at a time, kept for as long as
    /// windows reach them, and never written to memory. On the way the outputs are summed for the squeeze-and-excitation.
    struct Depthwise {
        /// Where the rows come from.
        enum Source {
            /// The stem: a dense 3x3 convolution at stride 2 of the network's input.
            case image(PackedMatrix, Activation)
            /// A pointwise convolution of an activation.
            case expansion(PackedMatrix, Activation, Tensor)
            /// An activation as it is.
            case activation(Tensor)
        }

        var source: Source
        /// (kernel * kernel) taps a channel, in the blocks of the source.
        var weights: PackedMatrix
        var output: Slot
        /// Of the output: what the projection reads.
        var precision: Precision
        /// (strips, channels): sums of the outputs over each strip of rows.
        var sums: Slot
        var inputShape: Shape
        var geometry: ConvolutionGeometry
        var activation: Activation
        /// Rows are shared out in so many strips.
        var strips: Int
        /// The output is larger than what caches hold.
        var isLarge: Bool

        /// Pixels of one row of the input with the padding's zeros, as the kernels want it.
        var rowPixels: Int {
            max((geometry.outputWidth - 1) * geometry.stride + geometry.kernel, geometry.padLeft + inputShape.width)
        }
        var outputStride: Int { ChannelBlock.stride(of: inputShape.channels) }
    }

    /// From the sums over all positions to one factor a channel.
    struct SqueezeExcitation {
        var sums: Slot
        var strips: Int
        var positions: Int
        var channels: Int
        var activation: Activation
        var reduce: PackedMatrix
        var expand: PackedMatrix
        var reduced: Slot
        var gate: Slot
        var scale: Scale?
    }

    /// What a gate is multiplied into: one of the projection's two factors (`PlanBuilder` chooses).
    enum Scale {
        /// The projection's input, in place.
        case input(Slot, stride: Int, Precision)
        /// The projection's weights, into a place of their own.
        case weights(PackedMatrix, into: Slot)
    }

    /// The pointwise convolution at a block's end.
    struct Projection {
        var input: Slot
        var matrix: PackedMatrix
        /// The weights with the gate in them, block by block.
        var scaledWeights: Slot?
        var positions: Int
        var residual: Tensor?
        var output: Tensor
        /// Rows are shared out in so many chunks.
        var chunks: Int
        /// The input is larger than what caches hold.
        var isLarge: Bool
    }

    /// The last pointwise convolution, its mean over all positions, and the classifier.
    struct Head {
        var input: Tensor
        var matrix: PackedMatrix
        var activation: Activation
        var positions: Int
        var sums: Slot
        /// Features of the patient's metadata, behind those of the image.
        var metadataFeatures: Int
        var classifier: PackedMatrix
    }

    /// An activation between blocks, (positions, channels up to a whole vector): in fp32, and beside it in bf16 where products read that.
    struct Tensor: Equatable {
        var wide: Slot
        var narrow: Slot?
        var stride: Int
    }

    /// A place in the arena: its offset in floats.
    struct Slot: Equatable {
        var id: Int
        var offset = 0
    }

    /// Width and height of the square input.
    public let inputSize: Int
    public let classes: Int
    /// What the classifier reads of the picture; those of the patient's metadata come on top.
    let features: Int
    public let precision: Precision
    /// Where the padded input lies, (paddedSide, paddedSide, 3) floats, and the zeros above and left.
    let paddedSide: Int
    let padding: Int
    let inputSlot: Slot
    let steps: [Step]
    let weights: PackedWeights
    /// Floats that all threads of an executor share, and floats that each has for itself.
    let arenaCount: Int
    let scratchCount: Int
    /// Multiply-adds of one pass, of the convolutions and the classifier.
    public let multiplyAdds: Int

    /// Reads all weights, folds the batch norms and packs them.
    ///
    /// - Parameters:
    ///   - metadataFeatures: values that `Executor.run` is given beside each image.
    ///   - threads: that will share a pass; the work is cut so that they finish together.
    ///   - cache: where packed weights are kept, and what tells these weights from all others.
    /// - Throws: `ModelError.tensor` for a missing or misshapen one.
    public init(
        architecture: Architecture, classes: Int, inputSize: Int, metadataFeatures: Int = 0, precision: Precision = .fp32,
        kernels: Kernels, threads: Int = 1, weights: some WeightSource,
        cache: (folder: PackedCache, fingerprint: String)? = nil
    ) throws(ModelError) {
        guard (32...2048).contains(inputSize) else { throw .manifest("inputSize \(inputSize) is not in 32...2048") }
        var builder = PlanBuilder(
            architecture: architecture, inputSize: inputSize, precision: precision, kernels: kernels, threads: threads,
            weights: weights)
        try EfficientNet(architecture: architecture, classes: classes, metadataFeatures: metadataFeatures).build(
            &builder, inputSize: inputSize)
        let layout = builder.layout()
        self.inputSize = inputSize
        self.classes = classes
        self.precision = precision
        paddedSide = builder.paddedSide
        padding = builder.stemPadding
        steps = layout.steps
        features =
            if case .head(let head) = layout.steps.last?.operation { head.classifier.depth - head.metadataFeatures } else { 0 }
        inputSlot = layout.input
        arenaCount = layout.arenaCount
        scratchCount = builder.scratchCount
        multiplyAdds = layout.steps.reduce(0) { $0 + $1.multiplyAdds }
        self.weights = try PackedWeights(
            builder.packing, cache: cache?.folder,
            key:
                "\(cache?.fingerprint ?? "") \(architecture.name) \(classes) \(metadataFeatures) \(precision.rawValue) \(kernels.tileDepth(precision))"
        )
    }
}
