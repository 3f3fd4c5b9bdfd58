import CKernels

/// Puts weights where kernels read them: gives each convolution its place, and fills the places once all are known.
struct Packing {
    /// A convolution's weights, (channels, depth) row by row, and one bias a channel.
    struct Values {
        var weights: [Float]
        var bias: [Float]
    }

    /// What fills one convolution's places.
    struct Recipe: Sendable {
        var matrix: PackedMatrix
        var channels: Int
        var kernels: Kernels
        /// Of a bf16 convolution's inputs; the shift that rounding its weights brings is taken out of the bias.
        var inputMeans: InputMeans?
        var values: @Sendable () throws(ModelError) -> Values
    }

    private(set) var byteCount = 0
    private(set) var recipes: [Recipe] = []

    /// Takes so many bytes, from a cache line on.
    private mutating func place(_ bytes: Int) -> Int {
        defer { byteCount += (bytes + 63) / 64 * 64 }
        return byteCount
    }

    /// - Parameters:
    ///   - precision: of the panels; bf16 puts two neighbours of the depth side by side, which must be even.
    ///   - widest: the widest block wanted.
    mutating func add(
        channels: Int, depth: Int, precision: Precision, widest: Int = Int(MELA_WIDEST), kernels: Kernels,
        inputMeans: InputMeans? = nil,
        values: @escaping @Sendable () throws(ModelError) -> Values
    ) -> PackedMatrix {
        let tile = kernels.tileDepth(precision)
        let endsInside = tile > 0 && depth > tile && depth % tile != 0
        let blocks = ChannelBlock.blocks(of: channels, widest: widest).map { block in
            PackedMatrix.Block(
                channels: block, panel: place(depth * block.width * precision.size),
                lastSteps: endsInside ? place(tile * block.width * precision.size) : nil, bias: place(4 * block.width))
        }
        let matrix = PackedMatrix(depth: depth, precision: precision, blocks: blocks)
        recipes.append(
            Recipe(matrix: matrix, channels: channels, kernels: kernels, inputMeans: inputMeans, values: values))
        return matrix
    }
}

extension Packing.Recipe {
    /// Writes all panels and biases.
    /// - Throws: `ModelError.tensor`.
    func write(to start: UnsafeMutableRawPointer) throws(ModelError) {
        var values = try values()
        if matrix.precision == .bf16, let means = try inputMeans?.values() { correctBias(of: &values, inputMeans: means) }
        for block in matrix.blocks {
            let own = min(block.channels.width, channels - block.channels.first)
            let bias = (start + block.bias).assumingMemoryBound(to: Float.self)
            bias.initialize(repeating: 0, count: block.channels.width)
            for channel in 0..<own { bias[channel] = values.bias[block.channels.first + channel] }
            let panel = panel(of: block.channels, own: own, values.weights)
            switch matrix.precision {
            case .fp32: (start + block.panel).assumingMemoryBound(to: Float.self).initialize(from: panel, count: panel.count)
            case .bf16:
                kernels.table.pointee.bf16_narrow(
                    panel, panel.count, (start + block.panel).assumingMemoryBound(to: UInt16.self), panel.count, 1, panel.count)
            }
            if let lastSteps = block.lastSteps {
                let row = block.channels.width * matrix.precision.size
                let tile = kernels.tileDepth(matrix.precision)
                let rest = matrix.depth % tile
                (start + lastSteps).initializeMemory(as: UInt8.self, repeating: 0, count: (tile - rest) * row)
                (start + lastSteps + (tile - rest) * row).copyMemory(
                    from: start + block.panel + (matrix.depth - rest) * row, byteCount: rest * row)
            }
        }
    }

    private func correctBias(of values: inout Packing.Values, inputMeans: [Double]) {
        let count = values.weights.count
        var narrow = [UInt16](repeating: 0, count: count)
        var rounded = [Float](repeating: 0, count: count)
        kernels.table.pointee.bf16_narrow(values.weights, count, &narrow, count, 1, count)
        kernels.table.pointee.bf16_widen(narrow, &rounded, count)
        for channel in 0..<channels {
            let row = channel * matrix.depth
            let shift = inputMeans.indices.reduce(0.0) {
                $0 + Double(values.weights[row + $1] - rounded[row + $1]) * inputMeans[$1]
            }
            values.bias[channel] += Float(shift)
        }
    }

    /// The weights of a block's channels, the depth outermost; in pairs of the depth for bf16.
    private func panel(of block: ChannelBlock, own: Int, _ weights: [Float]) -> [Float] {
        let pair = matrix.precision == .bf16 ? 2 : 1
        let depth = matrix.depth
        return [Float](unsafeUninitializedCapacity: depth * block.width) { panel, count in
            panel.initialize(repeating: 0)
            weights.withUnsafeBufferPointer { weights in
                // A few columns of all channels at a time: what is read and what is written both stay in the nearest cache.
                for first in stride(from: 0, to: depth, by: Self.columns) {
                    for channel in 0..<own {
                        let row = (block.first + channel) * depth
                        for k in first..<min(first + Self.columns, depth) {
                            panel[(k / pair * block.width + channel) * pair + k % pair] = weights[row + k]
                        }
                    }
                }
            }
            count = depth * block.width
        }
    }

    private static let columns = 16
}
