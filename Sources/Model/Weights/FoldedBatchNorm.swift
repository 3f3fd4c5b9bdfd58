/// A batch norm at inference, as one factor and one summand a channel: y = x * scale + shift.
///
/// scale = weight / sqrt(variance + epsilon), shift = bias - mean * scale (Ioffe and Szegedy 2015), computed in fp64.
struct FoldedBatchNorm {
    var scale: [Double]
    var shift: [Float]

    init(_ name: String, channels: Int, epsilon: Double, from source: some WeightSource) throws(ModelError) {
        let weight = try source.values(of: name + ".weight", shape: [channels])
        let bias = try source.values(of: name + ".bias", shape: [channels])
        let mean = try source.values(of: name + ".running_mean", shape: [channels])
        let variance = try source.values(of: name + ".running_var", shape: [channels])
        scale = (0..<channels).map { Double(weight[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
        var shift: [Float] = []
        for channel in 0..<channels {
            guard scale[channel].isFinite else {
                throw .tensor(name: name + ".running_var", reason: "channel \(channel) is negative or not a number")
            }
            shift.append(Float(Double(bias[channel]) - Double(mean[channel]) * scale[channel]))
            guard shift[channel].isFinite else {
                throw .tensor(name: name + ".running_mean", reason: "channel \(channel) or its bias is not a number")
            }
        }
        self.shift = shift
    }

    /// The weights of the convolution before it, (channels, depth), each channel's times its scale.
    /// - Parameter order: where each element of a channel's weights goes; nil: where it is.
    func scaling(_ weights: [Float], depth: Int, order: ((Int) -> Int)?) -> [Float] {
        [Float](unsafeUninitializedCapacity: weights.count) { scaled, count in
            weights.withUnsafeBufferPointer { weights in
                for (channel, factor) in scale.enumerated() {
                    let row = channel * depth
                    if let order {
                        for k in 0..<depth { scaled[row + order(k)] = Float(Double(weights[row + k]) * factor) }
                    } else {
                        for k in row..<(row + depth) { scaled[k] = Float(Double(weights[k]) * factor) }
                    }
                }
            }
            count = weights.count
        }
    }
}
