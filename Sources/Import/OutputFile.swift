import Crypto
import Model

#if canImport(Glibc)
    import Glibc
#endif

/// A new file being written, with its SHA-256. open, write, fsync, close.
final class OutputFile {
    private let descriptor: Int32
    private var hash = SHA256()

    /// - Throws: `ImportError.output`.
    init(path: String) throws(ImportError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .output("A file of the ensemble can't be made: \(String(cString: strerror(errno))).") }
    }

    deinit {
        close(descriptor)
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(ImportError) {
        hash.update(bufferPointer: bytes)
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, start, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(errno) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    func write<Element: BitwiseCopyable>(_ values: [Element]) throws(ImportError) {
        try values.withUnsafeBufferPointer { buffer throws(ImportError) in try write(UnsafeRawBufferPointer(buffer)) }
    }

    /// Makes sure that it is on the disk.
    /// - Returns: the SHA-256 in lower-case hexadecimal.
    func finish() throws(ImportError) -> String {
        guard fsync(descriptor) == 0 else { throw Self.failure(errno) }
        return hash.finalize().hexadecimal
    }

    private static func failure(_ code: Int32) -> ImportError {
        code == ENOSPC || code == EDQUOT
            ? .output("The disk is full. Make room, or take another folder, and try again. Nothing was kept.")
            : .output("The ensemble can't be written: \(String(cString: strerror(code))). Nothing was kept.")
    }
}
