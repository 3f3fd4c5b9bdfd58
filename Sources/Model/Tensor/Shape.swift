/// The extent of an activation: channels, height, width. In memory the order is (H, W, C).
public struct Shape: Equatable, Sendable {
    public var channels: Int
    public var height: Int
    public var width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Height times width: the rows of the matrix that a pointwise convolution multiplies.
    public var positions: Int { height * width }
    public var elements: Int { channels * positions }
}
