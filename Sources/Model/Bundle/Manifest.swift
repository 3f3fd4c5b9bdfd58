import FoundationEssentials
import Imaging

/// What `ensemble.json` says: a bundle's members, how a photo is prepared for them, and how their answer is read.
public struct Manifest: Codable, Sendable, Equatable {
    /// The version of the bundle format; 1.
    public var format: Int
    public var name: String
    public var version: String
    public var licence: String
    public var provenance: String
    public var intendedUse: String
    /// All classes that members tell apart, in the order of the outputs of those that name none of their own.
    public var classes: [String]
    /// The class whose probability is the answer.
    public var target: String
    public var members: [Member]
    public var preprocessing: Preprocessing
    /// Views of each photo that a member can be given, 1...8.
    public var views: Int
    /// How much of that an analysis takes unless it is asked otherwise; nil: all.
    public var defaults: Defaults?
    public var calibration: Calibration?
    public var operatingPoints: [OperatingPoint]
    /// The smallest centred square, in pixels, among the photos that the members learned from; smaller ones are not judged.
    public var smallestCrop: Int?
    /// For metadata inputs that a clinic can't know: the value that stands in, in images and in bytes.
    public var neutralMetadata: [String: Double]?
    /// What lets an analysis end early; nil: it never does. `defaults` say whether it does unless the practice decides.
    public var earlyStop: EarlyStopBound?
    public var selfTest: SelfTest?

    public struct Defaults: Codable, Sendable, Equatable {
        public var views: Int?
        /// The first so many members.
        public var members: Int?
        /// The number format of the products, where the bundle's makers have shown that its answers stay the same.
        public var precision: Precision?
        /// An analysis ends once `Manifest.earlyStop` allows it; nil: it makes all its passes.
        public var earlyStop: Bool?

        public init(views: Int? = nil, members: Int? = nil) {
            self.views = views
            self.members = members
        }
    }

    public struct Member: Codable, Sendable, Equatable {
        /// A file of the bundle's folder.
        public var file: String
        /// Lower-case hexadecimal.
        public var sha256: String
        /// timm's or geffnet's name.
        public var architecture: String
        /// Width and height of the input, in pixels.
        public var inputSize: Int
        /// Names of further inputs, in order (`MetadataInputs`); null for a network that sees the image alone.
        public var metadata: [String]?
        /// Of its outputs, in order; null: the ensemble's.
        public var classes: [String]?
        /// Its share in the mean, in proportion to the others'; null: 1.
        public var weight: Double?
        /// See `Architecture.paddingSize`.
        public var paddingSize: Int?
        /// The checkpoint that it was imported from.
        public var source: Source?

        public init(file: String, sha256: String, architecture: String, inputSize: Int) {
            self.file = file
            self.sha256 = sha256
            self.architecture = architecture
            self.inputSize = inputSize
        }

        public struct Source: Codable, Sendable, Equatable {
            public var file: String
            /// Lower-case hexadecimal.
            public var sha256: String

            public init(file: String, sha256: String) {
                self.file = file
                self.sha256 = sha256
            }
        }
    }

    public struct Preprocessing: Codable, Sendable, Equatable {
        /// "center-square".
        public var crop: String
        public var resize: Resize
        /// Of pixel values in 0...1, for red, green and blue.
        public var mean: [Double]
        public var std: [Double]

        public init(crop: String, resize: Resize, mean: [Double], std: [Double]) {
            self.crop = crop
            self.resize = resize
            self.mean = mean
            self.std = std
        }
    }

    /// A stored result that a sound installation reproduces: one view of a synthetic photo through each member.
    public struct SelfTest: Codable, Sendable, Equatable {
        /// "synthetic-lesion".
        public var image: String
        public var width: Int
        public var height: Int
        public var view: Int
        /// A row a member, in the order of its classes.
        public var probabilities: [[Double]]
        public var tolerance: Double
    }

    public init(
        name: String, version: String, licence: String, provenance: String, intendedUse: String, classes: [String],
        target: String, members: [Member], preprocessing: Preprocessing, views: Int
    ) {
        format = 1
        self.name = name
        self.version = version
        self.licence = licence
        self.provenance = provenance
        self.intendedUse = intendedUse
        self.classes = classes
        self.target = target
        self.members = members
        self.preprocessing = preprocessing
        self.views = views
        operatingPoints = []
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

    /// All passes that an analysis can make.
    var passes: Int { members.count * views }

    /// As `ensemble.json` has it.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }

    /// - Throws: `ModelError.manifest` with what makes no sense.
    public func check() throws(ModelError) {
        guard classes.count >= 2, Set(classes).count == classes.count else {
            throw .manifest("classes must be two or more different names")
        }
        guard classes.contains(target) else { throw .manifest("target \(target) is not among the classes") }
        guard !members.isEmpty else { throw .manifest("there are no members") }
        guard (1...8).contains(views) else { throw .manifest("views is \(views), not in 1...8") }
        guard preprocessing.crop == "center-square" else { throw .manifest("preprocessing.crop must be center-square") }
        guard preprocessing.mean.count == 3, preprocessing.std.count == 3, preprocessing.std.allSatisfy({ $0 > 0 }) else {
            throw .manifest("preprocessing needs three means and three positive deviations")
        }
        for member in members {
            guard !member.file.contains("/"), member.file != "..", !member.file.isEmpty else {
                throw .manifest("\(member.file) is not a file of the bundle's own folder")
            }
            if let own = member.classes {
                guard Set(own).count == own.count, own.contains(target), own.allSatisfy({ classes.contains($0) }) else {
                    throw .manifest(
                        "the classes of \(member.file) must be different ones of the ensemble's, the target among them")
                }
            }
            if let weight = member.weight, !(1e-6...1e6).contains(weight) {
                throw .manifest("the weight of \(member.file) is not between 0.000001 and 1000000")
            }
            if let size = member.paddingSize, !(32...2048).contains(size) {
                throw .manifest("paddingSize of \(member.file) is not in 32...2048")
            }
            if let names = member.metadata { _ = try MetadataInputs(names: names, neutral: neutralMetadata ?? [:]) }
        }
        guard (1...views).contains(defaults?.views ?? 1), (1...members.count).contains(defaults?.members ?? 1) else {
            throw .manifest("defaults ask for more views or members than there are")
        }
        for point in operatingPoints {
            if let fault = point.fault { throw .manifest("operating point \(point.name): \(fault)") }
        }
        guard Set(operatingPoints.map(\.name)).count == operatingPoints.count else {
            throw .manifest("two operating points have the same name")
        }
        if let fault = calibration?.fault { throw .manifest("calibration: \(fault)") }
        if let fault = earlyStop?.fault { throw .manifest("earlyStop: \(fault)") }
        if let selfTest {
            guard selfTest.image == "synthetic-lesion", (1...4096).contains(selfTest.width),
                (1...4096).contains(selfTest.height), (0..<8).contains(selfTest.view),
                selfTest.probabilities.count == members.count,
                zip(selfTest.probabilities, members).allSatisfy({ $0.count == ($1.classes ?? classes).count }),
                (0...0.01).contains(selfTest.tolerance)
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
