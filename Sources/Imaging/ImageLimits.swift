/// What a photo may cost before it is refused. Checked on the header, before memory is spent.
public struct ImageLimits: Sendable, Equatable {
    /// Width times height. Decoding takes 3 bytes a pixel of the centre square (with four inks 7), and for a file of several scans 3 to 8 a
    /// pixel of the whole.
    public var maximumPixels: Int
    /// Scans of a progressive file. Encoders write about ten; each costs a pass over the whole picture.
    public var maximumScans: Int

    public init(maximumPixels: Int = 50_000_000, maximumScans: Int = 50) {
        self.maximumPixels = maximumPixels
        self.maximumScans = maximumScans
    }
}
