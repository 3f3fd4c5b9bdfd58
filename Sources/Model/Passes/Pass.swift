/// One view of a photo through one member.
struct Pass: Equatable, Sendable {
    /// The member's place in the bundle.
    var member: Int
    /// 0...7 (`View`).
    var view: Int
}
