/// What a photo may cost before it is refused. Checked on the header, before memory is spent.
public struct ImageLimits: Sendable, Equatable {
    /// Width times height. Decoding takes 3 bytes a pixel, a progressive file up to 6 more.
    public var maximumPixels: Int
    /// Scans of a progressive file. Encoders write about ten; each costs a pass over the whole picture.
    public var maximumScans: Int

    public init(maximumPixels: Int = 50_000_000, maximumScans: Int = 50) {
        self.maximumPixels = maximumPixels
        self.maximumScans = maximumScans
    }
}
