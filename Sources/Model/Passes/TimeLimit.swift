/// The seconds that an analysis's passes may take, and how long a pass takes here.
public struct TimeLimit: Sendable, Equatable {
    public var seconds: Int
    public var speed: Ensemble.Speed

    public init(seconds: Int, speed: Ensemble.Speed) {
        self.seconds = seconds
        self.speed = speed
    }

    /// As much of an order as fits: its first rounds, each member once a round; where not even one fits, one view of the first members
    /// that do; at the least a single pass, whatever it takes.
    func fitting(_ order: PassOrder) -> PassOrder {
        func fits(_ part: PassOrder) -> Bool { speed.seconds(for: part) <= Double(seconds) }
        for rounds in (1...order.rounds).reversed() {
            let part = order.prefix(rounds: rounds)
            if fits(part) { return part }
        }
        for members in (1..<max(order.members, 2)).reversed() {
            let part = PassOrder(members: members, views: 1)
            if fits(part) { return part }
        }
        return PassOrder(members: 1, views: 1)
    }
}
