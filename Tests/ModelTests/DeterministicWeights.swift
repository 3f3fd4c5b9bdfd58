@testable import Model

/// A network's parameters without a checkpoint: the numbers of `training/deterministic.py`, to the bit.
struct DeterministicWeights: WeightSource {
    /// Widths of the winners' metadata layers, which nothing else says.
    func shape(of name: String) -> [Int]? {
        ["meta.0.weight": [512, 14], "meta.4.weight": [128, 512]][name]
    }

    func values(of name: String, shape: [Int]) throws(ModelError) -> [Float] {
        var random = SplitMix(name: name)
        let count = shape.reduce(1, *)
        let path = name.split(separator: ".").map(String.init)
        let module = path[path.count - 2]
        let kind = path[path.count - 1]
        func signed() -> Float { 2 * random.uniform() - 1 }
        if shape.count >= 2 {
            let bound = Float((6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
            let gain: Float = module == "conv_expand" ? 0.5 : 1
            return (0..<count).map { _ in signed() * bound * gain }
        }
        let isNorm = ["bn1", "bn2", "bn3"].contains(module) || name.hasPrefix("meta.1.") || name.hasPrefix("meta.5.")
        guard isNorm else { return (0..<count).map { _ in signed() * 0.1 } }
        switch kind {
        case "running_mean": return (0..<count).map { _ in signed() * 0.3 }
        case "bias": return (0..<count).map { _ in signed() * 0.2 }
        default:
            let isLastOfBlock = path[0] == "blocks" && module == (path[1] == "0" ? "bn2" : "bn3")
            let gain: Float = kind == "weight" && isLastOfBlock ? (path[2] == "0" ? 1.5 : 0.25) : 1
            return (0..<count).map { _ in (0.5 + random.uniform()) * gain }
        }
    }
}
