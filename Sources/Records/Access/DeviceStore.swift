import Crypto
import Foundation

/// The devices that may use the server. Changes are seen by all workers at once, as each request asks here.
public struct DeviceStore: Sendable {
    /// A device with its token, which is shown once and can't be had again.
    public struct Admission: Sendable {
        public var device: Device
        public var token: String
    }

    /// What the audit log keeps of a change.
    private struct Note: Encodable {
        var device: String
        var name: String
        var role: Role
        var expires: String?
    }

    /// The last use is written at most once in this time, so that a request seldom costs a write.
    private static let lastUseSeconds = 60.0
    private static let longestName = 80

    let database: any SQLDatabase

    /// Admits a device.
    /// - Throws: `RecordsError.invalid` if the name is empty, too long or another device's, or the time is past; `.notWritten`.
    public func add(_ name: String, role: Role, expires: Date? = nil, at now: Date = Date()) throws(RecordsError) -> Admission {
        guard (1...Self.longestName).contains(name.count), !name.contains(where: \.isNewline) else {
            throw .invalid(field: "name", reason: "must have 1 to \(Self.longestName) characters on one line")
        }
        if let expires, expires <= now { throw .invalid(field: "expires", reason: "must lie in the future") }
        let token = DeviceToken()
        let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
        let device = Device(
            id: token.id, name: name, role: role, created: Timestamp.text(now), expires: expires.map(Timestamp.text))
        try database.writing { session in
            let isTaken = try session.firstRow(
                "SELECT id FROM devices WHERE name = $1 AND revoked IS NULL", [.text(name)], as: { try $0.text("id") })
            guard isTaken == nil else {
                throw RecordsError.invalid(field: "name", reason: "is another device's; revoke that first or choose another")
            }
            try session.execute(
                "INSERT INTO devices (id, name, role, salt, hash, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                [
                    .text(device.id), .text(name), .text(role.rawValue), .bytes(salt), .bytes(token.hash(salt: salt)),
                    .text(device.created), SQLValue(device.expires),
                ])
            try AuditLog.append(.deviceAdded, Self.note(device), at: now, in: session)
        }
        return Admission(device: device, token: token.text)
    }

    /// All devices ever admitted, the oldest first.
    public func all() throws(RecordsError) -> [Device] {
        try database.reading { try $0.rows("SELECT * FROM devices ORDER BY created, id", as: Device.init) }
    }

    /// True if some device could be let in now.
    public func hasValid(at now: Date = Date()) throws(RecordsError) -> Bool {
        try all().contains { $0.isValid(at: Timestamp.text(now)) }
    }

    /// Turns a device away from now on.
    /// - Parameter key: its identifier or its name.
    /// - Throws: `RecordsError.unknown`, `.notWritten`.
    @discardableResult
    public func revoke(_ key: String, at now: Date = Date()) throws(RecordsError) -> Device {
        try database.writing { session in
            let device = try Self.valid(key, in: session)
            try session.execute(
                "UPDATE devices SET revoked = $1 WHERE id = $2", [.text(Timestamp.text(now)), .text(device.id)])
            try AuditLog.append(.deviceRevoked, Self.note(device), at: now, in: session)
            return device
        }
    }

    /// Gives a device a new secret; the old one is void at once.
    /// - Throws: `RecordsError.unknown`, `.notWritten`.
    public func rotate(_ key: String, at now: Date = Date()) throws(RecordsError) -> Admission {
        try database.writing { session in
            let device = try Self.valid(key, in: session)
            let token = DeviceToken(id: device.id)
            let salt = SymmetricKey(size: .bits128).withUnsafeBytes { Data($0) }
            try session.execute(
                "UPDATE devices SET salt = $1, hash = $2 WHERE id = $3",
                [.bytes(salt), .bytes(token.hash(salt: salt)), .text(device.id)])
            try AuditLog.append(.deviceRotated, Self.note(device), at: now, in: session)
            return Admission(device: device, token: token.text)
        }
    }

    /// The device that a token belongs to; nil if it belongs to none, or to none that is let in now: which, it does not say.
    /// - Throws: `RecordsError.unavailable`.
    public func device(for text: String, at now: Date = Date()) throws(RecordsError) -> Device? {
        guard let token = DeviceToken(text) else { return nil }
        let found = try database.reading { session in
            try session.firstRow("SELECT * FROM devices WHERE id = $1", [.text(token.id)]) { row in
                (device: try Device(row), isRight: token.matches(salt: try row.bytes("salt"), hash: try row.bytes("hash")))
            }
        }
        // As much work for a device that is not there.
        guard let found else {
            _ = token.matches(salt: Data(count: 16), hash: Data(count: 32))
            return nil
        }
        let time = Timestamp.text(now)
        guard found.isRight, found.device.isValid(at: time) else { return nil }
        if found.device.lastUse.flatMap(Timestamp.date).map({ now.timeIntervalSince($0) < Self.lastUseSeconds }) != true {
            // Not worth refusing a doctor for.
            _ = try? database.write {
                try $0.execute("UPDATE devices SET last_use = $1 WHERE id = $2", [.text(time), .text(token.id)])
            }
        }
        return found.device
    }

    private static func valid(_ key: String, in session: any SQLSession) throws -> Device {
        let id = Base32.normalised(key, count: 8) ?? ""
        let device = try session.firstRow(
            "SELECT * FROM devices WHERE revoked IS NULL AND (id = $1 OR name = $2)", [.text(id), .text(key)], as: Device.init)
        guard let device else { throw RecordsError.unknown("device of this name or identifier that is not revoked already") }
        return device
    }

    private static func note(_ device: Device) -> Note {
        Note(device: device.id, name: device.name, role: device.role, expires: device.expires)
    }
}

extension DeviceStore {
    /// The identifier in a token, for counting failed tries; nil if the text is no token.
    public static func identifier(in text: String) -> String? { DeviceToken(text)?.id }
}
