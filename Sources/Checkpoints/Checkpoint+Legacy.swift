extension Checkpoint.Content {
    /// `torch.save`'s first pickle, as a long integer in two's complement: 0x1950A86A20F9469CFC6C.
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    /// Five pickles (a magic number, a protocol's version, the machine's properties, the object, the keys of its storages), then
    /// for each key the number of elements in eight bytes, and the elements.
    init(legacy bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        guard bytes.count > 2, bytes[0] == PickleOperation.proto.rawValue else {
            throw .notACheckpoint("neither a zip file nor a pickle")
        }
        var magic = try PickleMachine(bytes)
        let first = try magic.run()
        guard case .bytes(let number) = magic.nodes[first], bytes[number].elementsEqual(Self.magic) else {
            throw .notACheckpoint("a pickle that PyTorch did not write")
        }
        var version = try PickleMachine(bytes, at: magic.end)
        let second = try version.run()
        guard version.nodes[second] == .integer(1001) else { throw .unsupported("it has an unknown protocol version") }
        var system = try PickleMachine(bytes, at: version.end)
        let properties = try system.run()
        guard let order = system.value(of: "little_endian", in: properties), system.nodes[order] == .boolean(true) else {
            throw .unsupported("it was saved on a big-endian machine")
        }
        var machine = try PickleMachine(bytes, at: system.end)
        root = try machine.run()
        self.machine = machine
        var list = try PickleMachine(bytes, at: machine.end)
        let keys = try Self.keys(&list)
        let types = Self.types(machine, keys: Set(keys))
        var cursor = try ByteCursor(bytes, at: list.end)
        var storages: [String: UnsafeRawBufferPointer] = [:]
        for key in keys {
            guard let reference = types[key] else { throw .damaged("it has the bytes of a storage that nothing uses") }
            guard try cursor.number(Int64.self) == Int64(reference.count) else {
                throw .damaged("a storage has another size than it says")
            }
            let (size, overflows) = reference.count.multipliedReportingOverflow(by: reference.type.size)
            guard !overflows else { throw .damaged("a storage has an impossible size") }
            let range = try cursor.take(size)
            guard storages.updateValue(UnsafeRawBufferPointer(rebasing: bytes[range]), forKey: key) == nil else {
                throw .damaged("two storages have one name")
            }
        }
        let found = storages
        storage = { (reference, key) throws(CheckpointError) in
            guard let storage = found[key], let known = types[key] else { throw .damaged("a storage's bytes are missing") }
            guard known.type == reference.type, known.count == reference.count else {
                throw .damaged("one storage is described in two ways")
            }
            return storage
        }
    }

    private static func keys(_ list: inout PickleMachine) throws(CheckpointError) -> [String] {
        let result = try list.run()
        guard let items = list.items(of: result) else { throw .damaged("the list of its storages is missing") }
        var keys: [String] = []
        for item in items {
            guard case .text(let range) = list.nodes[item], range.count <= 256, keys.count < 20_000 else {
                throw .damaged("the list of its storages is no list of names")
            }
            keys.append(list.text(range))
        }
        return keys
    }

    /// What the object says of each storage in the list.
    private static func types(_ machine: PickleMachine, keys: Set<String>) -> [String: StorageReference] {
        var types: [String: StorageReference] = [:]
        for case .storage(let reference) in machine.nodes {
            let key = machine.text(reference.key)
            if keys.contains(key) { types[key] = reference }
        }
        return types
    }
}
