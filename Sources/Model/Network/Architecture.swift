import FoundationEssentials

/// What distinguishes one EfficientNet from another, worked out from its timm or geffnet name.
///
/// Sources: Tan and Le 2019 (arXiv 1905.11946) for B0...B7, arXiv 1911.09665 for B8, TensorFlow's EfficientNet-Lite; widths,
/// depths and paddings as in geffnet and timm, with which the logits agree.
public struct Architecture: Equatable, Sendable {
    /// How a convolution treats what lies outside its input.
    public enum Padding: String, Sendable {
        /// (k - 1) / 2 zeros on every side.
        case symmetric
        /// TensorFlow's SAME: as many zeros as the output's size needs, the odd one below and to the right.
        case same
    }

    /// One row of the table of stages.
    public struct Stage: Equatable, Sendable {
        public var repeats: Int
        public var kernel: Int
        public var stride: Int
        public var expansion: Int
        public var channels: Int
    }

    public var name: String
    /// "b0" to "b8", "lite0" to "lite4".
    public var size: String
    public var padding: Padding
    public var batchNormEpsilon: Double
    public var activation: Activation
    public var hasSqueezeExcitation: Bool
    public var stemChannels: Int
    public var stages: [Stage]
    public var headChannels: Int
    /// The input size that SAME paddings are worked out for, where that is not the network's own: efficientnet_pytorch fixes them when
    /// a network is made (its `Conv2dStaticSamePadding`).
    public var paddingSize: Int?

    /// - Parameter name: such as `tf_efficientnet_b7_ns`, `efficientnet_b1`, `tf_efficientnet_lite0`, `tf_efficientnet_b0.ns_jft_in1k`.
    ///   What follows the size names a training recipe, which leaves the network as it is.
    /// - Throws: `ModelError.architecture`.
    public init(name: String) throws(ModelError) {
        var rest = Substring(name)
        let isTensorFlow = rest.hasPrefix("tf_")
        if isTensorFlow { rest = rest.dropFirst(3) }
        guard rest.hasPrefix("efficientnet_") else { throw .architecture(name) }
        rest = rest.dropFirst("efficientnet_".count)
        let size = rest.prefix { $0 != "_" && $0 != "." }
        guard let scaling = Self.scalings[String(size)] else { throw .architecture(name) }
        let isLite = size.hasPrefix("lite")

        self.name = name
        self.size = String(size)
        padding = isTensorFlow ? .same : .symmetric
        batchNormEpsilon = isTensorFlow ? 1e-3 : 1e-5
        activation = isLite ? .relu6 : .silu
        hasSqueezeExcitation = !isLite
        stemChannels = isLite ? 32 : Self.rounded(32, times: scaling.width)
        headChannels = isLite ? 1280 : Self.rounded(1280, times: scaling.width)
        stages = Self.baseline.enumerated().map { index, stage in
            var stage = stage
            stage.channels = Self.rounded(stage.channels, times: scaling.width)
            // The Lite variants leave the first and the last stage as they are.
            if !(isLite && (index == 0 || index == Self.baseline.count - 1)) {
                stage.repeats = Int((Double(stage.repeats) * scaling.depth).rounded(.up))
            }
            return stage
        }
    }

    /// B0, from which all others are scaled.
    private static let baseline = [
        Stage(repeats: 1, kernel: 3, stride: 1, expansion: 1, channels: 16),
        Stage(repeats: 2, kernel: 3, stride: 2, expansion: 6, channels: 24),
        Stage(repeats: 2, kernel: 5, stride: 2, expansion: 6, channels: 40),
        Stage(repeats: 3, kernel: 3, stride: 2, expansion: 6, channels: 80),
        Stage(repeats: 3, kernel: 5, stride: 1, expansion: 6, channels: 112),
        Stage(repeats: 4, kernel: 5, stride: 2, expansion: 6, channels: 192),
        Stage(repeats: 1, kernel: 3, stride: 1, expansion: 6, channels: 320),
    ]

    /// The sizes that there are, "b0" to "b8" and "lite0" to "lite4".
    public static var sizes: [String] { scalings.keys.sorted() }

    private static let scalings: [String: (width: Double, depth: Double)] = [
        "b0": (1.0, 1.0), "b1": (1.0, 1.1), "b2": (1.1, 1.2), "b3": (1.2, 1.4), "b4": (1.4, 1.8), "b5": (1.6, 2.2),
        "b6": (1.8, 2.6), "b7": (2.0, 3.1), "b8": (2.2, 3.6),
        "lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2), "lite3": (1.2, 1.4), "lite4": (1.4, 1.8),
    ]

    /// The nearest multiple of 8, but never more than a tenth below the exact value.
    private static func rounded(_ channels: Int, times factor: Double) -> Int {
        let exact = Double(channels) * factor
        var rounded = max(8, Int(exact + 4) / 8 * 8)
        if Double(rounded) < 0.9 * exact { rounded += 8 }
        return rounded
    }
}
