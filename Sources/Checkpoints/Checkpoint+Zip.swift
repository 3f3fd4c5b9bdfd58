extension Checkpoint.Content {
    /// `NAME/data.pkl` describes, `NAME/data/KEY` holds a storage's bytes, `NAME/byteorder` says their order.
    init(zip bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        let archive = try ZipArchive(bytes)
        let pickles = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") && $0.split(separator: "/").count == 2 }
        guard let pickle = pickles.first, pickles.count == 1, let description = archive.entries[pickle] else {
            throw .notACheckpoint("it is a zip file without a PyTorch pickle in it")
        }
        let root = pickle.dropLast("data.pkl".count)
        guard !archive.entries.keys.contains(where: { $0.hasPrefix(root + "code/") }) else {
            throw .unsupported("it is a TorchScript program, not a checkpoint; save the model's state_dict() instead")
        }
        if let order = archive.entries[root + "byteorder"], !(try archive.checked(order)).elementsEqual("little".utf8) {
            throw .unsupported("it was saved on a big-endian machine")
        }
        var machine = try PickleMachine(try archive.checked(description))
        self.root = try machine.run()
        self.machine = machine
        storage = { (reference, key) throws(CheckpointError) in
            guard let entry = archive.entries[root + "data/" + key] else {
                throw .damaged("a storage's bytes are missing")
            }
            let (size, overflows) = reference.count.multipliedReportingOverflow(by: reference.type.size)
            guard !overflows, size == entry.range.count else { throw .damaged("a storage has another size than it says") }
            return try archive.checked(entry)
        }
    }
}
