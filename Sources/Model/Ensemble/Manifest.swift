import FoundationEssentials

/// What `ensemble.json` says: a bundle's members, how a photo is prepared for them, and how their answer is read.
public struct Manifest: Decodable, Sendable, Equatable {
    /// The version of the bundle format; 1.
    public var format: Int
    public var name: String
    public var version: String
    public var licence: String
    public var provenance: String
    public var intendedUse: String
    /// In the order of the networks' outputs.
    public var classes: [String]
    /// The class whose probability is the answer.
    public var target: String
    public var members: [Member]
    public var preprocessing: Preprocessing
    /// Views of each photo, 1...8.
    public var views: Int
    public var calibration: Calibration?
    public var operatingPoints: [OperatingPoint]
    /// The smallest centred square, in pixels, among the photos that the members learned from; smaller ones are not judged.
    public var smallestCrop: Int?
    public var selfTest: SelfTest?

    public struct Member: Decodable, Sendable, Equatable {
        /// A file of the bundle's folder.
        public var file: String
        /// Lower-case hexadecimal.
        public var sha256: String
        /// timm's or geffnet's name.
        public var architecture: String
        /// Width and height of the input, in pixels.
        public var inputSize: Int
        /// Names of further inputs; null for a network that sees the image alone.
        public var metadata: [String]?
    }

    public struct Preprocessing: Decodable, Sendable, Equatable {
        /// "center-square".
        public var crop: String
        /// "opencv-linear".
        public var resize: String
        /// Of pixel values in 0...1, for red, green and blue.
        public var mean: [Double]
        public var std: [Double]
    }

    /// A stored result that a sound installation reproduces: one view of a synthetic photo through each member.
    public struct SelfTest: Decodable, Sendable, Equatable {
        /// "synthetic-lesion".
        public var image: String
        public var width: Int
        public var height: Int
        public var view: Int
        /// A row a member, in the order of the classes.
        public var probabilities: [[Double]]
        public var tolerance: Double
    }

    /// Decodes and checks a manifest.
    /// - Throws: `ModelError.manifest` with what is wrong and where.
    public init(json: Data) throws(ModelError) {
        struct Version: Decodable { var format: Int }
        do {
            let version = try JSONDecoder().decode(Version.self, from: json)
            guard version.format == 1 else {
                throw ModelError.manifest("its format is \(version.format); this version reads format 1")
            }
            self = try JSONDecoder().decode(Manifest.self, from: json)
        } catch let error as ModelError {
            throw error
        } catch let error as DecodingError {
            throw .manifest(error.place)
        } catch {
            throw .manifest("it is not JSON")
        }
        try check()
    }

    private func check() throws(ModelError) {
        guard classes.count >= 2, Set(classes).count == classes.count else {
            throw .manifest("classes must be two or more different names")
        }
        guard classes.contains(target) else { throw .manifest("target \(target) is not among the classes") }
        guard !members.isEmpty else { throw .manifest("there are no members") }
        guard (1...8).contains(views) else { throw .manifest("views is \(views), not in 1...8") }
        guard preprocessing.crop == "center-square", preprocessing.resize == "opencv-linear" else {
            throw .manifest("preprocessing must be center-square and opencv-linear")
        }
        guard preprocessing.mean.count == 3, preprocessing.std.count == 3, preprocessing.std.allSatisfy({ $0 > 0 }) else {
            throw .manifest("preprocessing needs three means and three positive deviations")
        }
        for member in members {
            guard !member.file.contains("/"), member.file != "..", !member.file.isEmpty else {
                throw .manifest("\(member.file) is not a file of the bundle's own folder")
            }
            guard member.metadata == nil else {
                throw .manifest("\(member.file) needs metadata inputs, which this version does not feed")
            }
        }
        for point in operatingPoints {
            if let fault = point.fault { throw .manifest("operating point \(point.name): \(fault)") }
        }
        guard Set(operatingPoints.map(\.name)).count == operatingPoints.count else {
            throw .manifest("two operating points have the same name")
        }
        if let calibration, !(calibration.prevalence > 0 && calibration.prevalence < 1) {
            throw .manifest("calibration: the prevalence is not between 0 and 1")
        }
        if let selfTest {
            guard selfTest.image == "synthetic-lesion", (1...4096).contains(selfTest.width),
                (1...4096).contains(selfTest.height), (0..<8).contains(selfTest.view),
                selfTest.probabilities.count == members.count,
                selfTest.probabilities.allSatisfy({ $0.count == classes.count }), (0...0.01).contains(selfTest.tolerance)
            else { throw .manifest("selfTest does not fit the members and classes") }
        }
    }
}

extension DecodingError {
    /// The key at which decoding failed, in words.
    fileprivate var place: String {
        switch self {
        case .keyNotFound(let key, let context):
            "\((context.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not JSON"
                : "\(context.codingPath.map(\.stringValue).joined(separator: ".")) has a value that is not known"
        @unknown default: "it cannot be read"
        }
    }
}
