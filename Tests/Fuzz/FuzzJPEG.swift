/// libFuzzer's entry: any bytes are read as a photo, by one thread and by two, which is turned, cut and resized. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJPEG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    switch (decode(bytes, upperShare: 0), decode(bytes, upperShare: Double(1 + count % 16) / 16)) {
    case (.success(let image), .success(let other)):
        for side in [1, 1 + count % 64] { _ = image.resizedCentreSquare(side: side) }
        expectItself(image)
        expectSame(image, other)
    case (.failure(let error), .failure(let other)):
        precondition(!error.advice.isEmpty && error == other)
    default:
        preconditionFailure("two threads say otherwise than one")
    }
    return 0
}

private func decode(_ bytes: UnsafeRawBufferPointer, upperShare: Double) -> Result<Image, ImagingError> {
    let decoder = JPEGDecoder(limits: ImageLimits(maximumPixels: 1 << 14, maximumScans: 20))
    return Result { () throws(ImagingError) in
        let image = try decoder.decode(bytes, header: decoder.header(of: bytes), upperShare: upperShare)
        precondition(image.width > 0 && image.height > 0 && image.width * image.height <= decoder.limits.maximumPixels)
        return image
    }
}

/// A square that is resized to its own side is the same square.
private func expectItself(_ image: Image) {
    let side = image.centreSquare.side
    image.resizedCentreSquare(side: side).withBytes { resized in
        image.withGrid { grid in
            for y in 0..<side {
                for x in 0..<side {
                    for channel in 0..<3 { precondition(resized[(y * side + x) * 3 + channel] == grid[x, y][channel]) }
                }
            }
        }
    }
}

private func expectSame(_ image: Image, _ other: Image) {
    let side = image.centreSquare.side
    precondition(side == other.centreSquare.side)
    image.resizedCentreSquare(side: side).withBytes { pixels in
        other.resizedCentreSquare(side: side).withBytes { precondition(pixels.elementsEqual($0)) }
    }
}
