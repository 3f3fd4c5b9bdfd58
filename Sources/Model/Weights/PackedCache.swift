import Crypto

#if canImport(Glibc)
    import Glibc
#endif

/// A folder that keeps packed weights between starts: mapped, they need no packing, and all workers of a machine share their pages.
///
/// A file that is not whole, not what its checksum says, or that another user can write, counts as absent. The checksum finds damage, not
/// malice: a process of the same user could leave other weights here, as SECURITY.md says. Files may be deleted between starts.
public struct PackedCache: Sendable {
    let folder: String

    /// - Parameter folder: that exists; if it can't be written, what lies there already is used.
    public init(folder: String) {
        self.folder = folder
    }

    /// Raised when any byte of what is packed from the same weights changes: order, precisions, rounding, biases.
    private static let version = 1
    private static let magic: [UInt8] = Array("MelaScan packed\n".utf8)

    /// The packed weights under a key, mapped, and what keeps them so.
    func open(_ key: String, byteCount: Int) -> (start: UnsafeRawPointer, owner: AnyObject)? {
        guard let file = try? MappedFile(path: path(of: key), name: "cache", isOwn: true), let base = file.bytes.baseAddress,
            file.bytes.count == PageBuffer.pageSize + byteCount
        else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: file.bytes[PageBuffer.pageSize...])
        let expected = header(key, content)
        guard file.bytes.prefix(expected.count).elementsEqual(expected) else { return nil }
        return (base + PageBuffer.pageSize, file)
    }

    /// Writes a file beside and moves it into place, so that nobody sees half of one. A folder that can't be written stays as it is.
    func store(_ content: UnsafeRawBufferPointer, _ key: String) {
        let path = path(of: key)
        let draft = path + ".\(UInt64.random(in: 0...(.max)))"
        let descriptor = Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        var first = header(key, content)
        first += [UInt8](repeating: 0, count: PageBuffer.pageSize - first.count)
        let isWhole = first.withUnsafeBytes { Self.write($0, to: descriptor) } && Self.write(content, to: descriptor)
        guard close(descriptor) == 0, isWhole, rename(draft, path) == 0 else {
            unlink(draft)
            return
        }
    }

    private func path(of key: String) -> String {
        folder + "/" + SHA256.hash(data: Array(key.utf8)).prefix(16).hexadecimal + ".packed"
    }

    /// What a file begins with: what it is, what it is of, and the checksum of what follows.
    private func header(_ key: String, _ content: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = SHA256()
        hash.update(bufferPointer: content)
        return Self.magic + [UInt8(Self.version)] + SHA256.hash(data: Array(key.utf8)) + hash.finalize()
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
