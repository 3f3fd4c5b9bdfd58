extension [Double] {
    /// The middle value; the mean of the two middle ones where their number is even.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2
    }
}

extension Double {
    /// Rounded to three decimals, for times.
    public var rounded3: Double { (self * 1000).rounded() / 1000 }
}
