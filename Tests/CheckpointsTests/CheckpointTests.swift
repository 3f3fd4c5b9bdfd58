import Foundation
import Testing

@testable import Checkpoints

/// Files that PyTorch wrote, and the values that PyTorch reads from them.
@Suite struct CheckpointTests {
    private struct Expected: Decodable {
        struct Tensor: Decodable {
            var shape: [Int]
            /// nil for integers; null for what is too large for fp32.
            var values: [Float?]?
        }

        var tensors: [String: Tensor]
    }

    private func expected() throws -> [String: Expected.Tensor] {
        let data = try Data(contentsOf: CheckpointFixtures.folder.appending(path: "expected.json"))
        return try JSONDecoder().decode(Expected.self, from: data).tensors
    }

    @Test(arguments: ["zip", "legacy"], ["tensors", "data-parallel", "beside-optimizer", "beside-much", "protocol-4"])
    func `every kind of tensor is read as PyTorch reads it`(format: String, name: String) throws {
        let expected = try expected()
        try CheckpointFixtures.read("\(format)-\(name).pth") { checkpoint in
            #expect(checkpoint.format == (format == "zip" ? .zip : .legacy))
            #expect(Set(checkpoint.tensors.keys) == Set(expected.keys))
            #expect(checkpoint.section == ["beside-optimizer": "state_dict", "beside-much": "model"][name])
            for (key, expected) in expected {
                let tensor = try #require(checkpoint.tensors[key])
                #expect(tensor.shape == expected.shape, "\(key)")
                guard let values = expected.values else {
                    #expect(throws: CheckpointError.self, "\(key)") { try tensor.floats() }
                    continue
                }
                let ours = try tensor.floats()
                #expect(ours.count == values.count)
                for (ours, theirs) in zip(ours, values) { #expect(theirs == nil ? ours.isInfinite : ours == theirs, "\(key)") }
            }
        }
    }

    @Test(arguments: ["zip", "legacy"])
    func `of several sets of weights one must be named`(format: String) throws {
        #expect(throws: CheckpointError.unsupported("it holds several sets of weights; name one by --section: generator, critic"))
        {
            try CheckpointFixtures.read("\(format)-two-sets.pth") { _ in }
        }
        let values = try CheckpointFixtures.read("\(format)-two-sets.pth", section: "critic") { try $0.tensors["a"]?.floats() }
        #expect(values == [2, 3])
        #expect(throws: CheckpointError.unsupported("it has no weights under the key other")) {
            try CheckpointFixtures.read("\(format)-two-sets.pth", section: "other") { _ in }
        }
    }

    @Test(arguments: ["zip", "legacy"])
    func `a whole model is refused, with what to save instead`(format: String) throws {
        #expect {
            try CheckpointFixtures.read("\(format)-whole-model.pth") { _ in }
        } throws: { error in
            "\(error)".contains("torch.nn.modules.linear.Linear") && "\(error)".contains("save its state_dict() instead")
        }
    }

    @Test func `checksums are the zip format's`() {
        let text = Array("123456789".utf8)
        #expect(text.withUnsafeBytes { CRC32.checksum($0) } == 0xCBF4_3926)
        let long = (0..<1003).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var plain: UInt32 = 0xFFFF_FFFF
        for byte in long {
            plain ^= UInt32(byte)
            for _ in 0..<8 { plain = plain & 1 == 1 ? plain >> 1 ^ 0xEDB8_8320 : plain >> 1 }
        }
        #expect(long.withUnsafeBytes { CRC32.checksum($0) } == ~plain)
    }
}
