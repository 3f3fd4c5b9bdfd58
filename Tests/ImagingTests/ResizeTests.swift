import Foundation
import Testing

@testable import Imaging

@Suite struct ResizeTests {
    private func pixels(_ image: Image, _ side: Int, _ resize: Resize) -> [UInt8] {
        image.resizedCentreSquare(side: side, by: resize).withBytes { Array($0) }
    }

    /// Noise of some coarseness: each value stands on so many pixels.
    private func noise(side: Int, grain: Int = 1) -> Image {
        var state: UInt64 = 7
        var cells: [UInt8] = []
        for _ in 0..<(side * side * 3) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            cells.append(UInt8(truncatingIfNeeded: state >> 40))
        }
        let rgb = (0..<(side * side * 3)).map { index in
            let (pixel, channel) = (index / 3, index % 3)
            return cells[((pixel / side / grain) * side + pixel % side / grain) * 3 + channel]
        }
        return Image(width: side, height: side, rgb: rgb)
    }

    private func largestDifference(_ one: [UInt8], _ other: [UInt8]) -> Int {
        zip(one, other).map { abs(Int($0) - Int($1)) }.max() ?? 999
    }

    @Test(arguments: ImagingFixtures.all.area)
    func `reduced by area, photos are OpenCV's within a level, also those that are stored turned`(_ fixture: ImagingFixtures.Area)
        throws
    {
        let ours = pixels(try ImagingFixtures.decode(fixture.file), fixture.size, .area)
        let theirs = [UInt8](try ImagingFixtures.data(fixture.raw))
        #expect(ours.count == theirs.count && largestDifference(ours, theirs) <= 1)
        #expect(zip(ours, theirs).count { $0 != $1 } <= ours.count / 20)
    }

    @Test func `there are fixtures of it`() {
        #expect(ImagingFixtures.all.area.count >= 5)
    }

    @Test(arguments: [(600, 2), (601, 1), (1, 1), (97, 96), (64, 64), (300, 7)])
    func `by area each pixel is the mean of those under it, however many`(side: Int, target: Int) {
        let image = noise(side: side)
        let ours = pixels(image, target, .area)
        let scale = Double(side) / Double(target)
        var expected: [UInt8] = []
        image.linearCentreSquare(side: side).withBytes { bytes in
            func share(_ position: Int, _ index: Int) -> Double {
                max(0, min(Double(position + 1), Double(index + 1) * scale) - max(Double(position), Double(index) * scale))
            }
            for y in 0..<target {
                for x in 0..<target {
                    for channel in 0..<3 {
                        var sum = 0.0
                        for row in 0..<side where share(row, y) > 0 {
                            for column in 0..<side where share(column, x) > 0 {
                                sum += share(row, y) * share(column, x) * Double(bytes[(row * side + column) * 3 + channel])
                            }
                        }
                        expected.append(UInt8((sum / scale / scale).rounded()))
                    }
                }
            }
        }
        #expect(largestDifference(ours, expected) <= 1)
    }

    @Test func `fine noise becomes grey by area, and stays noise by linear`() {
        func deviation(_ resize: Resize) -> Double {
            let values = pixels(noise(side: 1200), 60, resize).map(Double.init)
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
        }
        #expect(deviation(.area) < 6 && deviation(.areaThenLinear) < 10 && deviation(.linear) > 30)
    }

    @Test func `enlarged by area is linear, and the same size is the same photo`() {
        let image = noise(side: 50)
        #expect(pixels(image, 75, .area) == pixels(image, 75, .linear))
        #expect(pixels(image, 50, .area) == pixels(image, 50, .linear))
    }

    @Test func `networks that learned from linear get it up to a reduction of one and a half, and no noise beyond`() {
        for side in [60, 90, 96, 40] {
            let image = noise(side: side)
            let isLinear = side <= 96
            #expect((pixels(image, 64, .areaThenLinear) == pixels(image, 64, .linear)) == isLinear)
        }
        let large = noise(side: 97)
        let between = large.reducedByArea(side: 96)
        #expect(pixels(large, 64, .areaThenLinear) == pixels(between, 64, .linear))
        #expect(pixels(large, 64, .areaThenLinear) != pixels(large, 64, .linear))
    }

    @Test(arguments: Orientation.allCases)
    func `turned before or after, a photo is the same within a level`(_ orientation: Orientation) {
        let (stored, side) = (noise(side: 90, grain: 4), 31)
        let square = stored.linearCentreSquare(side: 90)
        func turned(_ orientation: Orientation) -> Image {
            Image(
                storedWidth: 90, storedHeight: 90, orientation: orientation, isGreyscale: false,
                square: square.withBytes { bytes in
                    PrivateBytes(count: bytes.count) { _ = $0.update(fromContentsOf: bytes) }
                })
        }
        let upright = turned(orientation).linearCentreSquare(side: 90).withBytes { Image(width: 90, height: 90, rgb: Array($0)) }
        #expect(largestDifference(pixels(turned(orientation), side, .area), pixels(upright, side, .area)) <= 1)
    }
}
