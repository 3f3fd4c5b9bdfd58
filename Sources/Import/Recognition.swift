import Model

/// What a file of weights is: network, size, classes and metadata, from its name, its tensors and the options.
struct Recognition {
    let file: WeightsFile
    let keys: CheckpointKeys
    let architecture: Architecture
    let inputSize: Int
    let classes: [String]
    let metadata: [String]?
    let winners: WinnersModel?
    /// What it must hold, by the file's own names.
    let parameters: [ParameterList.Parameter]
    /// Where the options outweighed the file's name.
    let notes: [String]

    /// - Throws: `ImportError.network` or `.options`, with what is missing or wrong.
    init(_ file: WeightsFile, options: ImportOptions) throws(ImportError) {
        let winners = WinnersModel(file: file.name)
        if case .other(let network) = winners?.network, options.architecture == nil { throw Self.notRun(network, in: file) }
        guard let keys = CheckpointKeys(names: file.names) else { throw Self.noEfficientNet(in: file) }
        let architecture = try Self.architecture(of: file, keys: keys, winners: winners, options: options)
        let classes = try Self.classes(of: file, keys: keys, winners: winners, options: options)
        let metadata = try Self.metadata(of: file, keys: keys, winners: winners, options: options)
        guard let inputSize = options.inputSize ?? winners?.inputSize ?? architecture.paddingSize else {
            throw .options(
                "\(file.name): its name does not say the input size. It was trained with one, and a "
                    + "wrong one would not be noticed: --input-size PIXELS. \(Self.renamed)")
        }
        guard (32...2048).contains(inputSize) else { throw .options("The input size must lie between 32 and 2048 pixels.") }
        self.file = file
        self.keys = keys
        self.architecture = architecture
        self.inputSize = inputSize
        self.classes = classes
        self.metadata = metadata
        self.winners = winners
        notes = Self.notes(file, winners, inputSize: inputSize, architecture: architecture, options: options)
        let widths = ["meta.0.weight", "meta.4.weight"].compactMap {
            file.shape(of: keys.stored($0, in: architecture))?.first
        }
        if metadata != nil {
            guard widths.count == 2, widths.allSatisfy({ (1...Self.mostMetadataFeatures).contains($0) }) else {
                throw .network(file: file.name, reason: "its metadata layers (meta.0, meta.4) are not the two that are run.")
            }
        }
        do {
            var list = try ParameterList(
                architecture: architecture, classes: classes.count, metadataFeatures: metadata == nil ? 0 : widths.last ?? 0)
            if let metadata { list.add(metadataInputs: metadata.count, widths: widths) }
            parameters = list.parameters.map { .init(name: keys.stored($0.name, in: architecture), shape: $0.shape) }
        } catch {
            throw .model(error)
        }
        try checkShapes()
    }

    /// The winners' widest layer has 512.
    private static let mostMetadataFeatures = 4096

    /// What the manifest says of it; file and SHA-256 are filled in when it is written.
    var member: Manifest.Member {
        var member = Manifest.Member(file: "", sha256: "", architecture: architecture.name, inputSize: inputSize)
        member.metadata = metadata
        member.classes = classes
        if architecture.paddingSize != inputSize { member.paddingSize = architecture.paddingSize }
        return member
    }

    private static let renamed = "If it is a file of the contest winners', give it its own name back."

    private static func notes(
        _ file: WeightsFile, _ winners: WinnersModel?, inputSize: Int, architecture: Architecture, options: ImportOptions
    ) -> [String] {
        guard let winners, case .efficientNet(let own) = winners.network else { return [] }
        var notes: [String] = []
        if inputSize != winners.inputSize {
            notes.append("\(file.name): its name says \(winners.inputSize) pixels; \(inputSize) were asked for.")
        }
        if options.architecture != nil, architecture.name != own, !options.asOriginal {
            notes.append("\(file.name): its name says \(own); \(architecture.name) was asked for.")
        }
        return notes
    }

    // MARK: - Architecture

    private static func architecture(
        of file: WeightsFile, keys: CheckpointKeys, winners: WinnersModel?, options: ImportOptions
    ) throws(ImportError) -> Architecture {
        var name = options.architecture
        if name == nil, case .efficientNet(let own) = winners?.network { name = own }
        if name == nil, keys.style == .efficientNetPyTorch, let size = size(of: file, keys: keys) {
            name = "tf_efficientnet_" + size
        }
        guard var name else { throw unnamed(file, keys: keys) }
        if options.asOriginal {
            // geffnet.create_model("efficientnet_b7") around the weights of tf_efficientnet_b7_ns.
            guard name.hasPrefix("tf_") else {
                throw .options("\(file.name): --as-original is for networks of TensorFlow's kind; \(name) is none.")
            }
            name = "efficientnet_" + name.dropFirst("tf_efficientnet_".count).prefix { $0 != "_" && $0 != "." }
        }
        do {
            var architecture = try Architecture(name: name)
            architecture.paddingSize = options.paddingSize
            if keys.style == .efficientNetPyTorch, architecture.padding == .same, architecture.paddingSize == nil {
                architecture.paddingSize = nominalSizes[architecture.size]
            }
            return architecture
        } catch {
            throw .model(error)
        }
    }

    /// The input sizes that efficientnet_pytorch works its paddings out for (`efficientnet_params` in its utils.py).
    private static let nominalSizes = [
        "b0": 224, "b1": 240, "b2": 260, "b3": 300, "b4": 380, "b5": 456, "b6": 528, "b7": 600, "b8": 672,
    ]

    /// The size whose stem, last stage and depth the file has, such as "b3".
    private static func size(of file: WeightsFile, keys: CheckpointKeys) -> String? {
        Architecture.sizes.first { size in
            guard let architecture = try? Architecture(name: "tf_efficientnet_" + size),
                let list = try? ParameterList(architecture: architecture, classes: 1)
            else { return false }
            let parameters = list.parameters.filter { !$0.name.hasPrefix("classifier") }
            return !hasMoreBlocks(file, keys, than: architecture)
                && parameters.allSatisfy { file.shape(of: keys.stored($0.name, in: architecture)) == $0.shape }
        }
    }

    private static func unnamed(_ file: WeightsFile, keys: CheckpointKeys) -> ImportError {
        guard let size = size(of: file, keys: keys) else {
            return .options(
                "\(file.name): its name does not say what network it is. Give it: --architecture NAME. \(renamed)")
        }
        return .options(
            "\(file.name): by its tensors it is an EfficientNet \(size), but they do not show how its convolutions pad. "
                + "Give it: --architecture tf_efficientnet_\(size) if the network's name in geffnet or timm begins with tf_, "
                + "else --architecture efficientnet_\(size). \(renamed)")
    }

    // MARK: - Classes and metadata

    private static func classes(
        of file: WeightsFile, keys: CheckpointKeys, winners: WinnersModel?, options: ImportOptions
    ) throws(ImportError) -> [String] {
        guard let shape = file.shape(of: keys.classifier + ".weight"), shape.count == 2 else {
            throw .network(file: file.name, reason: "its classifier \(keys.classifier) is not a linear layer.")
        }
        let count = shape[0]
        // Others with nine classes have them in another order: only the winners' own layer is taken for theirs.
        let standard = keys.isWinners ? [WinnersModel.nineClasses, WinnersModel.fourClasses].first { $0.count == count } : nil
        guard let classes = options.classes ?? winners?.classes ?? standard else {
            throw .options(
                "\(file.name): it has \(count) outputs. Name them in their order: --classes nevus,melanoma,… (--classes 9 or 4 for the winners' lists)"
            )
        }
        guard classes.count == count else {
            throw .network(file: file.name, reason: "it has \(count) outputs, but \(classes.count) classes were named.")
        }
        guard Set(classes).count == count, classes.allSatisfy({ !$0.isEmpty }) else {
            throw .options("The classes must have different names.")
        }
        guard classes.contains(options.target) else {
            throw .options(
                "\(options.target) is not among the classes. Name the one whose probability is the answer: --target NAME")
        }
        return classes
    }

    private static func metadata(
        of file: WeightsFile, keys: CheckpointKeys, winners: WinnersModel?, options: ImportOptions
    ) throws(ImportError) -> [String]? {
        let columns = file.shape(of: keys.metadataLayer).map { $0.last ?? 0 }
        let standard = WinnersModel.metadataInputs
        let isStandard = winners?.takesMetadata ?? (keys.isWinners && columns == standard.count)
        let names = options.metadata ?? (isStandard ? standard : nil)
        guard let names, !names.isEmpty else {
            guard let columns else { return nil }
            throw .options(
                "\(file.name): it has layers for \(columns) metadata inputs. Name them in their order, or take the winners' list: --metadata winners"
            )
        }
        guard let columns else {
            throw .network(file: file.name, reason: "it has no layers for metadata (meta.0.weight).")
        }
        guard columns == names.count else {
            throw .network(file: file.name, reason: "it has \(columns) metadata inputs, but \(names.count) were named.")
        }
        return names
    }

    // MARK: - Shapes

    private func checkShapes() throws(ImportError) {
        for parameter in parameters {
            guard let shape = file.shape(of: parameter.name) else {
                throw .network(
                    file: file.name, reason: "it is no \(architecture.name): \(parameter.name) is missing.\(suggestion)")
            }
            guard shape == parameter.shape else {
                throw .network(
                    file: file.name,
                    reason:
                        "it is no \(architecture.name): \(parameter.name) has the shape \(shape), not \(parameter.shape).\(suggestion)"
                )
            }
        }
        guard !Self.hasMoreBlocks(file, keys, than: architecture) else {
            throw .network(file: file.name, reason: "it is no \(architecture.name): it has more blocks.\(suggestion)")
        }
    }

    /// Whether the last stage goes on where this architecture's ends.
    private static func hasMoreBlocks(_ file: WeightsFile, _ keys: CheckpointKeys, than architecture: Architecture) -> Bool {
        let last = architecture.stages.count - 1
        let next = "blocks.\(last).\(architecture.stages[last].repeats).conv_dw.weight"
        return file.shape(of: keys.stored(next, in: architecture)) != nil
    }

    private var suggestion: String {
        Self.size(of: file, keys: keys).map { " By its tensors it is an EfficientNet \($0): see --architecture." } ?? ""
    }

    private static func notRun(_ network: String, in file: WeightsFile) -> ImportError {
        .network(
            file: file.name,
            reason:
                "it is a \(network == "resnest101" ? "ResNeSt-101" : "SE-ResNeXt-101"), and MelaScan runs EfficientNets only. Leave it out."
        )
    }

    private static func noEfficientNet(in file: WeightsFile) -> ImportError {
        let names = file.names
        if names.contains(where: { $0.contains("layer1.0.conv2.fc1") || $0.contains("layer1.0.conv2.conv") }) {
            return notRun("resnest101", in: file)
        }
        if names.contains(where: { $0.contains("layer1.0.se_module") }) { return notRun("seresnext101", in: file) }
        if names.filter({ $0.hasSuffix("conv_stem.weight") }).count == 1 {
            return .network(file: file.name, reason: "its EfficientNet has no classifier (myfc, classifier, _fc, fc or head).")
        }
        return .network(file: file.name, reason: "it holds no EfficientNet, which is all that MelaScan runs.")
    }
}
