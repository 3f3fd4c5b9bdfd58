import Foundation

@testable import Imaging

/// What `training/imaging_fixtures.py` wrote: JPEG files, and what OpenCV makes of them.
struct ImagingFixtures: Decodable {
    struct Valid: Decodable, CustomStringConvertible {
        struct Result: Decodable {
            var size: Int
            var sha256: String
            var raw: String?
        }

        var file: String
        var width: Int
        var height: Int
        var crop: [String: Int]
        var results: [Result]

        var description: String { file }
    }

    struct Refused: Decodable, CustomStringConvertible {
        var file: String
        var code: String

        var description: String { file }
    }

    /// A square after OpenCV's INTER_AREA, or INTER_LINEAR where it is enlarged.
    struct Area: Decodable, CustomStringConvertible {
        var file: String
        var size: Int
        var raw: String

        var description: String { raw }
    }

    var valid: [Valid]
    var refused: [Refused]
    var area: [Area]

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/imaging")

    static let all: ImagingFixtures = {
        let json = (try? Data(contentsOf: folder.appending(path: "expected.json"))) ?? Data()
        return (try? JSONDecoder().decode(ImagingFixtures.self, from: json)) ?? ImagingFixtures(valid: [], refused: [], area: [])
    }()

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    static func decode(_ name: String, limits: ImageLimits = ImageLimits()) throws -> Image {
        try data(name).withUnsafeBytes { try JPEGDecoder(limits: limits).decode($0) }
    }

    /// The centre square as it was decoded.
    static func square(of image: Image) -> Data {
        image.linearCentreSquare(side: image.centreSquare.side).withBytes { Data($0) }
    }
}
