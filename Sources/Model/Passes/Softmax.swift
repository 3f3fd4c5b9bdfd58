#if canImport(Glibc)
    import Glibc
#endif

/// exp(x) / sum of exp(x), in fp64, shifted by the largest logit so that nothing overflows.
enum Softmax {
    static func probabilities(_ logits: [Float]) -> [Double] {
        let largest = Double(logits.max() ?? 0)
        let exponentials = logits.map { exp(Double($0) - largest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }
}
