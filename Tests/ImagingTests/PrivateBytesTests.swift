import Foundation
import Testing

@testable import Imaging

@Suite struct PrivateBytesTests {
    /// What the kernel notes of the pages at an address, two letters each: VmFlags of proc_pid_smaps(5).
    private func flags(at address: UInt) throws -> [Substring] {
        // String(contentsOfFile:) stops at the first piece of a file that states no size.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        var found = false
        for line in text.split(separator: "\n") {
            // A mapping's first line starts with its bounds, "7f0000000000-7f0000200000 rw-p".
            let bounds = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if bounds.count == 2 { found = (bounds[0]..<bounds[1]).contains(address) }
            if found, line.hasPrefix("VmFlags:") { return line.split(separator: " ") }
        }
        return []
    }

    @Test func `a photo stays out of core dumps, and its pages are large ones where the kernel has them`() throws {
        let bytes = PrivateBytes(count: 8 << 20) { $0.update(repeating: 1) }
        let flags = try bytes.withBytes { try self.flags(at: UInt(bitPattern: $0)) }
        #expect(flags.contains("dd"))
        let hasLargePages = FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage")
        #expect(flags.contains("hg") == hasLargePages)
    }
}
