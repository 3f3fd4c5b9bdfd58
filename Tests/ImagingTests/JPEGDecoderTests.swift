import Crypto
import Foundation
import Testing

@testable import Imaging

/// Holds decoding, turning, cropping and resizing to OpenCV's own results.
@Suite struct JPEGDecoderTests {
    @Test func `the fixtures are there, with all eight orientations`() {
        #expect(ImagingFixtures.all.valid.count >= 30)
        #expect(ImagingFixtures.all.refused.count >= 25)
        for orientation in 1...8 {
            #expect(ImagingFixtures.all.valid.contains { $0.file == "orientation-\(orientation).jpg" })
        }
    }

    @Test(arguments: ImagingFixtures.all.valid)
    func `a photo becomes the very pixels that OpenCV makes of it`(_ fixture: ImagingFixtures.Valid) throws {
        let image = try ImagingFixtures.decode(fixture.file)
        #expect(image.width == fixture.width && image.height == fixture.height)
        let crop = image.centreSquare
        #expect(["x": crop.x, "y": crop.y, "side": crop.side] == fixture.crop)
        for result in fixture.results {
            let pixels = image.linearCentreSquare(side: result.size).withBytes { Data($0) }
            let sum = SHA256.hash(data: pixels).map { String(format: "%02x", $0) }.joined()
            #expect(sum == result.sha256, "\(result.size) x \(result.size)")
            if let raw = result.raw {
                let expected = try ImagingFixtures.data(raw)
                #expect(pixels.count == expected.count)
                let apart = zip(pixels, expected).map { abs(Int($0) - Int($1)) }
                #expect((apart.max() ?? 0) <= 1 && apart.count { $0 > 0 } <= apart.count / 1000)
            }
        }
    }

    @Test(arguments: ImagingFixtures.all.valid)
    func `two threads make the same pixels as one, wherever the rows are divided`(_ fixture: ImagingFixtures.Valid) throws {
        let bytes = try ImagingFixtures.data(fixture.file)
        let whole = try ImagingFixtures.decode(fixture.file)
        for share in stride(from: 0.0, through: 1, by: 0.04) {
            let image = try bytes.withUnsafeBytes { try JPEGDecoder().decode($0, header: JPEGHeader($0), upperShare: share) }
            #expect(ImagingFixtures.square(of: image) == ImagingFixtures.square(of: whole), "\(share)")
        }
    }

    @Test func `only a large photo of one scan is shared by two threads, where there are two`() throws {
        let bytes = try ImagingFixtures.data("megapixel.jpg")
        var header = try bytes.withUnsafeBytes { try JPEGHeader($0) }
        #expect(JPEGDecoder.upperShare(of: header, threads: 2) > 0.5)
        #expect(JPEGDecoder.upperShare(of: header, threads: 1) == 0)
        header.isInOneScan = false
        #expect(JPEGDecoder.upperShare(of: header, threads: 2) == 0)
        (header.isInOneScan, header.width) = (true, 1000)
        #expect(JPEGDecoder.upperShare(of: header, threads: 2) == 0)
        let shared = try bytes.withUnsafeBytes { try JPEGDecoder().decode($0, threads: 2) }
        #expect(try ImagingFixtures.square(of: shared) == ImagingFixtures.square(of: ImagingFixtures.decode("megapixel.jpg")))
    }

    @Test func `a photo of one scan is told from others by its header`() throws {
        for (name, isInOneScan) in [
            ("odd", true), ("restart-markers", true), ("grayscale", true), ("ycck", true), ("progressive", false),
            ("scan-by-scan", false),
        ] {
            let header = try ImagingFixtures.data("\(name).jpg").withUnsafeBytes { try JPEGHeader($0) }
            #expect(header.isInOneScan == isInOneScan, "\(name)")
        }
        // Progressive, though it has the scan of the first approximation only.
        var bytes = try ImagingFixtures.data("odd.jpg")
        let frame = try #require(bytes.firstRange(of: Data([0xFF, 0xC0])))
        bytes[frame.upperBound - 1] = 0xC2
        #expect(try !bytes.withUnsafeBytes { try JPEGHeader($0) }.isInOneScan)
    }

    @Test func `scans are counted while they are decoded as well`() throws {
        try ImagingFixtures.data("bomb-100-scans.jpg").withUnsafeBytes { bytes in
            let header = try JPEGHeader(bytes)
            #expect(throws: ImagingError.tooManyScans(limit: 50)) {
                try JPEGDecoder().decode(bytes, header: header, upperShare: 0)
            }
            let patient = JPEGDecoder(limits: ImageLimits(maximumScans: 100))
            #expect(try patient.decode(bytes, header: header, upperShare: 0).width == 1024)
        }
    }

    @Test func `what is lost outside of the square or in either thread's rows is an error`() throws {
        // Tall: the square begins below the top and ends above the bottom. An end in each of its parts.
        for name in ["tall.jpg", "megapixel.jpg"] {
            let bytes = try ImagingFixtures.data(name)
            let start = try #require(bytes.firstRange(of: Data([0xFF, 0xDA]))).upperBound + 12
            for tenth in 0..<10 {
                let cut = bytes.prefix(start + (bytes.count - start) * tenth / 10 + 50) + Data([0xFF, 0xD9])
                for share in [0, 2.0 / 3] {
                    #expect(throws: ImagingError.self, "\(name) \(tenth) \(share)") {
                        try cut.withUnsafeBytes { try JPEGDecoder().decode($0, header: JPEGHeader($0), upperShare: share) }
                    }
                }
            }
        }
    }

    @Test(arguments: ImagingFixtures.all.refused)
    func `a file that is no sound photo is refused for the right reason`(_ fixture: ImagingFixtures.Refused) throws {
        #expect {
            try ImagingFixtures.decode(fixture.file)
        } throws: { error in
            guard let error = error as? ImagingError else { return false }
            let code =
                switch error {
                case .empty: "image-empty"
                case .notJPEG: "image-not-jpeg"
                case .unsupportedJPEG: "image-unsupported"
                case .damaged: "image-damaged"
                case .tooManyPixels: "image-too-many-pixels"
                case .tooManyScans: "image-too-complex"
                }
            #expect(!error.advice.isEmpty && !error.advice.contains(fixture.file))
            return code == fixture.code
        }
    }

    @Test(arguments: [
        ("photo.png", ImagingError.OtherFormat.png), ("photo.heic", .heic), ("photo.webp", .webp), ("photo.gif", .gif),
        ("photo.bmp", .bmp), ("photo.tiff", .tiff),
    ])
    func `another format is named`(file: String, format: ImagingError.OtherFormat) {
        #expect(throws: ImagingError.notJPEG(format)) { try ImagingFixtures.decode(file) }
    }

    @Test func `greyscale is recognised, CMYK and YCCK come out in colour`() throws {
        #expect(try ImagingFixtures.decode("grayscale.jpg").isGreyscale)
        #expect(try !ImagingFixtures.decode("cmyk.jpg").isGreyscale)
        #expect(try !ImagingFixtures.decode("ycck.jpg").isGreyscale)
    }

    @Test func `limits hold before memory is spent`() throws {
        let limits = ImageLimits(maximumPixels: 640 * 426 - 1)
        #expect(throws: ImagingError.tooManyPixels(width: 640, height: 426, limit: limits.maximumPixels)) {
            try ImagingFixtures.decode("landscape.jpg", limits: limits)
        }
        #expect(try ImagingFixtures.decode("landscape.jpg", limits: ImageLimits(maximumPixels: 640 * 426)).width == 640)
        #expect(throws: ImagingError.tooManyScans(limit: 3)) {
            try ImagingFixtures.decode("progressive.jpg", limits: ImageLimits(maximumScans: 3))
        }
    }

    @Test func `every prefix of a photo is refused or whole, and none crashes`() throws {
        for name in ["orientation-6.jpg", "progressive.jpg"] {
            let bytes = try ImagingFixtures.data(name)
            for count in 0..<(bytes.count - 2) {
                #expect(throws: ImagingError.self, "\(name) cut to \(count) bytes") {
                    try bytes.prefix(count).withUnsafeBytes { try JPEGDecoder().decode($0) }
                }
            }
        }
    }

    @Test func `bytes changed at random never crash the decoder`() throws {
        let names = ["orientation-6.jpg", "progressive.jpg", "ycck.jpg", "restart-markers.jpg", "exif-long.jpg"]
        var state: UInt64 = 1
        func random(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(below))
        }
        let decoder = JPEGDecoder(limits: ImageLimits(maximumPixels: 1_000_000))
        var decoded = 0
        for name in names {
            let original = try ImagingFixtures.data(name)
            for _ in 0..<400 {
                var bytes = original
                for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
                let image = try? bytes.withUnsafeBytes { try decoder.decode($0) }
                if let image {
                    decoded += 1
                    _ = image.linearCentreSquare(side: 8)
                }
            }
        }
        #expect(decoded > 0 && decoded < names.count * 400)
    }

    /// What a fuzzer found worth keeping: each reaches some part of the reading that the others do not.
    @Test func `no file of the fuzzer's corpus does harm`() throws {
        let folder = ImagingFixtures.folder.deletingLastPathComponent().appending(path: "fuzz/jpeg")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let decoder = JPEGDecoder(limits: ImageLimits(maximumPixels: 1_000_000))
        let photos = try files.compactMap { file in
            try Data(contentsOf: file).withUnsafeBytes { bytes in try? decoder.decode(bytes) }
        }
        for photo in photos { #expect(photo.linearCentreSquare(side: 8).withBytes(\.count) == 8 * 8 * 3) }
        #expect(photos.count >= 10 && photos.count < files.count)
    }

    @Test func `padding in front of the end marker loses nothing and is taken`() throws {
        var bytes = try ImagingFixtures.data("orientation-1.jpg")
        bytes.insert(contentsOf: [UInt8](repeating: 0, count: 50), at: bytes.count - 2)
        let padded = try bytes.withUnsafeBytes { try JPEGDecoder().decode($0) }
        let plain = try ImagingFixtures.decode("orientation-1.jpg")
        #expect(
            padded.linearCentreSquare(side: 48).withBytes { Data($0) }
                == plain.linearCentreSquare(side: 48).withBytes { Data($0) })
    }
}
