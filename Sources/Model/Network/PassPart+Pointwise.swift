import CKernels

extension PassPart {
    func run(_ step: Plan.SqueezeExcitation) {
        let stride = ChannelBlock.stride(of: step.channels)
        let mean = average(step.sums, strips: step.strips, stride: stride, positions: step.positions)
        let (reduced, gate) = (address(step.reduced), address(step.gate))
        for block in step.reduce.blocks[share(of: step.reduce.blocks.count)] {
            apply(block, depth: step.reduce.depth, to: mean, into: reduced + block.channels.first, step.activation)
        }
        team.barrier()
        for block in step.expand.blocks[share(of: step.expand.blocks.count)] {
            apply(block, depth: step.expand.depth, to: reduced, into: gate + block.channels.first, .sigmoid)
        }
        guard let scale = step.scale else { return }
        team.barrier()
        switch scale {
        case .input(let slot, let stride, let precision):
            let rows = share(of: step.positions)
            let first = UnsafeMutableRawPointer(address(slot)) + rows.lowerBound * stride * precision.size
            kernels.format(precision).scale_rows(first, stride, gate, rows.count, stride)
        case .weights(let matrix, let slot): multiply(gate, into: matrix, at: slot)
        }
    }

    /// This thread's part of a matrix with each input channel's weights times its gate.
    private func multiply(_ gate: UnsafePointer<Float>, into matrix: PackedMatrix, at slot: Plan.Slot) {
        let pairs = share(of: matrix.depth / 2 + matrix.depth % 2)
        let depth = (2 * pairs.lowerBound)..<min(2 * pairs.upperBound, matrix.depth)
        for block in matrix.blocks {
            let offset = depth.lowerBound * block.channels.width * matrix.precision.size
            kernels.format(matrix.precision).scale_panel(
                weights(block.panel) + offset, gate + depth.lowerBound, scaled(block, of: matrix, at: slot) + offset, depth.count,
                block.channels.width)
        }
    }

    /// Where a block's scaled weights lie: one block after the other.
    private func scaled(_ block: PackedMatrix.Block, of matrix: PackedMatrix, at slot: Plan.Slot) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(address(slot)) + block.channels.first * matrix.depth * matrix.precision.size
    }

    /// The mean over all positions, from its strips' sums, in this thread's scratch memory.
    private func average(_ sums: Plan.Slot, strips: Int, stride: Int, positions: Int) -> UnsafeMutablePointer<Float> {
        scratch.update(from: address(sums), count: stride)
        for strip in 1..<max(strips, 1) {
            let more = address(sums) + strip * stride
            for channel in 0..<stride { scratch[channel] += more[channel] }
        }
        let factor = 1 / Float(positions)
        for channel in 0..<stride { scratch[channel] *= factor }
        return scratch
    }

    func run(_ step: Plan.Projection) {
        let depth = step.matrix.depth
        let inputStride = ChannelBlock.stride(of: depth)
        let input = UnsafeRawPointer(address(step.input))
        /// Where the gates are in the weights, those.
        func panel(_ block: PackedMatrix.Block) -> UnsafeRawPointer {
            step.scaledWeights.map { UnsafeRawPointer(scaled(block, of: step.matrix, at: $0)) } ?? weights(block.panel)
        }
        let blocks = step.matrix.blocks
        // Chunk by chunk, so that its input meets all blocks while it is in the cache.
        tasks(blocks.count * step.chunks) { task, following in
            let block = blocks[task % blocks.count]
            let following = blocks[following % blocks.count]
            let chunk = task / blocks.count
            let (first, end) = (step.positions * chunk / step.chunks, step.positions * (chunk + 1) / step.chunks)
            let (channels, width) = (block.channels.first, block.channels.width)
            let place = first * step.output.stride + channels
            var product = mela_product(
                input: input + first * inputStride * step.matrix.precision.size, input_stride: inputStride,
                panel: panel(block),
                last_steps: step.scaledWeights == nil ? block.lastSteps.map(weights) : nil, bias: floats(block.bias),
                residual: step.residual.map { UnsafePointer(address($0.wide) + place) },
                output: address(step.output.wide) + place,
                narrow: step.output.narrow.map { halves(address($0)) + place }, output_stride: step.output.stride,
                vector_stride: Int(MELA_CHANNELS), rows: end - first, depth: depth, width: width, activation: MELA_IDENTITY,
                is_far: step.isLarge && task % blocks.count == 0 ? 1 : 0,
                coming: mela_coming(following, of: step.matrix, at: panel(following), after: block))
            kernels.product(&product, step.matrix.precision)
        }
    }

    private func halves(_ floats: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt16.self)
    }

    func run(_ step: Plan.Head) {
        let input = start(of: step.input, step.matrix.precision)
        tasks(step.matrix.blocks.count) { task, following in
            let block = step.matrix.blocks[task]
            let following = step.matrix.blocks[following]
            let coming = mela_coming(following, of: step.matrix, at: weights(following.panel), after: block)
            let sums = address(step.sums) + block.channels.first
            sums.update(repeating: 0, count: block.channels.width)
            var first = 0
            while first < step.positions {
                let rows = min(Executor.headRows, step.positions - first)
                var product = mela_product(
                    input: input + first * step.input.stride * step.matrix.precision.size, input_stride: step.input.stride,
                    panel: weights(block.panel), last_steps: block.lastSteps.map(weights), bias: floats(block.bias),
                    residual: nil,
                    output: scratch, narrow: nil,
                    output_stride: block.channels.width, vector_stride: Int(MELA_CHANNELS), rows: rows,
                    depth: step.matrix.depth, width: block.channels.width, activation: step.activation.kernel, is_far: 0,
                    coming: coming.part(
                        first / Executor.headRows, of: (step.positions + Executor.headRows - 1) / Executor.headRows))
                kernels.product(&product, step.matrix.precision)
                kernels.table.pointee.f32_add_rows(scratch, block.channels.width, sums, rows, block.channels.width)
                first += rows
            }
        }
    }

    /// The end of a pass, on one thread: features of the picture and the metadata to logits.
    ///
    /// - Parameter features: where the picture's are kept; nil: nowhere.
    func classify(metadata: [Float], into logits: UnsafeMutablePointer<Float>, features: UnsafeMutablePointer<Float>?) {
        guard case .head(let head) = plan.steps.last?.operation else { return }
        precondition(metadata.count == head.metadataFeatures)
        let count = head.classifier.depth - head.metadataFeatures
        let values = average(head.sums, strips: 1, stride: count, positions: head.positions)
        features?.update(from: values, count: count)
        (values + count).update(from: metadata, count: metadata.count)
        let output = scratch + head.classifier.depth
        for block in head.classifier.blocks {
            apply(block, depth: head.classifier.depth, to: values, into: output + block.channels.first, .identity)
        }
        logits.update(from: output, count: plan.classes)
    }
}
