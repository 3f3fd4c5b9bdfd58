/// The names that a pickle may ask for. None of them runs anything here; all others are refused.
///
/// PyTorch's own `weights_only` list is the model (torch/_weights_only_unpickler.py), cut down to what checkpoints of weights hold,
/// with the inert values that training scripts like to put beside them.
enum PickleGlobal: Equatable {
    case orderedDictionary
    case rebuildTensor
    case rebuildParameter
    case size
    case storage(StorageType)
    /// A number format or layout, by itself.
    case constant
    /// A class whose objects are passed over: device, numpy's scalars, argparse's Namespace.
    case inert

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
        case ("torch", "Size"): self = .size
        case ("torch", "float32"), ("torch", "float16"), ("torch", "bfloat16"), ("torch", "float64"), ("torch", "int64"),
            ("torch", "int32"), ("torch", "int16"), ("torch", "int8"), ("torch", "uint8"), ("torch", "bool"):
            self = .constant
        case ("torch", "device"), ("argparse", "Namespace"), ("_codecs", "encode"), ("numpy", "dtype"),
            ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"):
            self = .inert
        case ("torch", _):
            guard let type = StorageType(rawValue: name) else { return nil }
            self = .storage(type)
        default: return nil
        }
    }
}
