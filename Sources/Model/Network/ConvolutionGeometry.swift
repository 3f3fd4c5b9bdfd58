/// Where a convolution's windows lie: the output's size, and the zeros above and left of the input.
struct ConvolutionGeometry: Equatable, Sendable {
    var kernel: Int
    var stride: Int
    var outputHeight: Int
    var outputWidth: Int
    var padTop: Int
    var padLeft: Int

    init(input: Shape, kernel: Int, stride: Int, padding: Architecture.Padding) {
        self.kernel = kernel
        self.stride = stride
        (outputHeight, padTop) = Self.axis(input.height, kernel: kernel, stride: stride, padding: padding)
        (outputWidth, padLeft) = Self.axis(input.width, kernel: kernel, stride: stride, padding: padding)
    }

    private static func axis(
        _ size: Int, kernel: Int, stride: Int, padding: Architecture.Padding
    ) -> (output: Int, before: Int) {
        switch padding {
        case .symmetric:
            let before = (kernel - 1) / 2
            return ((size + 2 * before - kernel) / stride + 1, before)
        case .same:
            let output = (size + stride - 1) / stride
            return (output, max((output - 1) * stride + kernel - size, 0) / 2)
        }
    }
}
