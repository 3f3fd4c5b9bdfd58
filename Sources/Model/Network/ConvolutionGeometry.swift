/// Where a convolution's windows lie: the output's size, and the zeros above and left of the input.
struct ConvolutionGeometry: Equatable, Sendable {
    var kernel: Int
    var stride: Int
    var outputHeight: Int
    var outputWidth: Int
    var padTop: Int
    var padLeft: Int

    /// - Parameter nominalSide: the extent that SAME paddings are worked out for; nil: the input's own.
    init(input: Shape, kernel: Int, stride: Int, padding: Architecture.Padding, nominalSide: Int? = nil) {
        self.kernel = kernel
        self.stride = stride
        func axis(_ size: Int) -> (output: Int, before: Int) {
            let (before, total) = Self.zeros(nominalSide ?? size, kernel: kernel, stride: stride, padding: padding)
            return ((size + total - kernel) / stride + 1, before)
        }
        (outputHeight, padTop) = axis(input.height)
        (outputWidth, padLeft) = axis(input.width)
    }

    private static func zeros(
        _ size: Int, kernel: Int, stride: Int, padding: Architecture.Padding
    ) -> (before: Int, total: Int) {
        switch padding {
        case .symmetric:
            let before = (kernel - 1) / 2
            return (before, 2 * before)
        case .same:
            let output = (size + stride - 1) / stride
            let total = max((output - 1) * stride + kernel - size, 0)
            return (total / 2, total)
        }
    }
}
