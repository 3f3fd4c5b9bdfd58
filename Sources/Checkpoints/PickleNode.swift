/// One object of a pickle. Objects refer to each other by their numbers in the machine's list, so that no file can build
/// something too deep, too cyclic or too large to be let go of. Texts are ranges of the pickle's own bytes.
enum PickleNode: Equatable {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(Range<Int>)
    case bytes(Range<Int>)
    case tuple([Int])
    case list([Int])
    case dictionary([Entry])
    case global(PickleGlobal)
    indirect case storage(StorageReference)
    indirect case tensor(TensorReference)
    /// Allowed, but of no interest: a device, a scalar of numpy.
    case opaque

    struct Entry: Equatable {
        var key: Int
        var value: Int
    }
}

/// A storage as a pickle names it: the bytes lie elsewhere in the file.
struct StorageReference: Equatable {
    /// Of the pickle's bytes.
    var key: Range<Int>
    var type: StorageType
    /// Elements.
    var count: Int
}

/// A tensor as a pickle describes it: a window on a storage. All but the offset are numbers of objects, looked at only if the tensor
/// is one of those asked for.
struct TensorReference: Equatable {
    var storage: Int
    var offset: Int
    var shape: Int
    var strides: Int
}
