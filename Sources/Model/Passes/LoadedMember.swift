/// One network of a loaded ensemble, ready to run.
struct LoadedMember: Sendable {
    var plan: Plan
    var metadata: Metadata?

    /// What a member that takes metadata needs for it.
    struct Metadata: Sendable {
        var inputs: MetadataInputs
        var network: MetadataNetwork

        func features(for patient: PatientInformation) -> [Float] {
            network.run(inputs.values(for: patient))
        }
    }

    /// - Throws: `ModelError`.
    init(
        _ member: Manifest.Member, of manifest: Manifest, weights: Safetensors, precision: Precision, kernels: Kernels,
        threads: Int, cache: PackedCache?
    ) throws(ModelError) {
        var architecture = try Architecture(name: member.architecture)
        architecture.paddingSize = member.paddingSize
        guard let keys = CheckpointKeys(names: weights.names) else {
            throw .weights(file: member.file, reason: "it holds no EfficientNet with a classifier")
        }
        let source = KeyedWeights(weights, keys: keys, architecture: architecture)
        if let names = member.metadata {
            let inputs = try MetadataInputs(names: names, neutral: manifest.neutralMetadata ?? [:])
            metadata = Metadata(inputs: inputs, network: try MetadataNetwork(inputs: names.count, from: source))
        }
        plan = try Plan(
            architecture: architecture, classes: (member.classes ?? manifest.classes).count, inputSize: member.inputSize,
            metadataFeatures: metadata?.network.features ?? 0, precision: precision, kernels: kernels, threads: threads,
            weights: source, cache: cache.map { ($0, member.sha256) })
    }
}
