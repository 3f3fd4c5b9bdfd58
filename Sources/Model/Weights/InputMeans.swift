#if canImport(Glibc)
    import Glibc
#endif

/// What a convolution's inputs are on average, told by the batch norms before it alone.
///
/// Rounded weights shift an output by the sum of their roundings times their inputs. The shift's mean can be taken out of the bias
/// beforehand, and no photo is needed for it: a batch norm's outputs have its bias as their mean and its weight as their deviation
/// (Nagel 2019, arXiv 1906.04721, section 4.2.1: bias correction).
struct InputMeans: Sendable {
    /// One a channel.
    let values: @Sendable () throws(ModelError) -> [Double]

    /// Of an activation that is a batch norm's output, and that to which it is added.
    static func normalized(
        _ norm: String, channels: Int, adding other: InputMeans?, from weights: some WeightSource
    ) -> InputMeans {
        InputMeans { () throws(ModelError) in
            let bias = try weights.values(of: norm + ".bias", shape: [channels])
            let others = try other?.values() ?? [Double](repeating: 0, count: channels)
            return zip(bias, others).map { Double($0) + $1 }
        }
    }

    /// Of a batch norm's output, taken as normally distributed, after the activation.
    static func activated(
        _ norm: String, _ activation: Activation, channels: Int, from weights: some WeightSource
    ) -> InputMeans {
        InputMeans { () throws(ModelError) in
            let bias = try weights.values(of: norm + ".bias", shape: [channels])
            let deviation = try weights.values(of: norm + ".weight", shape: [channels])
            return zip(bias, deviation).map { Self.mean(Double($0), Double($1), activation) }
        }
    }

    /// Of the same after a squeeze-and-excitation, whose gate is taken at the means.
    func gated(
        _ name: String, _ activation: Activation, reduced: Int, from weights: some WeightSource
    ) -> InputMeans {
        InputMeans { () throws(ModelError) in
            let means = try values()
            let inner = try Self.linear(name + "conv_reduce", means, outputs: reduced, from: weights).map { activation.value($0) }
            let gate = try Self.linear(name + "conv_expand", inner, outputs: means.count, from: weights)
            return zip(means, gate).map { $0 * Activation.sigmoid.value($1) }
        }
    }

    private static func linear(
        _ name: String, _ input: [Double], outputs: Int, from weights: some WeightSource
    ) throws(ModelError) -> [Double] {
        let matrix = try weights.values(of: name + ".weight", shape: [outputs, input.count, 1, 1])
        let bias = try weights.values(of: name + ".bias", shape: [outputs])
        return (0..<outputs).map { row in
            input.indices.reduce(Double(bias[row])) { $0 + Double(matrix[row * input.count + $1]) * input[$1] }
        }
    }

    /// The mean of activation(x) for normal x, by the trapezoidal rule over four deviations.
    private static func mean(_ centre: Double, _ deviation: Double, _ activation: Activation) -> Double {
        let points = stride(from: -4.0, through: 4, by: 0.125)
        let densities = points.map { exp(-$0 * $0 / 2) }
        let sum = zip(points, densities).reduce(0) { $0 + $1.1 * activation.value(centre + deviation * $1.0) }
        return sum / densities.reduce(0, +)
    }
}

extension Activation {
    /// Its value, as it is defined.
    fileprivate func value(_ x: Double) -> Double {
        switch self {
        case .identity: x
        case .relu6: min(max(x, 0), 6)
        case .silu: x / (1 + exp(-x))
        case .sigmoid: 1 / (1 + exp(-x))
        }
    }
}
