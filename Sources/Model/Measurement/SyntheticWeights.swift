/// A network's parameters without a checkpoint, for measurements: random weights that keep activations near 1 (He 2015,
/// arXiv 1502.01852), batch norms that change nothing.
struct SyntheticWeights: WeightSource {
    func shape(of name: String) -> [Int]? { nil }

    func values(of name: String, shape: [Int]) -> [Float] {
        let count = shape.reduce(1, *)
        guard shape.count > 1 else {
            let value: Float = name.hasSuffix(".weight") || name.hasSuffix("running_var") ? 1 : 0
            return [Float](repeating: value, count: count)
        }
        var random = SplitMix(name: name)
        let bound = Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
        return (0..<count).map { _ in (2 * random.uniform() - 1) * bound }
    }
}
