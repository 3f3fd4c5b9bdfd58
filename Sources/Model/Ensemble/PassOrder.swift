/// The passes of an analysis, in an order in which every prefix is balanced over members and views.
///
/// Members take turns; in each round every member looks at another view, so that early estimates rest on many of both.
struct PassOrder: Equatable, Sendable {
    struct Pass: Equatable, Sendable {
        var member: Int
        var view: Int
    }

    let passes: [Pass]

    init(members: Int, views: Int) {
        passes = (0..<views).flatMap { round in
            (0..<members).map { Pass(member: $0, view: (round + $0) % views) }
        }
    }
}
