#if canImport(Glibc)
    import Glibc
#endif

/// The layers that turn a patient's metadata into features for the classifier: twice linear, batch norm, SiLU.
///
/// After `Effnet_Melanoma` in models.py of haqishen/SIIM-ISIC-Melanoma-Classification-1st-Place-Solution (arXiv 2010.05351): `meta.0`
/// and `meta.4` are linear, `meta.1` and `meta.5` batch norms with PyTorch's epsilon of 1e-5. Run once an analysis, in fp64.
struct MetadataNetwork: Sendable {
    /// weights (outputs, inputs), and what follows, one an output.
    private struct Layer: Sendable {
        var weights: [Float]
        var bias: [Float]
        var scale: [Double]
        var shift: [Float]
    }

    /// Each linear layer's name with its batch norm's.
    static let layerNames = [("meta.0", "meta.1"), ("meta.4", "meta.5")]
    private static let epsilon = 1e-5
    private let layers: [Layer]

    /// Features that it gives.
    var features: Int { layers.last?.bias.count ?? 0 }

    /// - Parameter inputs: how many values it takes.
    /// - Throws: `ModelError.tensor` for a missing or misshapen one.
    init(inputs: Int, from source: some WeightSource) throws(ModelError) {
        var layers: [Layer] = []
        var columns = inputs
        for (linear, norm) in Self.layerNames {
            guard let rows = source.shape(of: linear + ".weight")?.first else {
                throw .tensor(name: linear + ".weight", reason: "it is missing")
            }
            let folded = try FoldedBatchNorm(norm, channels: rows, epsilon: Self.epsilon, from: source)
            layers.append(
                Layer(
                    weights: try source.values(of: linear + ".weight", shape: [rows, columns]),
                    bias: try source.values(of: linear + ".bias", shape: [rows]), scale: folded.scale, shift: folded.shift))
            columns = rows
        }
        self.layers = layers
    }

    /// - Parameter inputs: as `MetadataInputs.values(for:)` gives them.
    func run(_ inputs: [Double]) -> [Float] {
        var values = inputs
        for layer in layers {
            values = layer.bias.indices.map { row in
                var sum = Double(layer.bias[row])
                for (column, value) in values.enumerated() { sum += Double(layer.weights[row * values.count + column]) * value }
                let normalized = sum * layer.scale[row] + Double(layer.shift[row])
                return normalized / (1 + exp(-normalized))
            }
        }
        return values.map { Float($0) }
    }
}
