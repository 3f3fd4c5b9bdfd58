import Crypto
import Foundation

/// A request that its sender may send again: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), from one device.
public struct IdempotentRequest: Sendable {
    /// A hash of the device and its key.
    let name: String
    /// A hash of what was asked: the same key for something else is a mistake.
    let fingerprint: String

    /// - Parameters:
    ///   - key: as the client chose it.
    ///   - parts: what was asked, in pieces that are the same when it is sent again; nothing of them is copied.
    public init(device: String, key: String, parts: (_ add: (UnsafeRawBufferPointer) -> Void) -> Void) {
        name = SHA256.hash(data: Data("\(device)\n\(key)".utf8)).hexadecimal
        var hash = SHA256()
        parts { hash.update(bufferPointer: $0) }
        fingerprint = hash.finalize().hexadecimal
    }

    /// A key without its words, which may name anything.
    public static func hash(_ key: String) -> String { SHA256.hash(data: Data(key.utf8)).hexadecimal }
}

/// What requests with an Idempotency-Key were answered, so that one that is sent again is answered the same and not done again.
///
/// Kept in the transaction of what was done, sealed, and deleted with its consent or after a day.
struct AnswerStore {
    static let lifetime = 86_400.0

    let keys: KeyRing

    /// - Throws: `RecordsError.invalid` if the key was used for something else.
    func find(_ request: IdempotentRequest, in session: any SQLSession) throws -> String? {
        try session.firstRow("SELECT * FROM answers WHERE request = $1", [.text(request.name)]) { row in
            guard try row.text("fingerprint") == request.fingerprint else {
                throw RecordsError.invalid(field: "Idempotency-Key", reason: "was used for another request; choose a new one")
            }
            guard let wrapped = try row.optionalBytes("key"), let content = try row.optionalBytes("content") else {
                throw RecordsError.unknown("answer to this request any more: what it did was withdrawn or is over")
            }
            return String(decoding: try DataKey(wrapped, of: request.name, in: keys).open(content, as: "answer"), as: UTF8.self)
        }
    }

    func keep(
        _ answer: String, for request: IdempotentRequest, of consent: String, at time: String, in session: any SQLSession
    ) throws {
        let key = try DataKey(for: request.name, in: keys)
        try session.execute(
            "INSERT INTO answers (request, fingerprint, consent, answered, key, content) VALUES ($1, $2, $3, $4, $5, $6)",
            [
                .text(request.name), .text(request.fingerprint), .text(consent), .text(time), .bytes(key.wrapped),
                .bytes(try key.seal(Data(answer.utf8), as: "answer")),
            ])
    }
}
