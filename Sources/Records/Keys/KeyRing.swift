import Crypto
import Foundation

/// The keys that stand over all others in the records (envelope encryption): the first seals, all open.
///
/// A file of lines, 64 hexadecimal digits each; more than one while keys are being changed (`RecordsStore.rekey`).
public struct KeyRing: Sendable {
    struct Master: Sendable {
        /// The first 8 bytes of SHA-256 over a label and the key: which one it is, without saying anything of it.
        var id: Data
        var key: SymmetricKey
    }

    let masters: [Master]

    /// - Throws: `RecordsError.key`.
    public init(text: String) throws(RecordsError) {
        var masters: [Master] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.isEmpty {
            guard line.utf8.count == 64, let bytes = Self.bytes(hexadecimal: line) else {
                throw .key("a line of it is not 64 hexadecimal digits; `melascan records new-key FILE` makes one")
            }
            let id = SHA256.hash(data: Data("melascan key id\n".utf8) + bytes).prefix(8)
            masters.append(Master(id: Data(id), key: SymmetricKey(data: bytes)))
        }
        guard !masters.isEmpty else { throw .key("its file is empty; `melascan records new-key FILE` makes one") }
        self.masters = masters
    }

    /// Reads a file that nobody but its owner may read or write: mode 0400 or 0600.
    /// - Throws: `RecordsError.key`.
    public init(file path: String) throws(RecordsError) {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            let text = try? String(contentsOfFile: path, encoding: .utf8)
        else {
            throw .key("its file is not there or can't be read; `melascan records new-key FILE` makes one")
        }
        // A credential of systemd's lies in a folder of its own and is 0440, its group being root.
        let mode = attributes[.posixPermissions] as? Int ?? 0
        let isCredential = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { path.hasPrefix($0 + "/") } ?? false
        guard isCredential || mode & 0o077 == 0 else {
            throw .key("others may read its file; chmod 0400 it")
        }
        try self.init(text: text)
    }

    /// A new key, as a line of such a file.
    public static func newLine() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { Array($0).hexadecimal } + "\n"
    }

    private static func bytes(hexadecimal line: Substring) -> Data? {
        var bytes = Data()
        var rest = line[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
