import Imaging
import Model

/// What to import, and how.
public struct ImportOptions: Sendable {
    /// How weights are stored. Batch norms, biases and the metadata layers stay fp32.
    public enum Storage: String, Sendable, CaseIterable {
        case fp32, fp16, bf16
    }

    /// Paths.
    public var files: [String]
    /// The bundle's folder.
    public var destination: String
    public var storage = Storage.fp32

    // What is said here is said of all files, and outweighs what their names say.
    public var architecture: String?
    public var inputSize: Int?
    public var classes: [String]?
    /// Empty: the networks take none.
    public var metadata: [String]?
    public var paddingSize: Int?
    /// The key of the weights in checkpoints that hold several.
    public var section: String?

    /// Means and deviations of pixel values in 0...1, for red, green and blue; nil: as they are published for the network.
    public var mean: [Double]?
    public var std: [Double]?
    /// How photos are brought to the networks' sizes. As trained, which for published networks mostly is `linear` on photos of nearly their
    /// own size; but what is much larger is averaged first.
    public var resize = Resize.areaThenLinear
    /// Builds PyTorch's variant of each TensorFlow network around its weights, and resizes by `linear`, as the original server does.
    public var asOriginal = false
    /// Each member's share in the mean; empty: equal shares.
    public var weights: [Double] = []
    public var target = "melanoma"
    public var operatingPoints: [OperatingPoint] = []
    public var defaults = Manifest.Defaults()
    public var name: String?
    public var licence: String?
    /// An existing bundle is replaced.
    public var replaces = false

    public init(files: [String], destination: String) {
        self.files = files
        self.destination = destination
    }
}
