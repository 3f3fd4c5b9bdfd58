/// A decoded photo: the centre square in 8-bit RGB, with the orientation it must be shown in, and nothing else of it but its size.
public final class Image: Sendable {
    /// Width in pixels once upright.
    public let width: Int
    /// Height in pixels once upright.
    public let height: Int
    /// True if the file had a single channel: the three colours are equal everywhere.
    public let isGreyscale: Bool

    let orientation: Orientation
    private let square: PrivateBytes

    /// - Parameter square: (side, side, 3), the centre square as stored in the file, not yet turned.
    init(storedWidth: Int, storedHeight: Int, orientation: Orientation, isGreyscale: Bool, square: PrivateBytes) {
        let side = min(storedWidth, storedHeight)
        precondition(square.count == side * side * 3)
        self.width = orientation.swapsAxes ? storedHeight : storedWidth
        self.height = orientation.swapsAxes ? storedWidth : storedHeight
        self.isGreyscale = isGreyscale
        self.orientation = orientation
        self.square = square
    }

    /// An upright photo from RGB bytes of shape (height, width, 3).
    public convenience init(width: Int, height: Int, rgb: [UInt8], isGreyscale: Bool = false) {
        precondition(width > 0 && height > 0 && rgb.count == width * height * 3)
        let crop = Crop.centre(width: width, height: height)
        let square = PrivateBytes(count: crop.side * crop.side * 3) { buffer in
            for y in 0..<crop.side {
                let start = ((crop.y + y) * width + crop.x) * 3
                let row = y * crop.side * 3
                _ = buffer[row..<(row + crop.side * 3)].update(fromContentsOf: rgb[start..<(start + crop.side * 3)])
            }
        }
        self.init(storedWidth: width, storedHeight: height, orientation: .upright, isGreyscale: isGreyscale, square: square)
    }

    /// The largest centred square, in upright coordinates; an odd pixel stays at the right or the bottom.
    public var centreSquare: Crop { .centre(width: width, height: height) }

    /// Calls `body` with the centre square as it is stored, (side, side, 3), not yet turned.
    func withStoredSquare<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result { square.withBytes(body) }

    /// Calls `body` with the upright pixels of the centre square as a grid of byte offsets; nothing is copied or turned.
    func withGrid<Result>(_ body: (PixelGrid) -> Result) -> Result {
        let side = centreSquare.side
        return square.withBytes { base in
            let right = orientation.startsRight ? -3 : 3
            let down = orientation.startsBelow ? -3 * side : 3 * side
            let first = (orientation.startsRight ? 3 * (side - 1) : 0) + (orientation.startsBelow ? 3 * side * (side - 1) : 0)
            let (across, along) = orientation.swapsAxes ? (down, right) : (right, down)
            return body(PixelGrid(origin: base + first, stepAcross: across, stepDown: along, side: side))
        }
    }
}

/// A square of a photo, in pixels from its top left corner.
public struct Crop: Sendable, Equatable {
    public var x: Int
    public var y: Int
    public var side: Int

    public init(x: Int, y: Int, side: Int) {
        self.x = x
        self.y = y
        self.side = side
    }

    /// The largest in the middle; an odd pixel stays at the right or the bottom.
    static func centre(width: Int, height: Int) -> Crop {
        let side = min(width, height)
        return Crop(x: (width - side) / 2, y: (height - side) / 2, side: side)
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
