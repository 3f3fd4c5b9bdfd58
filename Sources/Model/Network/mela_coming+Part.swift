import CKernels

extension mela_coming {
    /// The weights of a block, which are at `panel`; nothing if the thread works on that block already.
    init(_ block: PackedMatrix.Block, of matrix: PackedMatrix, at panel: UnsafeRawPointer, after current: PackedMatrix.Block) {
        self.init()
        guard block != current else { return }
        start = panel
        lines = block.channels.width * matrix.depth * matrix.precision.size / Int(MELA_LINE_BYTES)
    }

    /// The part of it that one of several pieces of work asks for; those before the first and past the last ask for nothing.
    func part(_ index: Int, of count: Int) -> mela_coming {
        guard let start, (0..<count).contains(index) else { return mela_coming() }
        let first = lines * index / count
        return mela_coming(start: start + first * Int(MELA_LINE_BYTES), lines: lines * (index + 1) / count - first)
    }
}
