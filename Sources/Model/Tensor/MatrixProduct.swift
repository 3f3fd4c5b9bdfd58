import COpenBLAS

/// Matrix products through OpenBLAS, one thread a call: the pool above splits the work.
enum MatrixProduct {
    /// Run once, before the first product: OpenBLAS must not start threads of its own.
    static let useOneThread: Void = openblas_set_num_threads(1)

    /// output (rows, columns) = input (rows, depth) x the transpose of weights (columns, depth), all row by row. cblas_sgemm.
    static func multiply(
        _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, rows: Int,
        depth: Int, columns: Int
    ) {
        _ = useOneThread
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(depth), 1, input, Int32(depth), weights,
            Int32(depth), 0, output, Int32(columns))
    }

    /// output (rows) = weights (rows, columns) x input (columns) + bias (rows), if there is one. cblas_sgemv.
    static func apply(
        _ weights: UnsafePointer<Float>, to input: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        into output: UnsafeMutablePointer<Float>, rows: Int, columns: Int
    ) {
        _ = useOneThread
        if let bias { output.update(from: bias, count: rows) }
        cblas_sgemv(
            CblasRowMajor, CblasNoTrans, Int32(rows), Int32(columns), 1, weights, Int32(columns), input, 1, bias == nil ? 0 : 1,
            output, 1)
    }
}
