import Crypto

#if canImport(Glibc)
    import Glibc
#endif

/// A file mapped read-only into memory. open, mmap, munmap.
public final class MappedFile: @unchecked Sendable {
    public let bytes: UnsafeRawBufferPointer

    /// - Parameters:
    ///   - name: what error messages call the file.
    ///   - isOwn: only a file of this process's user, that no other can write, and no link to one.
    /// - Throws: `ModelError.unreadable`.
    public init(path: String, name: String, isOwn: Bool = false) throws(ModelError) {
        // A pipe would keep it waiting.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (isOwn ? O_NOFOLLOW : 0))
        guard descriptor >= 0 else { throw .unreadable(file: name, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(file: name, reason: "it is not a file")
        }
        guard !isOwn || (status.st_uid == geteuid() && status.st_mode & 0o022 == 0) else {
            throw .unreadable(file: name, reason: "others can write it")
        }
        guard status.st_size > 0 else { throw .unreadable(file: name, reason: "it is empty") }
        let size = Int(status.st_size)
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
            throw .unreadable(file: name, reason: String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: start, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    /// Gives the pages read so far back; they are read again where they are needed again. madvise.
    public func release() {
        _ = madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count, MADV_DONTNEED)
    }

    /// The SHA-256 of the whole file, in lower-case hexadecimal.
    public var sha256: String {
        var hash = SHA256()
        hash.update(bufferPointer: bytes)
        return hash.finalize().hexadecimal
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    public var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
