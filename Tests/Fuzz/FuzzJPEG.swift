import CTurboJPEG

/// libFuzzer's entry: any bytes are read as a photo, by one thread and by two, which is turned, cut and resized. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJPEG(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    switch (decode(bytes, upperShare: 0), decode(bytes, upperShare: Double(1 + count % 16) / 16)) {
    case (.success(let image), .success(let other)):
        for side in [1, 1 + count % 64] { _ = image.linearCentreSquare(side: side) }
        expectItself(image)
        expectSame(image, other)
        if let plain = decodePlainly(bytes) { expectSame(image, plain) }
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

/// The plain twin: the whole picture by TurboJPEG, cut afterwards. nil for four inks, and where TurboJPEG does not know the subsampling.
private func decodePlainly(_ bytes: UnsafeRawBufferPointer) -> Image? {
    guard let header = try? JPEGHeader(bytes), header.components != 4, let handle = tjInitDecompress() else { return nil }
    defer { tjDestroy(handle) }
    let (width, height) = (header.width, header.height)
    var whole = [UInt8](repeating: 0, count: width * height * 3)
    let status = tjDecompress2(
        handle, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &whole, Int32(width), 0, Int32(height),
        Int32(TJPF_RGB.rawValue), TJFLAG_STOPONWARNING)
    guard status == 0 else { return nil }
    let crop = header.storedSquare
    let square = PrivateBytes(count: crop.side * crop.side * 3) { pixels in
        for index in pixels.indices {
            let (row, column) = (index / (crop.side * 3), index % (crop.side * 3))
            pixels[index] = whole[((crop.y + row) * width + crop.x) * 3 + column]
        }
    }
    return Image(
        storedWidth: width, storedHeight: height, orientation: header.orientation, isGreyscale: header.components == 1,
        square: square)
}

/// A square that is resized to its own side is the same square.
private func expectItself(_ image: Image) {
    let side = image.centreSquare.side
    image.linearCentreSquare(side: side).withBytes { resized in
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
    image.linearCentreSquare(side: side).withBytes { pixels in
        other.linearCentreSquare(side: side).withBytes { precondition(pixels.elementsEqual($0)) }
    }
}
