/// Reads one pickle without running anything: a stack, a memo, and a list of the objects made.
///
/// The opcodes are those of Python's pickletools, protocols 2 to 5, that PyTorch writes; others are refused by name. Time and
/// memory are bounded by the number of opcodes, which is limited, and not by any number in the file.
struct PickleMachine {
    /// The largest EfficientNet with an optimizer's state takes about 200,000.
    private static let mostOperations = 1_000_000
    /// Objects, names of the memo, items on the stack and items copied: each takes some tens of bytes.
    private static let mostObjects = 300_000
    /// Bytes of a module's or a class's name.
    private static let longestName = 256
    private static let mostDimensions = 8

    let bytes: UnsafeRawBufferPointer
    private var cursor: ByteCursor
    private(set) var nodes: [PickleNode] = []
    private var stack: [Int] = []
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]
    private var copiedItems = 0

    /// - Parameter position: where the pickle begins.
    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(CheckpointError) {
        self.bytes = bytes
        cursor = try ByteCursor(bytes, at: position)
    }

    /// Where the bytes behind the pickle begin, once it was read.
    var end: Int { cursor.position }

    /// Runs to the STOP opcode.
    /// - Returns: the number of the object that the pickle is.
    /// - Throws: `CheckpointError`.
    mutating func run() throws(CheckpointError) -> Int {
        for _ in 0..<Self.mostOperations {
            let position = cursor.position
            let code = try cursor.number(UInt8.self)
            guard let operation = PickleOperation(rawValue: code) else {
                throw .refused(
                    "its pickle has the opcode \(PickleOperation.name(ofForbidden: code)) at byte \(position), which weights never need"
                )
            }
            if operation == .stop { return try pop() }
            try perform(operation)
            guard max(nodes.count, stack.count, marks.count, memo.count, copiedItems) <= Self.mostObjects else {
                throw .refused("its pickle has more objects than weights need")
            }
        }
        throw .refused("its pickle is longer than weights need")
    }

    private mutating func perform(_ operation: PickleOperation) throws(CheckpointError) {
        switch operation {
        case .stop: break
        case .proto:
            let version = try cursor.number(UInt8.self)
            guard version <= 5 else { throw .unsupported("its pickle has the protocol \(version); up to 5 is read") }
        case .frame: _ = try cursor.number(UInt64.self)
        case .mark: marks.append(stack.count)
        case .pop: if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .dup: stack.append(try top())
        case .none: push(.none)
        case .newTrue: push(.boolean(true))
        case .newFalse: push(.boolean(false))
        case .binInt: push(.integer(Int(try cursor.number(Int32.self))))
        case .binInt1: push(.integer(Int(try cursor.number(UInt8.self))))
        case .binInt2: push(.integer(Int(try cursor.number(UInt16.self))))
        case .long1: push(long(try cursor.take(cursor.length(UInt8.self))))
        case .binFloat: push(.number(Double(bitPattern: UInt64(bigEndian: UInt64(littleEndian: try cursor.number(UInt64.self))))))
        case .shortBinUnicode, .shortBinString: push(.text(try cursor.take(cursor.length(UInt8.self))))
        case .binUnicode, .binString: push(.text(try cursor.take(cursor.length(UInt32.self))))
        case .binUnicode8: push(.text(try cursor.take(cursor.length(UInt64.self))))
        case .shortBinBytes: push(.bytes(try cursor.take(cursor.length(UInt8.self))))
        case .binBytes: push(.bytes(try cursor.take(cursor.length(UInt32.self))))
        case .binBytes8, .byteArray8: push(.bytes(try cursor.take(cursor.length(UInt64.self))))
        case .emptyTuple: push(.tuple([]))
        case .tuple1, .tuple2, .tuple3: try pushTuple(Int(operation.rawValue - PickleOperation.tuple1.rawValue) + 1)
        case .tuple: push(.tuple(try popToMark()))
        case .emptyList, .emptySet: push(.list([]))
        case .frozenSet: push(.list(try popToMark()))
        case .append: try append([try pop()])
        case .appends, .addItems: try append(try popToMark())
        case .emptyDictionary: push(.dictionary([]))
        case .setItem:
            let value = try pop()
            try setItems([try pop(), value])
        case .setItems: try setItems(try popToMark())
        case .binPut: memo[Int(try cursor.number(UInt8.self))] = try top()
        case .longBinPut: memo[Int(try cursor.number(UInt32.self))] = try top()
        case .memoize: memo[memo.count] = try top()
        case .binGet: try recall(Int(try cursor.number(UInt8.self)))
        case .longBinGet: try recall(Int(try cursor.number(UInt32.self)))
        case .global:
            let module = try cursor.line(longest: Self.longestName)
            try pushGlobal(module: module, name: try cursor.line(longest: Self.longestName))
        case .stackGlobal:
            let (second, first) = (try pop(), try pop())
            guard case .text(let name) = nodes[second], case .text(let module) = nodes[first] else {
                throw .damaged("its pickle names a class by something that is no text")
            }
            try pushGlobal(module: module, name: name)
        case .reduce, .newObject:
            let arguments = try pop()
            let callable = try pop()
            push(try made(by: callable, from: arguments))
        // What is popped is bound first: an argument would be evaluated after this machine was copied for the call.
        case .build:
            _ = try pop()
            try changeAttributes()
        case .persistentIdentifier:
            let identifier = try pop()
            push(try storage(identifier))
        }
    }

    // MARK: - Stack and memo

    private mutating func push(_ node: PickleNode) {
        nodes.append(node)
        stack.append(nodes.count - 1)
    }

    private func top() throws(CheckpointError) -> Int {
        guard let last = stack.last, stack.count > marks.last ?? 0 else {
            throw .damaged("its pickle takes what it has not put down")
        }
        return last
    }

    private mutating func pop() throws(CheckpointError) -> Int {
        let last = try top()
        stack.removeLast()
        return last
    }

    private mutating func popToMark() throws(CheckpointError) -> [Int] {
        guard let mark = marks.popLast() else { throw .damaged("its pickle takes what it has not put down") }
        let items = Array(stack[mark...])
        stack.removeLast(items.count)
        return items
    }

    private mutating func recall(_ index: Int) throws(CheckpointError) {
        guard let node = memo[index] else { throw .damaged("its pickle recalls what it has not kept") }
        stack.append(node)
    }

    // MARK: - Values

    private mutating func pushTuple(_ count: Int) throws(CheckpointError) {
        var items: [Int] = []
        for _ in 0..<count { items.append(try pop()) }
        push(.tuple(items.reversed()))
    }

    /// Two's complement, little-endian; what is longer than eight bytes stays as bytes.
    private func long(_ range: Range<Int>) -> PickleNode {
        guard range.count <= 8 else { return .bytes(range) }
        var value = range.isEmpty || bytes[range.upperBound - 1] < 0x80 ? 0 : -1
        for index in range.reversed() { value = value << 8 | Int(bytes[index]) }
        return .integer(value)
    }

    private mutating func append(_ items: [Int]) throws(CheckpointError) {
        let target = try top()
        if nodes[target] == .opaque { return }
        guard case .list(var list) = nodes[target] else { throw .damaged("its pickle appends to what is no list") }
        nodes[target] = .none  // so that the list has one owner and grows in place
        list.append(contentsOf: items)
        nodes[target] = .list(list)
    }

    private mutating func setItems(_ items: [Int]) throws(CheckpointError) {
        let target = try top()
        if nodes[target] == .opaque { return }
        guard case .dictionary(var entries) = nodes[target], items.count % 2 == 0 else {
            throw .damaged("its pickle sets items of what is no dictionary")
        }
        nodes[target] = .none
        for index in stride(from: 0, to: items.count, by: 2) {
            entries.append(PickleNode.Entry(key: items[index], value: items[index + 1]))
        }
        nodes[target] = .dictionary(entries)
    }

    private mutating func pushGlobal(module: Range<Int>, name: Range<Int>) throws(CheckpointError) {
        guard module.count <= Self.longestName, name.count <= Self.longestName else {
            throw .refused("its pickle asks for a class with an endless name")
        }
        let (module, name) = (text(module), text(name))
        guard let global = PickleGlobal(module: module, name: name) else {
            let isModel = ["torch.nn.", "__main__", "timm.", "geffnet.", "efficientnet_pytorch."].contains {
                module.hasPrefix($0)
            }
            throw .refused(
                "its pickle asks for \((module + "." + name).printable), which weights never need"
                    + (isModel ? "; it seems to be a whole model: save its state_dict() instead" : ""))
        }
        push(.global(global))
    }

    /// What calling a global would have made.
    private mutating func made(by callable: Int, from arguments: Int) throws(CheckpointError) -> PickleNode {
        guard case .global(let global) = nodes[callable], case .tuple(let items) = nodes[arguments] else {
            throw .refused("its pickle calls something that is no class")
        }
        switch global {
        case .orderedDictionary: return try dictionary(items)
        case .rebuildTensor: return .tensor(try tensor(items))
        case .rebuildParameter:
            guard let first = items.first else { throw .damaged("a parameter in it has no tensor") }
            guard case .tensor = nodes[first] else { return .opaque }
            return nodes[first]
        case .rebuildFromType:
            // (function, type, its arguments, attributes)
            guard items.count >= 3, case .global(.rebuildTensor) = nodes[items[0]], case .tuple(let own) = nodes[items[2]] else {
                return .opaque
            }
            return .tensor(try tensor(own))
        case .size:
            guard let first = items.first, integers(first) != nil, let extents = self.items(of: first) else {
                throw .damaged("a size in it has no numbers")
            }
            return .tuple(extents)
        case .inert: return .opaque
        case .storage, .constant: throw .refused("its pickle calls a number format")
        }
    }

    /// OrderedDict(), or Python 2's OrderedDict([[key, value], …]).
    private mutating func dictionary(_ arguments: [Int]) throws(CheckpointError) -> PickleNode {
        guard let first = arguments.first else { return .dictionary([]) }
        guard case .list(let pairs) = nodes[first] else { throw .damaged("a dictionary in it is made from no list") }
        // One list may be made into many dictionaries.
        copiedItems += pairs.count
        guard copiedItems <= Self.mostObjects else { throw .refused("its pickle has more objects than weights need") }
        var entries: [PickleNode.Entry] = []
        for pair in pairs {
            guard let items = items(of: pair), items.count == 2 else {
                throw .damaged("a dictionary in it is made from no pairs")
            }
            entries.append(PickleNode.Entry(key: items[0], value: items[1]))
        }
        return .dictionary(entries)
    }

    /// Attributes are passed over; only objects that may have some are allowed them.
    private func changeAttributes() throws(CheckpointError) {
        switch nodes[try top()] {
        case .dictionary, .opaque, .tensor: break
        default: throw .refused("its pickle changes an object that has no attributes")
        }
    }

    // MARK: - Tensors

    /// `('storage', torch.FloatStorage, key, location, count)`; the legacy format has a sixth item, the window of a view.
    private func storage(_ identifier: Int) throws(CheckpointError) -> PickleNode {
        guard let items = items(of: identifier), items.count >= 5, case .text(let kind) = nodes[items[0]] else {
            throw .damaged("a storage in it has no proper name")
        }
        guard text(kind) == "storage" else {
            throw .refused("it holds a whole model with its code, not only weights; save its state_dict() instead")
        }
        // A storage of a format that no weights have.
        if case .global(.inert) = nodes[items[1]] { return .opaque }
        guard case .global(.storage(let type)) = nodes[items[1]], case .integer(let count) = nodes[items[4]], count >= 0 else {
            throw .damaged("a storage in it has no type or size")
        }
        guard case .text(let key) = nodes[items[2]], key.count <= Self.longestName else {
            throw .damaged("a storage in it has no proper name")
        }
        guard items.count == 5 || nodes[items[5]] == PickleNode.none else {
            throw .unsupported(
                "it was saved by a very old PyTorch, with views of storages; load and save it again with a newer one")
        }
        return .storage(StorageReference(key: key, type: type, count: count))
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, …)`
    private func tensor(_ items: [Int]) throws(CheckpointError) -> TensorReference {
        guard items.count >= 4, case .storage = nodes[items[0]], case .integer(let offset) = nodes[items[1]] else {
            throw .damaged("a tensor in it has no proper description")
        }
        return TensorReference(storage: items[0], offset: offset, shape: items[2], strides: items[3])
    }

    private func integers(_ node: Int) -> [Int]? {
        guard let items = items(of: node), items.count <= Self.mostDimensions else { return nil }
        var result: [Int] = []
        for item in items {
            guard case .integer(let value) = nodes[item] else { return nil }
            result.append(value)
        }
        return result
    }

    // MARK: - Reading the result

    /// A tensor's storage, and its window on it.
    /// - Throws: `CheckpointError.damaged`.
    func resolve(_ tensor: TensorReference) throws(CheckpointError) -> (
        storage: StorageReference, window: CheckpointTensor.Window
    ) {
        guard case .storage(let storage) = nodes[tensor.storage], let shape = integers(tensor.shape),
            let strides = integers(tensor.strides), shape.count == strides.count
        else { throw .damaged("a tensor in it has no proper description") }
        return (storage, CheckpointTensor.Window(offset: tensor.offset, shape: shape, strides: strides))
    }

    func items(of node: Int) -> [Int]? {
        switch nodes[node] {
        case .tuple(let items), .list(let items): items
        default: nil
        }
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// The entries of a dictionary whose keys are texts, in the file's order.
    func entries(of node: Int) -> some Sequence<(key: Range<Int>, value: Int)> {
        var found: [PickleNode.Entry] = []
        if case .dictionary(let entries) = nodes[node] { found = entries }
        return found.lazy.compactMap { entry in
            guard case .text(let range) = nodes[entry.key], range.count <= Self.longestName else { return nil }
            return (range, entry.value)
        }
    }

    /// The last value of a key, as in Python.
    func value(of key: String, in node: Int) -> Int? {
        var found: Int?
        for entry in entries(of: node) where bytes[entry.key].elementsEqual(key.utf8) { found = entry.value }
        return found
    }
}

extension String {
    /// Its first 100 characters, with a dot for each that is not a printable one of ASCII: fit for an error message.
    var printable: String {
        String(unicodeScalars.prefix(100).map { (0x20...0x7E).contains($0.value) ? Character($0) : "." })
    }
}
