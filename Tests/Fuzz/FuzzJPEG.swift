/// libFuzzer's entry: any bytes are read as a photo, which is turned, cut and resized. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJPEG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let decoder = JPEGDecoder(limits: ImageLimits(maximumPixels: 1 << 14, maximumScans: 20))
    do {
        let image = try decoder.decode(UnsafeRawBufferPointer(start: start, count: count))
        precondition(image.width > 0 && image.height > 0 && image.width * image.height <= decoder.limits.maximumPixels)
        for side in [1, 1 + count % 64] { _ = image.resizedCentreSquare(side: side) }
        expectItself(image)
    } catch {
        precondition(!error.advice.isEmpty)
    }
    return 0
}

/// A square that is resized to its own side is the same square.
private func expectItself(_ image: Image) {
    let crop = image.centreSquare
    image.resizedCentreSquare(side: crop.side).withBytes { resized in
        image.withGrid(crop) { grid in
            for y in 0..<crop.side {
                for x in 0..<crop.side {
                    for channel in 0..<3 { precondition(resized[(y * crop.side + x) * 3 + channel] == grid[x, y][channel]) }
                }
            }
        }
    }
}
