import Crypto
import Foundation

/// The key of one row and of nothing else; what is kept of it is itself sealed, by a key of the ring.
///
/// AES-256-GCM both times (swift-crypto). What is sealed is bound to its row and its purpose: in another place it does not open.
struct DataKey {
    /// The ring key's number (8 bytes), nonce (12), the sealed key (32), tag (16): the column `key`.
    let wrapped: Data
    private let key: SymmetricKey
    private let row: String

    /// A new key for a row.
    init(for row: String, in ring: KeyRing) throws(RecordsError) {
        let key = SymmetricKey(size: .bits256)
        self.key = key
        self.row = row
        wrapped = try Self.wrap(key, for: row, by: ring.masters[0])
    }

    /// The key of a row, as it was kept.
    init(_ wrapped: Data, of row: String, in ring: KeyRing) throws(RecordsError) {
        guard let master = ring.masters.first(where: { $0.id == wrapped.prefix(8) }) else {
            throw .key("it is not the one that the records were written with, or an older one's line is missing")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: wrapped.dropFirst(8))
            key = SymmetricKey(data: try AES.GCM.open(box, using: master.key, authenticating: Self.binding(row, "key")))
        } catch {
            throw Self.damaged
        }
        self.wrapped = wrapped
        self.row = row
    }

    /// The same key under the ring's first.
    func rewrapped(in ring: KeyRing) throws(RecordsError) -> Data {
        try Self.wrap(key, for: row, by: ring.masters[0])
    }

    func seal(_ bytes: Data, as purpose: String) throws(RecordsError) -> Data {
        guard let sealed = try? AES.GCM.seal(bytes, using: key, authenticating: Self.binding(row, purpose)).combined else {
            throw .key("nothing can be sealed with it")
        }
        return sealed
    }

    func open(_ sealed: Data, as purpose: String) throws(RecordsError) -> Data {
        do {
            return try AES.GCM.open(
                AES.GCM.SealedBox(combined: sealed), using: key, authenticating: Self.binding(row, purpose))
        } catch {
            throw Self.damaged
        }
    }

    func seal(_ value: some Encodable, as purpose: String) throws -> Data {
        try seal(JSONEncoder().encode(value), as: purpose)
    }

    func open<Value: Decodable>(_ type: Value.Type, _ sealed: Data, as purpose: String) throws -> Value {
        try JSONDecoder().decode(type, from: open(sealed, as: purpose))
    }

    private static let damaged = RecordsError.key("what it sealed was changed or damaged")

    private static func binding(_ row: String, _ purpose: String) -> Data { Data("melascan\n\(purpose)\n\(row)".utf8) }

    private static func wrap(_ key: SymmetricKey, for row: String, by master: KeyRing.Master) throws(RecordsError) -> Data {
        let bytes = key.withUnsafeBytes { Data($0) }
        guard let sealed = try? AES.GCM.seal(bytes, using: master.key, authenticating: binding(row, "key")).combined else {
            throw .key("nothing can be sealed with it")
        }
        return master.id + sealed
    }
}
