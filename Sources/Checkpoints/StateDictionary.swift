/// Finds the weights among the objects of a checkpoint: the dictionary from names to tensors, by itself or beside an optimizer's
/// state and other things that training scripts keep.
struct StateDictionary {
    /// Where training scripts keep the weights, the likeliest first.
    private static let usual = ["state_dict", "model_state_dict", "model", "net", "network", "weights", "params"]
    private static let prefix = "module."
    private static let mostTensors = 20_000

    var section: String?
    var tensors: [Named]

    typealias Named = (name: String, reference: TensorReference)

    static func find(in machine: PickleMachine, root: Int, section: String?) throws(CheckpointError) -> StateDictionary {
        if let section {
            let found = try machine.value(of: section, in: root).map { (node) throws(CheckpointError) in
                try tensors(of: node, in: machine)
            }
            guard let found, !found.isEmpty else { throw .unsupported("it has no weights under the key \(section.printable)") }
            return StateDictionary(section: section, tensors: found)
        }
        for name in usual {
            guard let node = machine.value(of: name, in: root) else { continue }
            let found = try tensors(of: node, in: machine)
            if !found.isEmpty { return StateDictionary(section: name, tensors: found) }
        }
        // Behind the usual keys, since scripts keep single tensors beside them: the best accuracy, a random generator's state.
        let own = try tensors(of: root, in: machine)
        if !own.isEmpty { return StateDictionary(section: nil, tensors: own) }
        return try onlyOne(in: machine, root: root)
    }

    /// The weights under a key that no one could foresee, if there are no others.
    private static func onlyOne(in machine: PickleMachine, root: Int) throws(CheckpointError) -> StateDictionary {
        var sections: [StateDictionary] = []
        var seen: Set<Int> = []  // many keys may share one value
        for entry in machine.entries(of: root) where seen.insert(entry.value).inserted && sections.count < 8 {
            let found = try tensors(of: entry.value, in: machine)
            if !found.isEmpty { sections.append(StateDictionary(section: machine.text(entry.key), tensors: found)) }
        }
        guard let only = sections.first else { throw .unsupported("there are no weights by name in it") }
        guard sections.count == 1 else {
            let names = sections.compactMap { $0.section?.printable }.joined(separator: ", ")
            throw .unsupported("it holds several sets of weights; name one by --section: \(names)")
        }
        return only
    }

    /// The tensors of a dictionary, with data-parallel training's prefix taken off where all have it.
    private static func tensors(of node: Int, in machine: PickleMachine) throws(CheckpointError) -> [Named] {
        var found: [Named] = []
        for entry in machine.entries(of: node) {
            guard case .tensor(let reference) = machine.nodes[entry.value] else { continue }
            guard found.count < mostTensors else { throw .refused("it has more tensors than a network") }
            // Python's names of modules and parameters; others would only serve to deceive whoever reads them.
            guard machine.bytes[entry.key].allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .refused("a tensor in it has a name that no network gives")
            }
            found.append((machine.text(entry.key), reference))
        }
        guard found.allSatisfy({ $0.name.hasPrefix(prefix) }) else { return found }
        return found.map { (String($0.name.dropFirst(prefix.count)), $0.reference) }
    }
}
