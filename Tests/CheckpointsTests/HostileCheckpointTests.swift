import Foundation
import Testing

@testable import Checkpoints

/// Files that are damaged or made to harm: each ends in an error, at once. (What memory that takes, `ImportCommandTests` measure.)
@Suite struct HostileCheckpointTests {
    static let files = (try? CheckpointFixtures.files("hostile")) ?? []

    @Test(.timeLimit(.minutes(1)), arguments: files)
    func `it is refused within a second of processor time`(_ name: String) {
        let start = Self.processorSeconds
        #expect(throws: CheckpointError.self) { try CheckpointFixtures.read("hostile/" + name) { _ in } }
        #expect(Self.processorSeconds - start < 1)
    }

    /// Of this thread: other tests run beside this one.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @Test func `there are as many hostile files as the generator makes`() {
        #expect(Self.files.count >= 60)
    }

    @Test(arguments: [
        ("calls-os-system", "posix.system"), ("calls-eval-legacy", "builtin"), ("stack-global-os", "os.system"),
        ("newobj", "subprocess.Popen"),
        ("inst", "INST"), ("ext", "EXT1"), ("long4", "LONG4"), ("module-persistent", "whole model with its code"),
        ("torchscript", "TorchScript"), ("compressed", "compressed"), ("zip-encrypted", "encrypted"),
        ("big-endian", "big-endian"),
        ("zip-wrong-checksum", "checksum"), ("zip-overlapping", "overlap"), ("page", "neither a zip file nor a pickle"),
        ("plain-pickle", "a pickle that PyTorch did not write"), ("no-pickle", "without a PyTorch pickle"),
        ("terabytes", "impossible shape"), ("past-end", "beyond its storage"), ("huge-storage", "another size"),
    ])
    func `what was refused is named`(file: String, words: String) {
        #expect {
            try CheckpointFixtures.read("hostile/\(file).pth") { _ in }
        } throws: { error in
            "\(error)".contains(words)
        }
    }

    /// What a fuzzer found worth keeping: each reaches some part of the reader that the others do not.
    @Test func `no file of the fuzzer's corpus does harm`() throws {
        let names = try CheckpointFixtures.files("corpus")
        #expect(names.count >= 100)
        for name in names {
            try Data(contentsOf: CheckpointFixtures.folder.appending(path: "corpus/" + name)).withUnsafeBytes { bytes in
                guard let checkpoint = try? Checkpoint(bytes) else { return }
                for tensor in checkpoint.tensors.values where tensor.count <= 100_000 { _ = try? tensor.floats() }
            }
        }
    }

    @Test(arguments: ["zip-tensors.pth", "legacy-beside-optimizer.pth"])
    func `a file cut anywhere is refused or whole`(_ name: String) throws {
        let whole = try Data(contentsOf: CheckpointFixtures.folder.appending(path: name))
        for count in 0..<whole.count {
            let cut = whole.prefix(count)
            #expect(throws: CheckpointError.self, "\(count) bytes") { _ = try cut.withUnsafeBytes { try Checkpoint($0) } }
        }
    }

    @Test(arguments: ["zip-tensors.pth", "legacy-tensors.pth"])
    func `any changed byte gives an error or numbers, never a crash`(_ name: String) throws {
        var bytes = [UInt8](try Data(contentsOf: CheckpointFixtures.folder.appending(path: name)))
        for index in bytes.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                bytes[index] ^= change
                bytes.withUnsafeBytes { bytes in
                    guard let checkpoint = try? Checkpoint(bytes) else { return }
                    for tensor in checkpoint.tensors.values where tensor.count < 100_000 { _ = try? tensor.floats() }
                }
                bytes[index] ^= change
            }
        }
    }
}
