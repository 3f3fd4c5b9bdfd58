import FoundationEssentials
import Model

#if canImport(Glibc)
    import Glibc
#endif

/// Makes a bundle of files of weights: recognises them, writes them, tries them.
public struct Importer {
    /// Where it is: bytes done, of all that are read and written.
    public struct Progress: Sendable {
        public enum Step: String, Sendable {
            case reading, writing, checking
        }

        public var step: Step
        public var done: Int
        public var of: Int
    }

    /// What was made.
    public struct Outcome: Sendable {
        public var manifest: Manifest
        /// Bytes of the weights.
        public var size: Int
        /// The largest difference between the fast kernels' logits and the plain ones', over the largest logit.
        public var difference: Double
        /// What whoever gave the options should know.
        public var notes: [String]
    }

    /// The side that fast and plain kernels are compared at: small, since plain kernels are slow.
    private static let comparedSize = 96
    /// How far they may be apart.
    private static let largestDifference = 1e-2

    private let options: ImportOptions
    private let isStopped: () -> Bool
    private let progress: (Progress) -> Void

    /// - Parameters:
    ///   - isStopped: asked often; once true the import ends with `ImportError.stopped` and leaves nothing.
    public init(
        options: ImportOptions, isStopped: @escaping () -> Bool = { false }, progress: @escaping (Progress) -> Void = { _ in }
    ) {
        self.options = options
        self.isStopped = isStopped
        self.progress = progress
    }

    /// - Throws: `ImportError`; then nothing was written, or all of it was taken away again.
    public func run() throws(ImportError) -> Outcome {
        guard options.weights.isEmpty || options.weights.count == options.files.count else {
            throw .options("\(options.weights.count) weights were given for \(options.files.count) files.")
        }
        var recognitions: [Recognition] = []
        for path in options.files {
            try checkStopped()
            recognitions.append(try Recognition(WeightsFile(path: path, section: options.section), options: options))
        }
        let writers = recognitions.map { SafetensorsWriter($0, storage: options.storage) }
        let size = writers.reduce(0) { $0 + $1.size }
        var manifest = try manifest(of: recognitions)
        let folder = try BundleFolder(for: options.destination, replaces: options.replaces, sources: options.files, bytes: size)
        try write(recognitions, writers, to: folder, into: &manifest)
        let difference = try check(&manifest, in: folder)
        try writeManifest(manifest, to: folder)
        try folder.finish()
        return Outcome(manifest: manifest, size: size, difference: difference, notes: recognitions.flatMap(\.notes))
    }

    private func checkStopped() throws(ImportError) {
        if isStopped() { throw .stopped }
    }

    // MARK: - Weights

    private func write(
        _ recognitions: [Recognition], _ writers: [SafetensorsWriter], to folder: BundleFolder, into manifest: inout Manifest
    ) throws(ImportError) {
        let total = zip(recognitions, writers).reduce(0) { $0 + $1.0.file.mapping.bytes.count + $1.1.size }
        var done = 0
        for (index, (recognition, writer)) in zip(recognitions, writers).enumerated() {
            let mapping = recognition.file.mapping
            progress(Progress(step: .reading, done: done, of: total))
            try checkStopped()
            let sum = mapping.sha256
            if let twin = manifest.members[..<index].compactMap(\.source).first(where: { $0.sha256 == sum }) {
                throw .options("\(twin.file) and \(recognition.file.name) are the same file. Name each once.")
            }
            manifest.members[index].source = .init(file: recognition.file.name, sha256: sum)
            done += mapping.bytes.count
            let name = Self.fileName(of: recognition.file.name, unlike: manifest.members[..<index].map(\.file))
            manifest.members[index].file = name
            manifest.members[index].sha256 = try writer.write(to: folder.path + "/" + name) { bytes throws(ImportError) in
                done += bytes
                progress(Progress(step: .writing, done: done, of: total))
                try checkStopped()
            }
            mapping.release()
        }
    }

    /// The file's own name, with characters that are safe everywhere, another ending, and a number where two are alike.
    private static func fileName(of source: String, unlike others: [String]) -> String {
        let stem =
            source.split(separator: ".").count > 1 ? source.split(separator: ".").dropLast().joined(separator: ".") : source
        let safe = String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) ? $0 : "_" }.prefix(120))
        var name = safe + ".safetensors"
        var number = 2
        while others.contains(name) {
            name = "\(safe)-\(number).safetensors"
            number += 1
        }
        return name
    }

    // MARK: - Manifest

    /// One for all members, which are of one architecture by the options, or all the winners'.
    private func preprocessing(of members: [Manifest.Member]) -> Manifest.Preprocessing {
        let published = members.first.map { PublishedNormalization.of($0.architecture) } ?? .imageNet
        return Manifest.Preprocessing(
            crop: "center-square", resize: options.asOriginal ? .linear : options.resize, mean: options.mean ?? published.mean,
            std: options.std ?? published.std)
    }

    private func manifest(of recognitions: [Recognition]) throws(ImportError) -> Manifest {
        let widest = recognitions.map(\.classes).max { $0.count < $1.count } ?? []
        // Classes of further members behind those of the widest.
        let classes = recognitions.map(\.classes).reduce(into: widest) { all, own in
            all += own.filter { !all.contains($0) }
        }
        var members = recognitions.map(\.member)
        for index in members.indices {
            if members[index].classes == classes { members[index].classes = nil }
            if !options.weights.isEmpty { members[index].weight = options.weights[index] }
        }
        let isWinners = recognitions.allSatisfy { $0.winners != nil }
        var manifest = Manifest(
            name: options.name ?? Self.lastPart(of: options.destination), version: "1",
            licence: options.licence ?? (isWinners ? Self.winnersLicence : "not stated; see where the weights come from"),
            provenance: provenance(of: recognitions),
            intendedUse:
                "decision support under the responsibility of whoever imported these weights; no measured operating point or calibration came with them",
            classes: classes, target: options.target, members: members, preprocessing: preprocessing(of: members), views: 8)
        manifest.operatingPoints = options.operatingPoints
        manifest.defaults = options.defaults == Manifest.Defaults() ? nil : options.defaults
        if recognitions.contains(where: { $0.metadata != nil }) {
            manifest.neutralMetadata = [
                "n_images": 1,
                "image_size": recognitions.compactMap { $0.metadata == nil ? nil : $0.winners?.neutralFileSize }.max() ?? 130_000,
            ]
        }
        // File names and hashes are not known yet; everything else can be wrong by the options.
        var trial = manifest
        for index in trial.members.indices { trial.members[index].file = "weights" }
        do { try trial.check() } catch { throw .model(error) }
        return manifest
    }

    private static let winnersLicence =
        "CC-BY-NC-4.0: trained on ISIC 2019 and 2020 photos, which are not for commercial use; the contest winners' code is MIT"

    private func provenance(of recognitions: [Recognition]) -> String {
        var kernels: [String] = []
        for recognition in recognitions {
            let name = recognition.winners?.kernel ?? recognition.file.name
            if !kernels.contains(name) { kernels.append(name) }
        }
        let origin =
            recognitions.allSatisfy { $0.winners != nil }
            ? "weights named as those of the SIIM-ISIC 2020 contest's winners (arXiv 2010.05351)" : "imported weights"
        let variant =
            options.asOriginal
            ? ", run as the original server does: with PyTorch's paddings and epsilon, which they were not trained for" : ""
        return "\(origin): \(kernels.joined(separator: ", "))\(variant)"
    }

    private static func lastPart(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private func writeManifest(_ manifest: Manifest, to folder: BundleFolder) throws(ImportError) {
        guard let json = try? manifest.json() else { throw .output("The manifest can't be written.") }
        let file = try OutputFile(path: folder.path + "/ensemble.json")
        try file.write([UInt8](json))
        _ = try file.finish()
    }

    // MARK: - Check

    /// Loads what was written, holds the fast kernels to the plain ones, and stores a result that every start must reproduce.
    private func check(_ manifest: inout Manifest, in folder: BundleFolder) throws(ImportError) -> Double {
        progress(Progress(step: .checking, done: 0, of: 1))
        do {
            let difference = try compare(manifest, in: folder.path)
            try checkStopped()
            let ensemble = try load(manifest, in: folder.path, kernels: Kernels.choose())
            manifest.selfTest = try ensemble.newSelfTest()
            try manifest.check()
            try checkStopped()
            return difference
        } catch ModelError.cancelled {
            throw .stopped
        } catch let error as ModelError {
            throw .model(error)
        } catch let error as ImportError {
            throw error
        } catch {
            throw .output("\(error)")
        }
    }

    private func load(_ manifest: Manifest, in folder: String, kernels: Kernels) throws(ModelError) -> Ensemble {
        try Ensemble(manifest: manifest, sha256: "", directory: folder, threads: Processor.count, kernels: kernels)
    }

    private func compare(_ manifest: Manifest, in folder: String) throws(ModelError) -> Double {
        var small = manifest
        for index in small.members.indices { small.members[index].inputSize = Self.comparedSize }
        let plain = try load(small, in: folder, kernels: Kernels.choose("reference"))
        let fast = try load(small, in: folder, kernels: Kernels.choose())
        let difference = try fast.difference(from: plain, isCancelled: isStopped)
        guard difference <= Self.largestDifference else {
            throw .selfTest(member: "fast kernels against plain ones", difference: difference)
        }
        return difference
    }
}
