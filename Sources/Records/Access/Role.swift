/// What a device's token is good for.
public enum Role: String, Codable, Sendable, CaseIterable {
    /// Analyses, consents, donated cases.
    case doctor
    /// What a doctor may, and the balance of what was donated.
    case admin
    /// The audit log's head, and nothing else.
    case auditor
}
