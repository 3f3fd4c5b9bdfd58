/// What one pass gave.
struct PassResult: Equatable, Sendable {
    var pass: Pass
    /// Softmax, one a class of the member, in the member's own order.
    var probabilities: [Double]
    /// What the member's classifier read of the picture, (features); nil unless the analysis asked for it.
    var features: [Float]?
}
