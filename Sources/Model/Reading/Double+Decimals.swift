extension Double {
    /// The number with a fixed count of decimals, as text.
    public func decimals(_ count: Int) -> String {
        let scale = (0..<count).reduce(1.0) { scale, _ in scale * 10 }
        let units = (magnitude * scale).rounded()
        let whole = String(Int(units / scale))
        let digits = String(Int(units.truncatingRemainder(dividingBy: scale)))
        let sign = self < 0 && units > 0 ? "-" : ""
        guard count > 0 else { return sign + whole }
        return sign + whole + "." + String(repeating: "0", count: count - digits.count) + digits
    }

    /// Rounded to six decimals: what answers give.
    var rounded6: Double { (self * 1e6).rounded() / 1e6 }
}
