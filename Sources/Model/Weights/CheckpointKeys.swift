/// How a checkpoint names what geffnet names `conv_stem.weight`, `blocks.0.0.bn1.bias`, `classifier.weight` and so on.
///
/// geffnet and timm share their names; efficientnet_pytorch (lukemelas) numbers the blocks through and has names of its own. A
/// network inside of another module has a prefix, such as the contest winners' `enet.`, and often a classifier outside of it,
/// such as their `myfc`.
public struct CheckpointKeys: Sendable, Equatable {
    public enum Style: String, Sendable {
        case geffnet = "geffnet or timm"
        case efficientNetPyTorch = "efficientnet_pytorch"
    }

    public let style: Style
    /// In front of the network's names; may be empty.
    public let prefix: String
    /// The classifier's name, in full.
    public let classifier: String
    /// In front of `meta.0.weight` and its like.
    let metadataPrefix: String

    /// Recognises the names.
    /// - Returns: nil if there is no EfficientNet, or none with a classifier, or more than one, among them.
    public init?(names: some Sequence<String>) {
        let names = Set(names)
        let stems = names.filter { $0.hasSuffix("conv_stem.weight") }
        guard let stem = stems.first, stems.count == 1 else { return nil }
        style = stem.hasSuffix("_conv_stem.weight") ? .efficientNetPyTorch : .geffnet
        prefix = String(stem.dropLast(style == .geffnet ? "conv_stem.weight".count : "_conv_stem.weight".count))
        // The network may be a part of a module, and that of another: `enet.` in `_orig_mod.`, for one.
        let parts = prefix.split(separator: ".")
        let ancestors = (0...parts.count).reversed().map { parts[..<$0].map { $0 + "." }.joined() }
        let own = style == .geffnet ? "classifier" : "_fc"
        let candidates =
            [prefix + own]
            + ancestors.flatMap { ancestor in
                ["myfc", "classifier", "_fc", "fc", "head"].map { ancestor + $0 }
            }
        guard let classifier = candidates.first(where: { names.contains($0 + ".weight") }) else { return nil }
        self.classifier = classifier
        metadataPrefix = ancestors.first { names.contains($0 + "meta.0.weight") } ?? ""
    }

    /// The first metadata layer's weights.
    public var metadataLayer: String { metadataPrefix + "meta.0.weight" }

    /// Whether the module around the network has the contest winners' names.
    public var isWinners: Bool { classifier.split(separator: ".").last == "myfc" }

    /// The checkpoint's name for a parameter.
    /// - Parameter name: geffnet's, or `meta.…`, the winners' metadata layers, which are named alike everywhere.
    public func stored(_ name: String, in architecture: Architecture) -> String {
        if name.hasPrefix("meta.") { return metadataPrefix + name }
        let (module, kind) = name.splitAtLastDot
        if module == "classifier" { return classifier + "." + kind }
        guard style == .efficientNetPyTorch else { return prefix + name }
        switch module {
        case "conv_stem", "conv_head": return prefix + "_" + name
        case "bn1": return prefix + "_bn0." + kind
        case "bn2": return prefix + "_bn1." + kind
        default: return prefix + block(module, in: architecture) + "." + kind
        }
    }

    /// `blocks.2.1.conv_pw` → `_blocks.4._expand_conv`
    private func block(_ module: String, in architecture: Architecture) -> String {
        let parts = module.split(separator: ".").map(String.init)
        guard parts.count >= 4, let stage = Int(parts[1]), let block = Int(parts[2]) else { return module }
        let number = architecture.stages[..<stage].reduce(block) { $0 + $1.repeats }
        let expands = architecture.stages[stage].expansion > 1
        let layer =
            switch parts[3...].joined(separator: ".") {
            case "conv_pw": expands ? "_expand_conv" : "_project_conv"
            case "bn1": expands ? "_bn0" : "_bn1"
            case "conv_dw": "_depthwise_conv"
            case "bn2": expands ? "_bn1" : "_bn2"
            case "conv_pwl": "_project_conv"
            case "bn3": "_bn2"
            case "se.conv_reduce": "_se_reduce"
            case "se.conv_expand": "_se_expand"
            case let other: other
            }
        return "_blocks.\(number).\(layer)"
    }
}

extension String {
    fileprivate var splitAtLastDot: (before: String, after: String) {
        guard let dot = lastIndex(of: ".") else { return ("", self) }
        return (String(self[..<dot]), String(self[index(after: dot)...]))
    }
}

/// Weights under a checkpoint's own names, asked for by geffnet's.
public struct KeyedWeights<Source: WeightSource>: WeightSource {
    let source: Source
    let keys: CheckpointKeys
    let architecture: Architecture

    public init(_ source: Source, keys: CheckpointKeys, architecture: Architecture) {
        self.source = source
        self.keys = keys
        self.architecture = architecture
    }

    public func shape(of name: String) -> [Int]? {
        source.shape(of: keys.stored(name, in: architecture))
    }

    public func values(of name: String, shape: [Int]) throws(ModelError) -> [Float] {
        try source.values(of: keys.stored(name, in: architecture), shape: shape)
    }
}
