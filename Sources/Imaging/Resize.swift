/// How a photo's square is brought to a network's size; named as bundles name it.
public enum Resize: String, Codable, Sendable, CaseIterable {
    /// OpenCV's INTER_LINEAR: two pixels by two, whatever lies between. Detail of a photo that is reduced several times turns to noise.
    case linear = "opencv-linear"
    /// The mean of all pixels under a target pixel where the photo is reduced; linear where it is enlarged. OpenCV's INTER_AREA.
    case area = "opencv-area"
    /// For networks that were trained with `linear` on photos of nearly their own size: linear up to a reduction of 1.5 times; larger
    /// photos are first reduced to that by area.
    case areaThenLinear = "opencv-area-linear"

    /// How many times `areaThenLinear` reduces by `linear`.
    static let linearReduction = 1.5
}

extension Image {
    /// The centred square, resized to (side, side, 3) RGB bytes.
    public func resizedCentreSquare(side: Int, by resize: Resize) -> PixelSquare {
        precondition(side > 0)
        let largest =
            switch resize {
            case .linear: centreSquare.side
            case .area: side
            case .areaThenLinear: Int(Double(side) * Resize.linearReduction)
            }
        let image = centreSquare.side > largest ? reducedByArea(side: largest) : self
        return image.linearCentreSquare(side: side)
    }
}
