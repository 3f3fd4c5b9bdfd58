/// Something that holds a network's parameters by the names its checkpoint gave them.
public protocol WeightSource {
    /// The extents of a tensor; nil if there is none of this name.
    func shape(of name: String) -> [Int]?
    /// The values of a tensor, row by row, as fp32.
    /// - Throws: `ModelError.tensor` if there is none of this name or it has another shape.
    func values(of name: String, shape: [Int]) throws(ModelError) -> [Float]
    /// The same where it lies, without a copy if that can be.
    func matrix(of name: String, shape: [Int]) throws(ModelError) -> WeightMatrix
}

extension WeightSource {
    public func matrix(of name: String, shape: [Int]) throws(ModelError) -> WeightMatrix {
        WeightMatrix(try values(of: name, shape: shape))
    }
}
