import Foundation

/// A consent as it was given: to what, in which words, by whom, when, and until when; each purpose by itself.
public struct Consent: Equatable, Sendable {
    public typealias Purpose = ConsentTexts.Purpose

    /// In whose name it was given.
    public enum Giver: String, Codable, Sendable, CaseIterable {
        case patient
        /// A parent or another who has custody of a child.
        case guardian
        /// Who may decide in the patient's place by law or by authority.
        case representative
    }

    /// What was consented to, for one purpose. Times are UTC, ISO 8601.
    public struct Grant: Codable, Equatable, Sendable {
        public var textVersion: String
        /// Who answers for the data, as it was said then.
        public var controller: String
        public var language: String
        public var givenBy: Giver
        /// The device that recorded it.
        public var recordedBy: String
        public var given: String
        public var until: String
    }

    /// A UUID; no secret, and in the audit log.
    public var id: String
    public var recorded: String
    public var grants = ByPurpose<Grant>()
    /// When all of it was withdrawn.
    public var withdrawn: String?
    /// Photos that are kept now.
    public var photos = 0

    public subscript(purpose: Purpose) -> Grant? {
        get { grants[purpose] }
        set { grants[purpose] = newValue }
    }

    /// True if it covers a purpose at a time.
    func allows(_ purpose: Purpose, at time: String) -> Bool {
        withdrawn == nil && self[purpose].map { time < $0.until } ?? false
    }
}
