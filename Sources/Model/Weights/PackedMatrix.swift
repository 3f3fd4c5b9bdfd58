import CKernels

/// Neighbouring output channels that a kernel works on together.
struct ChannelBlock: Equatable, Sendable {
    /// The first channel.
    var first: Int
    /// 16, 32 or 48 channels, of which those past the network's are zero.
    var width: Int

    /// As few blocks as there can be, evenly wide; no wider than `widest`.
    static func blocks(of channels: Int, widest: Int = Int(MELA_WIDEST)) -> [ChannelBlock] {
        let unit = Int(MELA_CHANNELS)
        let units = (channels + unit - 1) / unit
        let count = (units * unit + widest - 1) / widest
        return (0..<count).map { index in
            let first = units * index / count
            return ChannelBlock(first: first * unit, width: (units * (index + 1) / count - first) * unit)
        }
    }

    /// How far apart the positions of an activation lie: its channels, and zeros up to a whole vector.
    static func stride(of channels: Int) -> Int {
        (channels + Int(MELA_CHANNELS) - 1) / Int(MELA_CHANNELS) * Int(MELA_CHANNELS)
    }
}

/// A convolution's weights with the batch norm that follows folded in, block by block in the order a kernel reads them; all places are
/// bytes from the start of the plan's packed weights.
struct PackedMatrix: Equatable, Sendable {
    struct Block: Equatable, Sendable {
        var channels: ChannelBlock
        var panel: Int
        /// The panel's last steps once more where kernels want them so: `mela_product.last_steps`.
        var lastSteps: Int?
        var bias: Int
    }

    /// Input channels of a pointwise convolution, taps of a depthwise one.
    var depth: Int
    var precision: Precision
    var blocks: [Block]
}
