import Foundation
import Testing

@testable import Model

/// What is kept between starts: used when it is whole and of the same weights, made anew otherwise.
@Suite final class PackedCacheTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "melascan-cache-\(UUID())")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Weights that count how often they are read.
    private final class CountedWeights: WeightSource, @unchecked Sendable {
        private(set) var reads = 0

        func shape(of name: String) -> [Int]? { DeterministicWeights().shape(of: name) }

        func values(of name: String, shape: [Int]) throws(ModelError) -> [Float] {
            reads += 1
            return try DeterministicWeights().values(of: name, shape: shape)
        }
    }

    private func plan(
        _ weights: CountedWeights, fingerprint: String = "a", precision: Precision = .fp32, folder: URL? = nil
    ) throws -> Plan {
        try Plan(
            architecture: Architecture(name: "tf_efficientnet_lite0"), classes: 9, inputSize: 75, precision: precision,
            kernels: .choose("reference"), weights: weights,
            cache: (PackedCache(folder: (folder ?? self.folder).path), fingerprint))
    }

    private func logits(_ plan: Plan) throws -> [Float] {
        try Executor(kernels: .choose(), plans: [plan]).run(plan, input: NetworkInput.values(75))
    }

    private var files: [URL] {
        get throws { try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) }
    }

    @Test func `the second start reads no weights and answers the same`() throws {
        let weights = CountedWeights()
        let first = try logits(plan(weights))
        #expect(weights.reads > 100)
        #expect(try files.count == 1)
        let again = CountedWeights()
        #expect(try logits(plan(again)) == first)
        #expect(again.reads == 0)
    }

    @Test func `other weights and another precision are packed apart`() throws {
        _ = try plan(CountedWeights())
        for (fingerprint, precision) in [("b", Precision.fp32), ("a", .bf16)] {
            let weights = CountedWeights()
            _ = try plan(weights, fingerprint: fingerprint, precision: precision)
            #expect(weights.reads > 100)
        }
        #expect(try files.count == 3)
    }

    @Test(arguments: [20, 5000, -1])
    func `a file that was changed or cut is made anew`(place: Int) throws {
        let expected = try logits(plan(CountedWeights()))
        let file = try #require(try files.first)
        var bytes = try Data(contentsOf: file)
        if place >= 0 { bytes[place] ^= 1 } else { bytes.removeLast() }
        try bytes.write(to: file)
        let weights = CountedWeights()
        #expect(try logits(plan(weights)) == expected)
        #expect(weights.reads > 100)
        let again = CountedWeights()
        _ = try plan(again)
        #expect(again.reads == 0)
    }

    @Test func `a folder that is not there, or cannot be written, costs only the packing`() throws {
        let weights = CountedWeights()
        _ = try plan(weights, folder: folder.appending(path: "missing"))
        #expect(weights.reads > 100)
        #expect(try files.isEmpty)
    }

    @Test func `a link, and a file that others can write, are not trusted`() throws {
        _ = try plan(CountedWeights())
        let file = try #require(try files.first)
        try FileManager.default.setAttributes([.posixPermissions: 0o622], ofItemAtPath: file.path)
        let weights = CountedWeights()
        _ = try plan(weights)
        #expect(weights.reads > 100)
        let elsewhere = folder.appending(path: "elsewhere")
        try FileManager.default.moveItem(at: file, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: file, withDestinationURL: elsewhere)
        let again = CountedWeights()
        _ = try plan(again)
        #expect(again.reads > 100)
    }

    @Test func `no draft is left behind, and none but the owner can read what is kept`() throws {
        _ = try plan(CountedWeights())
        for file in try files {
            #expect(file.pathExtension == "packed")
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
    }
}
