/// The passes of an analysis, in an order in which every prefix is balanced over members and views.
///
/// Members take turns, and so do views; where their numbers share a divisor, the views move on by one after each common cycle, so
/// that every member meets every view once. A round is a turn of all members.
struct PassOrder: Equatable, Sendable {
    let members: Int
    let passes: [Pass]

    init(members: Int, views: Int) {
        let cycle = members * views / Self.greatestCommonDivisor(members, views)
        self.members = members
        passes = (0..<(members * views)).map { Pass(member: $0 % members, view: ($0 + $0 / cycle) % views) }
    }

    private init(members: Int, passes: [Pass]) {
        self.members = members
        self.passes = passes
    }

    /// Passes of each member.
    var rounds: Int { passes.count / members }

    /// The first rounds.
    func prefix(rounds: Int) -> PassOrder {
        PassOrder(members: members, passes: [Pass](passes.prefix(rounds * members)))
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
