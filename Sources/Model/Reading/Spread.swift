/// How far single passes lie apart.
public struct Spread: Encodable, Sendable, Equatable {
    public var lowest: Double
    public var highest: Double
    /// About their mean.
    public var standardDeviation: Double
}

extension Spread {
    /// - Parameters:
    ///   - values: one a pass.
    ///   - mean: theirs, as members' weights have it.
    init(of values: [Double], around mean: Double) {
        lowest = values.min() ?? mean
        highest = values.max() ?? mean
        standardDeviation = values.map { ($0 - mean) * ($0 - mean) }.mean.squareRoot()
    }

    /// To six decimals: what answers give.
    var rounded6: Spread {
        Spread(lowest: lowest.rounded6, highest: highest.rounded6, standardDeviation: standardDeviation.rounded6)
    }
}
