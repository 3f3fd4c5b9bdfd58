/// The names that a pickle may ask for. None of them runs anything here; all others are refused.
///
/// PyTorch's own `weights_only` list is the model (torch/_weights_only_unpickler.py), cut down to what checkpoints of weights hold,
/// with the inert values that training scripts like to put beside them.
enum PickleGlobal: Equatable {
    case orderedDictionary
    case rebuildTensor
    case rebuildParameter
    case rebuildFromType
    case size
    case storage(StorageType)
    /// A number format or layout, by itself.
    case constant
    /// A class whose objects are passed over: numbers of numpy's, what training scripts keep of their options and schedules.
    case inert

    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            self = .rebuildParameter
        case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
        case ("torch", "Size"): self = .size
        case ("torch", "float32"), ("torch", "float16"), ("torch", "bfloat16"), ("torch", "float64"), ("torch", "int64"),
            ("torch", "int32"), ("torch", "int16"), ("torch", "int8"), ("torch", "uint8"), ("torch", "bool"):
            self = .constant
        case ("torch", "device"), ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer"),
            ("torch._utils", "_rebuild_tensor_v3"), ("torch.storage", "UntypedStorage"), ("argparse", "Namespace"),
            ("collections", "Counter"), ("collections", "defaultdict"), ("_codecs", "encode"),
            ("builtins", "set"), ("builtins", "frozenset"), ("builtins", "complex"), ("builtins", "dict"), ("builtins", "list"),
            ("builtins", "int"), ("builtins", "float"), ("__builtin__", "set"), ("__builtin__", "frozenset"),
            ("__builtin__", "complex"), ("__builtin__", "dict"), ("__builtin__", "list"), ("__builtin__", "int"),
            ("__builtin__", "float"), ("numpy", "dtype"), ("numpy", "ndarray"), ("pathlib", "PosixPath"),
            ("pathlib", "PurePosixPath"), ("pathlib", "WindowsPath"), ("pathlib", "PureWindowsPath"):
            self = .inert
        case ("numpy.core.multiarray", _), ("numpy._core.multiarray", _):
            guard name == "scalar" || name == "_reconstruct" else { return nil }
            self = .inert
        case ("torch", _):
            guard let type = StorageType(rawValue: name) else { return nil }
            self = .storage(type)
        default: return nil
        }
    }
}
