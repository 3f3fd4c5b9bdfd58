/// The weights of a file that `torch.save` wrote, by their names, without running anything that the file contains.
///
/// Two formats: the zip archive of PyTorch 1.6 and later, and the row of pickles of earlier ones (torch/serialization.py). Tensors
/// are windows on the given bytes; nothing is copied.
///
///     let checkpoint = try Checkpoint(bytes)
///     let stem = try checkpoint.tensors["conv_stem.weight"]?.floats()
public struct Checkpoint: Sendable {
    public enum Format: String, Sendable {
        case zip = "PyTorch zip"
        case legacy = "PyTorch legacy (before 1.6)"
    }

    public let format: Format
    /// Without the prefix `module.` of data-parallel training.
    public let tensors: [String: CheckpointTensor]
    /// Where in the file they were: a key such as `state_dict`; nil where the file is nothing but them.
    public let section: String?

    /// - Parameters:
    ///   - bytes: the whole file; must outlive the checkpoint.
    ///   - section: the key of the state dictionary to take, where a file holds several.
    /// - Throws: `CheckpointError`.
    public init(_ bytes: UnsafeRawBufferPointer, section: String? = nil) throws(CheckpointError) {
        let content: Content
        if ZipArchive.begins(bytes) {
            format = .zip
            content = try Content(zip: bytes)
        } else {
            format = .legacy
            content = try Content(legacy: bytes)
        }
        let state = try StateDictionary.find(in: content.machine, root: content.root, section: section)
        self.section = state.section
        var tensors: [String: CheckpointTensor] = [:]
        var storages: [String: (reference: StorageReference, bytes: UnsafeRawBufferPointer)] = [:]
        for (name, reference) in state.tensors {
            let (own, window) = try content.machine.resolve(reference)
            let key = content.machine.text(own.key)
            if storages[key] == nil { storages[key] = (own, try content.storage(own, key)) }
            guard let storage = storages[key], storage.reference.type == own.type, storage.reference.count == own.count else {
                throw .damaged("one storage is described in two ways")
            }
            tensors[name] = try CheckpointTensor(window, type: own.type, in: storage.bytes)
        }
        self.tensors = tensors
    }

    /// A file taken apart: its objects, and the way to the bytes of a storage.
    struct Content {
        var machine: PickleMachine
        var root: Int
        /// The bytes of a storage with its key.
        var storage: (StorageReference, String) throws(CheckpointError) -> UnsafeRawBufferPointer
    }
}
