import Foundation
import Imaging
import Testing

@testable import Model

/// A copy of the default bundle that a test may spoil; gone when the test ends.
final class BundleCopy {
    let folder: URL
    var path: String { folder.path(percentEncoded: false) }
    private(set) var manifest: [String: Any]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "melascan-bundle-\(UUID().uuidString)")
        let source = Fixtures.root.appending(path: "ensembles/default")
        try FileManager.default.copyItem(at: source, to: folder)
        let json = try Data(contentsOf: folder.appending(path: "ensemble.json"))
        manifest = try JSONSerialization.jsonObject(with: json) as? [String: Any] ?? [:]
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func change(_ change: (inout [String: Any]) -> Void) throws {
        change(&manifest)
        try JSONSerialization.data(withJSONObject: manifest).write(to: folder.appending(path: "ensemble.json"))
    }

    func changeMember(_ index: Int, _ change: (inout [String: Any]) -> Void) throws {
        try self.change { manifest in
            guard var members = manifest["members"] as? [[String: Any]] else { return }
            change(&members[index])
            manifest["members"] = members
        }
    }

    func load() throws -> Ensemble {
        try Ensemble(directory: path, threads: 1, kernels: Kernels.choose())
    }
}

@Suite struct BundleTests {
    @Test(arguments: [(Precision.fp32, 1e-4), (.bf16, 0.005)])
    func `the default ensemble reproduces the result that PyTorch stored in it`(precision: Precision, limit: Double) throws {
        guard try Kernels.choose().has(precision) else { return }
        let ensemble = try Ensemble(
            directory: Fixtures.root.appending(path: "ensembles/default").path(percentEncoded: false), threads: 2,
            kernels: Kernels.choose(), precision: precision)
        let difference = try #require(try ensemble.selfTest())
        #expect(difference <= limit)
    }

    @Test func `the bundle's precision is taken where the processor has it, unless another is asked for`() throws {
        let bundle = try BundleCopy()
        func precision(_ kernels: Kernels, _ wanted: Precision? = nil) throws -> Precision {
            try Ensemble(directory: bundle.folder.path, threads: 1, kernels: kernels, precision: wanted).precision
        }
        let fastest = try Kernels.choose()
        #expect(try precision(fastest) == (fastest.has(.bf16) ? .bf16 : .fp32))
        #expect(try precision(.choose("baseline")) == .fp32)
        #expect(try precision(fastest, .fp32) == .fp32)
        try bundle.change { $0["defaults"] = ["views": 2] }
        #expect(try precision(fastest) == .fp32)
    }

    @Test func `a stored result that is not reproduced stops the start`() throws {
        let bundle = try BundleCopy()
        try bundle.change { manifest in
            guard var test = manifest["selfTest"] as? [String: Any], var rows = test["probabilities"] as? [[Double]] else {
                return
            }
            rows[1][6] += 0.01
            test["probabilities"] = rows
            manifest["selfTest"] = test
        }
        let ensemble = try bundle.load()
        #expect(throws: ModelError.self) { try ensemble.selfTest() }
    }

    @Test func `a bundle without a stored result says so`() throws {
        let bundle = try BundleCopy()
        try bundle.change { $0["selfTest"] = nil }
        #expect(try bundle.load().selfTest() == nil)
    }

    @Test func `one changed byte in the weights stops the start`() throws {
        let bundle = try BundleCopy()
        let file = bundle.folder.appending(path: "tf_efficientnet_lite1.safetensors")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        #expect(throws: ModelError.checksum(file: "tf_efficientnet_lite1.safetensors")) { try bundle.load() }
    }

    @Test func `missing weights are named`() throws {
        let bundle = try BundleCopy()
        try FileManager.default.removeItem(at: bundle.folder.appending(path: "tf_efficientnet_lite0.safetensors"))
        #expect(throws: ModelError.unreadable(file: "tf_efficientnet_lite0.safetensors", reason: "No such file or directory")) {
            try bundle.load()
        }
    }

    @Test func `an empty folder and a manifest that is no JSON are told apart`() throws {
        let bundle = try BundleCopy()
        try Data("weights".utf8).write(to: bundle.folder.appending(path: "ensemble.json"))
        #expect(throws: ModelError.manifest("it is not JSON")) { try bundle.load() }
        try FileManager.default.removeItem(at: bundle.folder.appending(path: "ensemble.json"))
        #expect(throws: ModelError.unreadable(file: "ensemble.json", reason: "No such file or directory")) { try bundle.load() }
    }

    @Test func `weights of another architecture are refused with the tensor's name`() throws {
        let bundle = try BundleCopy()
        try bundle.changeMember(0) { $0["architecture"] = "tf_efficientnet_b0" }
        #expect {
            try bundle.load()
        } throws: { error in
            guard case ModelError.tensor(let name, _) = error else { return false }
            return name.hasPrefix("blocks.0.0.se")
        }
    }

    @Test func `an unknown architecture, a path out of the folder and unknown metadata inputs are refused`() throws {
        let unknown = try BundleCopy()
        try unknown.changeMember(0) { $0["architecture"] = "resnest101" }
        #expect(throws: ModelError.architecture("resnest101")) { try unknown.load() }
        let outside = try BundleCopy()
        try outside.changeMember(0) { $0["file"] = "../weights.safetensors" }
        #expect(throws: ModelError.self) { try outside.load() }
        let metadata = try BundleCopy()
        try metadata.changeMember(0) { $0["metadata"] = ["shoe size"] }
        #expect(throws: ModelError.manifest("metadata input shoe size is not known")) { try metadata.load() }
        try metadata.changeMember(0) { $0["metadata"] = ["n_images"] }
        #expect(throws: ModelError.manifest("neutralMetadata needs a positive value for n_images")) { try metadata.load() }
        try metadata.changeMember(0) { $0["metadata"] = ["sex"] }
        #expect(throws: ModelError.tensor(name: "meta.0.weight", reason: "it is missing")) { try metadata.load() }
    }

    @Test(arguments: [
        ("format", "2"), ("views", "9"), ("views", "0"), ("classes", #"["melanoma"]"#), ("target", #""mole""#),
        ("members", "[]"), ("name", "7"), ("operatingPoints", #"[{"name":"x","threshold":1.5}]"#),
        ("operatingPoints", #"[{"name":"x","threshold":0.5,"sensitivity":95}]"#),
        ("operatingPoints", #"[{"name":"x","threshold":0.5,"sensitivity95":[0.9]}]"#),
        ("operatingPoints", #"[{"name":"x","threshold":0.5},{"name":"x","threshold":0.6}]"#),
        ("defaults", #"{"views":9}"#), ("defaults", #"{"members":3}"#), ("defaults", #"{"views":0}"#),
        ("calibration", #"{"method":"guess","parameters":{"slope":1,"intercept":0},"prevalence":0.1}"#),
        ("calibration", #"{"method":"platt","parameters":{"slope":-1,"intercept":0},"prevalence":0.1}"#),
        ("preprocessing", #"{"crop":"center-square","resize":"nearest","mean":[0,0,0],"std":[1,1,1]}"#),
        ("preprocessing", #"{"crop":"none","resize":"opencv-area","mean":[0,0,0],"std":[1,1,1]}"#),
    ])
    func `a manifest that makes no sense is refused`(key: String, json: String) throws {
        let bundle = try BundleCopy()
        let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        try bundle.change { $0[key] = value }
        #expect {
            try bundle.load()
        } throws: { error in
            guard case ModelError.manifest = error else { return false }
            return true
        }
    }
}

@Suite struct SafetensorsTests {
    private func write(header: String, data: [UInt8], length: UInt64? = nil) throws -> URL {
        let file = FileManager.default.temporaryDirectory.appending(path: "melascan-\(UUID().uuidString).safetensors")
        var bytes = Data()
        withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(Data(header.utf8))
        bytes.append(contentsOf: data)
        try bytes.write(to: file)
        return file
    }

    private func open(header: String, data: [UInt8], length: UInt64? = nil) throws -> Safetensors {
        let file = try write(header: header, data: data, length: length)
        defer { try? FileManager.default.removeItem(at: file) }
        return try Safetensors(path: file.path(percentEncoded: false), name: "test")
    }

    @Test func `fp32, fp16 and bf16 are widened exactly`() throws {
        let header = """
            {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},\
            "b":{"dtype":"F16","shape":[2,2],"data_offsets":[4,12]},"c":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]}}
            """
        // 1.5; the halves 1, -2, the smallest subnormal, infinity; -3.140625
        let bytes: [UInt8] = [0, 0, 0xC0, 0x3F, 0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C, 0x49, 0xC0]
        let file = try open(header: header, data: bytes)
        #expect(try file.values(of: "a", shape: [1]) == [1.5])
        #expect(try file.values(of: "b", shape: [2, 2]) == [1, -2, 0x1p-24, .infinity])
        #expect(try file.values(of: "c", shape: [1]) == [-3.140625])
        #expect(throws: ModelError.tensor(name: "d", reason: "it is missing")) { try file.values(of: "d", shape: [1]) }
        #expect(throws: ModelError.tensor(name: "a", reason: "its shape is [1], not [2]")) {
            try file.values(of: "a", shape: [2])
        }
    }

    @Test(arguments: [
        (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4),  // too few bytes for the shape
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3),  // beyond the end
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8),  // bytes left over
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F8","shape":[4],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4),
        (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4),
        ("[1,2,3]", 0), ("{", 0), ("", 0),
    ])
    func `a header that contradicts its data is refused`(header: String, count: Int) {
        #expect {
            try open(header: header, data: [UInt8](repeating: 0, count: count))
        } throws: { error in
            guard case ModelError.weights = error else { return false }
            return true
        }
    }

    @Test(arguments: [UInt64.max, 1 << 63, 4_000_001, 1000])
    func `an impossible header length is refused`(length: UInt64) {
        #expect(throws: ModelError.weights(file: "test", reason: "its header's length is impossible")) {
            try open(header: "{}", data: [], length: length)
        }
    }
}
