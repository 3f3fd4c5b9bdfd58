/// One device that may use the server, as its token says. The token itself is not kept.
public struct Device: Codable, Equatable, Sendable {
    /// Eight digits of base 32: the first part of its token, no secret.
    public var id: String
    /// As the administrator called it: "Room 3 phone".
    public var name: String
    public var role: Role
    /// Times are UTC, ISO 8601.
    public var created: String
    public var expires: String?
    public var revoked: String?
    /// To the minute.
    public var lastUse: String?

    /// Valid at a time, which is UTC in ISO 8601 with milliseconds.
    func isValid(at time: String) -> Bool {
        revoked == nil && expires.map { time < $0 } ?? true
    }

    init(id: String, name: String, role: Role, created: String, expires: String?) {
        self.id = id
        self.name = name
        self.role = role
        self.created = created
        self.expires = expires
    }

    init(_ row: SQLRow) throws {
        guard let role = Role(rawValue: try row.text("role")) else { throw SQLFailure.unexpected("role") }
        self.init(
            id: try row.text("id"), name: try row.text("name"), role: role, created: try row.text("created"),
            expires: try row.optionalText("expires"))
        revoked = try row.optionalText("revoked")
        lastUse = try row.optionalText("last_use")
    }
}
