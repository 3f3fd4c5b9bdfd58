/// Something that holds a network's parameters by the names its checkpoint gave them.
public protocol WeightSource: Sendable {
    /// The extents of a tensor; nil if there is none of this name.
    func shape(of name: String) -> [Int]?
    /// The values of a tensor, row by row, as fp32.
    /// - Throws: `ModelError.tensor` if there is none of this name or it has another shape.
    func values(of name: String, shape: [Int]) throws(ModelError) -> [Float]
}
