/// The number format that a network's large products are computed in. Sums, biases and what passes from block to block are fp32 in
/// either.
public enum Precision: String, Sendable, CaseIterable, Codable {
    case fp32
    /// Inputs and weights of pointwise convolutions rounded to bfloat16, their products summed in fp32.
    case bf16

    /// Bytes of one element of a product's input and weights.
    var size: Int { self == .fp32 ? 4 : 2 }
}
