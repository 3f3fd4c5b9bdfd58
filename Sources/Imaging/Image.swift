/// A decoded photo: 8-bit RGB, with the orientation it must be shown in and nothing else of its metadata.
public final class Image: Sendable {
    /// Width in pixels once upright.
    public let width: Int
    /// Height in pixels once upright.
    public let height: Int
    /// True if the file had a single channel: the three colours are equal everywhere.
    public let isGreyscale: Bool

    private let storedWidth: Int
    private let storedHeight: Int
    private let orientation: Orientation
    private let pixels: PrivateBytes

    /// - Parameter pixels: (storedHeight, storedWidth, 3), as stored in the file, not yet turned.
    init(storedWidth: Int, storedHeight: Int, orientation: Orientation, isGreyscale: Bool, pixels: PrivateBytes) {
        precondition(pixels.count == storedWidth * storedHeight * 3)
        self.width = orientation.swapsAxes ? storedHeight : storedWidth
        self.height = orientation.swapsAxes ? storedWidth : storedHeight
        self.isGreyscale = isGreyscale
        self.storedWidth = storedWidth
        self.storedHeight = storedHeight
        self.orientation = orientation
        self.pixels = pixels
    }

    /// An upright photo from RGB bytes of shape (height, width, 3).
    public convenience init(width: Int, height: Int, rgb: [UInt8], isGreyscale: Bool = false) {
        precondition(width > 0 && height > 0 && rgb.count == width * height * 3)
        let pixels = PrivateBytes(count: rgb.count) { buffer in
            _ = buffer.update(fromContentsOf: rgb)
        }
        self.init(
            storedWidth: width, storedHeight: height, orientation: .upright, isGreyscale: isGreyscale, pixels: pixels)
    }

    /// The largest centred square, in upright coordinates; an odd pixel stays at the right or the bottom.
    public var centreSquare: Crop {
        let side = min(width, height)
        return Crop(x: (width - side) / 2, y: (height - side) / 2, side: side)
    }

    /// Calls `body` with the upright pixels of a square as a grid of byte offsets; nothing is copied or turned.
    func withGrid<Result>(_ crop: Crop, _ body: (PixelGrid) -> Result) -> Result {
        pixels.withBytes { base in
            // Stored position of upright (0, 0), and the stored steps for one upright step right and down.
            let right = storedWidth - 1
            let bottom = storedHeight - 1
            let row = storedWidth
            let (x0, y0, across, down): (Int, Int, Int, Int) =
                switch orientation {
                case .upright: (0, 0, 1, row)
                case .mirrored: (right, 0, -1, row)
                case .rotated180: (right, bottom, -1, -row)
                case .flipped: (0, bottom, 1, -row)
                case .transposed: (0, 0, row, 1)
                case .rotated90Clockwise: (0, bottom, -row, 1)
                case .transversed: (right, bottom, -row, -1)
                case .rotated90CounterClockwise: (right, 0, row, -1)
                }
            let origin = y0 * row + x0 + crop.x * across + crop.y * down
            return body(
                PixelGrid(origin: base + 3 * origin, stepAcross: 3 * across, stepDown: 3 * down, side: crop.side))
        }
    }
}

/// A square of a photo, in upright pixels from its top left corner.
public struct Crop: Sendable, Equatable {
    public var x: Int
    public var y: Int
    public var side: Int

    public init(x: Int, y: Int, side: Int) {
        self.x = x
        self.y = y
        self.side = side
    }
}

/// Upright pixels of a square, read through signed steps.
struct PixelGrid {
    let origin: UnsafePointer<UInt8>
    let stepAcross: Int
    let stepDown: Int
    let side: Int

    /// The first of the three channels at (x, y).
    subscript(x: Int, y: Int) -> UnsafePointer<UInt8> {
        origin + (x * stepAcross + y * stepDown)
    }
}
