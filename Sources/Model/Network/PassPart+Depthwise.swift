import CKernels

extension PassPart {
    /// The rows of one block of channels that windows still reach, in a ring of as many as the kernel is high. A row is a plane for each
    /// vector of channels, (vectors, pixels, MELA_CHANNELS), or (pixels, width), as the kernels read it.
    private struct Ring {
        var start: UnsafeMutablePointer<Float>
        var count: Int
        var rowCount: Int
        /// Of the padding left of the picture.
        var padding: Int
        var pixelStride: Int
        var vectorStride: Int

        init(_ step: Plan.Depthwise, width: Int, kernels: Kernels, at start: UnsafeMutablePointer<Float>) {
            self.start = start
            count = step.geometry.kernel
            rowCount = step.rowPixels * width
            let channels = Int(MELA_CHANNELS)
            (pixelStride, vectorStride) = kernels.readsPlanes ? (channels, step.rowPixels * channels) : (width, channels)
            padding = step.geometry.padLeft * pixelStride
        }

        func row(_ index: Int) -> UnsafeMutablePointer<Float> { start + index % count * rowCount }
        func picture(_ index: Int) -> UnsafeMutablePointer<Float> { row(index) + padding }
        var zeros: UnsafeMutablePointer<Float> { start + count * rowCount }
    }

    func run(_ step: Plan.Depthwise) {
        let geometry = step.geometry
        guard
            let function = kernels.format(step.precision).depthwise(
                Int32(geometry.kernel), Int32(geometry.stride), step.activation.kernel)
        else { preconditionFailure("no EfficientNet has this depthwise convolution") }
        tasks(step.weights.blocks.count * step.strips) { task, following in
            let block = task / step.strips
            run(
                step, block: block, strip: task % step.strips,
                coming: weights(of: following / step.strips, after: block, of: step.source), function)
        }
    }

    /// The weights by which the rows of the following block are made.
    private func weights(of following: Int, after block: Int, of source: Plan.Depthwise.Source) -> mela_coming {
        switch source {
        case .image(let matrix, _), .expansion(let matrix, _, _):
            let panel = weights(matrix.blocks[following].panel)
            return mela_coming(matrix.blocks[following], of: matrix, at: panel, after: matrix.blocks[block])
        case .activation: return mela_coming()
        }
    }

    private func run(
        _ step: Plan.Depthwise, block: Int, strip: Int, coming: mela_coming, _ function: mela_depthwise_function
    ) {
        let geometry = step.geometry
        let weights = step.weights.blocks[block]
        let width = weights.channels.width
        let ring = Ring(step, width: width, kernels: kernels, at: scratch)
        // Rows are written between the padding only; the last row stays empty.
        scratch.update(repeating: 0, count: (geometry.kernel + 1) * ring.rowCount)
        let sums = address(step.sums) + strip * step.outputStride + weights.channels.first
        sums.update(repeating: 0, count: width)
        let first = geometry.outputHeight * strip / step.strips
        let end = geometry.outputHeight * (strip + 1) / step.strips
        let elementSize = step.precision.size
        var output =
            UnsafeMutableRawPointer(address(step.output))
            + (first * geometry.outputWidth * step.outputStride + weights.channels.first) * elementSize
        let rowCount = min(end * geometry.stride, step.inputShape.height) - first * geometry.stride
        var made = 0
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: geometry.kernel) { rows in
            guard let base = rows.baseAddress else { return }
            for y in first..<end {
                for tap in 0..<geometry.kernel {
                    let row = y * geometry.stride - geometry.padTop + tap
                    let isInside = (0..<step.inputShape.height).contains(row)
                    if isInside, row >= made {
                        let index = row - first * geometry.stride
                        make(row, of: step, block: block, coming: coming.part(index, of: rowCount), in: ring)
                        made = row + 1
                    }
                    (base + tap).initialize(to: isInside ? ring.row(row) : ring.zeros)
                }
                var outputs = mela_depthwise(
                    rows: base, weights: floats(weights.panel), bias: floats(weights.bias), output: output,
                    output_stride: step.outputStride, sum: sums, pixels: geometry.outputWidth, width: width,
                    pixel_stride: ring.pixelStride, vector_stride: ring.vectorStride, is_large: step.isLarge ? 1 : 0)
                function(&outputs)
                output += geometry.outputWidth * step.outputStride * elementSize
            }
        }
    }

    /// Makes one row of the convolution's input for a block of channels.
    private func make(_ row: Int, of step: Plan.Depthwise, block: Int, coming: mela_coming, in ring: Ring) {
        let columns = step.inputShape.width
        switch step.source {
        case .image(let matrix, let activation):
            let patches = ring.zeros + ring.rowCount
            gather(row, into: patches)
            // Windows overlap by one column: 27 floats every 18.
            multiply(patches, stride: 18, matrix, block: block, coming: coming, activation, pixels: columns, into: ring, row)
        case .expansion(let matrix, let activation, let tensor):
            let input = start(of: tensor, matrix.precision) + row * columns * tensor.stride * matrix.precision.size
            multiply(
                input, stride: tensor.stride, matrix, block: block, coming: coming, activation, pixels: columns, into: ring, row)
        case .activation(let tensor):
            let block = step.weights.blocks[block].channels
            for first in stride(from: 0, to: block.width, by: Int(MELA_CHANNELS)) {
                var from = address(tensor.wide) + row * columns * tensor.stride + block.first + first
                var to = ring.picture(row) + first / Int(MELA_CHANNELS) * ring.vectorStride
                for _ in 0..<columns {
                    to.update(from: from, count: Int(MELA_CHANNELS))
                    from += tensor.stride
                    to += ring.pixelStride
                }
            }
        }
    }

    private func multiply(
        _ input: UnsafeRawPointer, stride: Int, _ matrix: PackedMatrix, block: Int, coming: mela_coming, _ activation: Activation,
        pixels: Int, into ring: Ring, _ row: Int
    ) {
        let block = matrix.blocks[block]
        var product = mela_product(
            input: input, input_stride: stride, panel: weights(block.panel),
            last_steps: block.lastSteps.map(weights), bias: floats(block.bias), residual: nil,
            output: ring.picture(row), narrow: nil, output_stride: ring.pixelStride, vector_stride: ring.vectorStride,
            rows: pixels, depth: matrix.depth, width: block.channels.width, activation: activation.kernel, is_far: 0,
            coming: coming)
        kernels.product(&product, matrix.precision)
    }

    /// Three rows of the padded input as one, column by column: the stem's window is then one stretch of floats.
    private func gather(_ row: Int, into patches: UnsafeMutablePointer<Float>) {
        let input = address(plan.inputSlot) + 2 * row * plan.paddedSide * 3
        for tap in 0..<3 {
            var from = input + tap * plan.paddedSide * 3
            var to = patches + 3 * tap
            for _ in 0..<plan.paddedSide {
                to[0] = from[0]
                to[1] = from[1]
                to[2] = from[2]
                from += 3
                to += 9
            }
        }
    }
}
