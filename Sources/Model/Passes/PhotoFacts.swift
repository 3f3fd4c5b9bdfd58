import Imaging

/// What is known of a photo beside its pixels: enough to say whether it can be judged, and what was analysed.
public struct PhotoFacts: Sendable, Equatable {
    /// Pixels, upright.
    public var width: Int
    public var height: Int
    /// The square that the members see.
    public var crop: Crop
    public var isGreyscale = false
    /// Standard deviation of the square's brightness, in levels of 0...255.
    public var contrast: Double
}
