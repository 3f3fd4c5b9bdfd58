import Foundation
import Testing

@testable import Imaging

@Suite struct JPEGCleanerTests {
    private func clean(_ bytes: Data) throws -> Data {
        try bytes.withUnsafeBytes { Data(try JPEGCleaner().clean($0)) }
    }

    /// The centre square, made small.
    private func square(_ bytes: Data) throws -> [UInt8] {
        let image = try bytes.withUnsafeBytes { try JPEGDecoder().decode($0) }
        return image.linearCentreSquare(side: 48).withBytes { Array($0) }
    }

    /// The mean difference of two squares' values.
    private func distance(_ one: [UInt8], _ other: [UInt8]) -> Double {
        Double(zip(one, other).map { abs(Int($0) - Int($1)) }.reduce(0, +)) / Double(one.count)
    }

    @Test(arguments: 1...8)
    func `a photo comes out upright`(orientation: Int) throws {
        let before = try ImagingFixtures.data("orientation-\(orientation).jpg")
        let after = try clean(before)
        #expect(try after.withUnsafeBytes { try JPEGHeader($0) }.orientation == .upright)
        // Turned without decoding: a strip at the edge may be lost, and rounding differs.
        #expect(try distance(square(after), square(before)) < (orientation == 1 ? .leastNonzeroMagnitude : 4))
    }

    @Test(arguments: [
        "progressive.jpg", "grayscale.jpg", "cmyk.jpg", "ycck.jpg", "restart-markers.jpg", "odd.jpg", "landscape.jpg",
    ])
    func `every kind that is read stays readable, and nothing but the picture is left`(name: String) throws {
        let before = try ImagingFixtures.data(name)
        let after = try clean(before + Data("behind the end: a name".utf8))
        #expect(try square(after) == square(before))
        for trace in ["Exif", "http:", "ICC_PROFILE", "behind", "Photoshop"] { #expect(after.range(of: Data(trace.utf8)) == nil) }
    }

    @Test func `a rare subsampling is decoded but not cleaned, and the reason is said`() throws {
        let bytes = try ImagingFixtures.data("cmyk-subsampled.jpg")
        #expect(try ImagingFixtures.decode("cmyk-subsampled.jpg").height == 64)
        #expect {
            try clean(bytes)
        } throws: { error in
            guard case .unsupportedJPEG(let reason)? = error as? ImagingError else { return false }
            return reason.contains("colours")
        }
    }

    @Test func `what the decoder refuses, the cleaner refuses too`() throws {
        for name in ["photo.png", "empty.jpg", "over-50-megapixels.jpg", "bomb-100-scans.jpg", "no-scan.jpg", "lossless.jpg"] {
            let bytes = try ImagingFixtures.data(name)
            #expect(throws: ImagingError.self, "\(name)") { try clean(bytes) }
        }
    }
}
