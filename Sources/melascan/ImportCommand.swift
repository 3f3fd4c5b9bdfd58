import ArgumentParser
import Imaging
import Import
import Model

/// `melascan import`: files of weights in, a bundle out.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Makes an ensemble of PyTorch checkpoints or safetensors files.",
        discussion: """
            The files of the SIIM-ISIC 2020 contest's winners are recognised by their names:

              melascan import 9c_b7ns_1e_640_ext_15ep_best_fold*.pth --to ensembles/winners-b7

            Any other EfficientNet (names of geffnet, timm or efficientnet_pytorch) needs --architecture, --input-size and --classes; the
            options hold for all files of the command. If the classifier is named myfc, as the winners', their classes are assumed. Nothing in a file is run. The new ensemble is tried before it is put in place.
            """)

    @Argument(help: "Checkpoints (.pth, .pt) or .safetensors files, one a member.", completion: .file())
    var files: [String]

    @Option(help: "The ensemble's folder, which is made.", completion: .directory)
    var to: String

    @Option(help: "How weights are stored: fp32, or in half of the room fp16 or bf16.")
    var storage = ImportOptions.Storage.fp32

    @Option(help: "The network's name in geffnet or timm, such as tf_efficientnet_b4_ns.")
    var architecture: String?

    @Option(help: "Width and height of the input in pixels.")
    var inputSize: Int?

    @Option(help: "The outputs' names in order, with commas; or 9 or 4 for the winners' lists.")
    var classes: String?

    @Option(help: "The metadata inputs' names in order, with commas; winners for the winners' list; none.")
    var metadata: String?

    @Option(help: "The class whose probability is the answer.")
    var target = "melanoma"

    @Option(help: "Each member's share in the mean, with commas; equal shares if not given.")
    var weights: String?

    @Option(help: "Views a member that an analysis takes unless it is asked otherwise, 1 to 8.")
    var views: Int?

    @Option(help: "The first so many members that an analysis takes unless it is asked otherwise.")
    var members: Int?

    @Option(help: "A threshold for verdicts on the mean score, NAME=THRESHOLD. Give one that was measured.")
    var operatingPoint: [String] = []

    @Option(help: "The ensemble's name; the folder's if not given.")
    var name: String?

    @Option(help: "The weights' licence, for the model card.")
    var licence: String?

    @Option(help: "The key of the weights in a checkpoint that holds several.")
    var section: String?

    @Option(help: "The input size that efficientnet_pytorch worked the paddings out for, if not the network's usual one.")
    var paddingSize: Int?

    @Option(
        help:
            "The means of pixel values in 0...1 that the networks were trained with: one number, or three with commas (as published for the network)."
    )
    var mean: String?

    @Option(help: "Their standard deviations, likewise (as published for the network).")
    var std: String?

    @Option(
        help:
            "How photos are brought to the networks' sizes: area-linear (OpenCV's linear up to 1.5 times, larger photos reduced to that by area first), linear at any size, or area."
    )
    var resize = Resize.areaThenLinear

    @Flag(
        help:
            "Computes what the original server does: PyTorch's paddings and epsilon around weights trained with TensorFlow's, photos resized by linear."
    )
    var asOriginal = false

    @Flag(help: "Replaces an ensemble that is there.")
    var replace = false

    func run() throws {
        let options = try options()
        Interruption.watch()
        let bar = ProgressBar(unit: "MiB")
        defer { bar.clear() }
        let importer = Importer(options: options, isStopped: { Interruption.wasAsked }) { progress in
            switch progress.step {
            case .checking: bar.note("Trying the new ensemble")
            case .reading, .writing: bar.show(done: progress.done >> 20, of: max(progress.of >> 20, 1))
            }
        }
        let outcome: Importer.Outcome
        do {
            outcome = try importer.run()
        } catch {
            bar.clear()
            Terminal.complain(error.description)
            throw ExitCode.failure
        }
        bar.clear()
        print(report(outcome))
    }

    private func options() throws -> ImportOptions {
        var options = ImportOptions(files: files, destination: to)
        options.storage = storage
        options.architecture = architecture
        options.inputSize = inputSize
        options.target = target
        options.section = section
        options.paddingSize = paddingSize
        options.resize = resize
        options.mean = try mean.map { try Self.channels($0, "--mean", in: 0...1) }
        options.std = try std.map { try Self.channels($0, "--std", in: 0.001...1) }
        options.asOriginal = asOriginal
        options.replaces = replace
        options.name = name
        options.licence = licence
        options.defaults = Manifest.Defaults(views: views, members: members)
        switch classes {
        case "9": options.classes = WinnersModel.nineClasses
        case "4": options.classes = WinnersModel.fourClasses
        default: options.classes = classes.map(Self.list)
        }
        switch metadata {
        case "winners": options.metadata = WinnersModel.metadataInputs
        case "none": options.metadata = []
        default: options.metadata = metadata.map(Self.list)
        }
        if let weights {
            options.weights = try Self.list(weights).map { text in
                guard let weight = Double(text), (1e-6...1e6).contains(weight) else {
                    throw ValidationError("--weights takes positive numbers, such as 1,1,0.5; '\(text)' is none.")
                }
                return weight
            }
        }
        options.operatingPoints = try operatingPoint.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let threshold = Double(parts[1]), threshold > 0, threshold < 1 else {
                throw ValidationError(
                    "--operating-point takes a name and a threshold between 0 and 1, such as sensitivity-95=0.12.")
            }
            return OperatingPoint(name: parts[0], threshold: threshold)
        }
        return options
    }

    /// A number for each of red, green and blue.
    private static func channels(_ text: String, _ option: String, in range: ClosedRange<Double>) throws -> [Double] {
        let numbers = list(text).map(Double.init)
        let known = numbers.compactMap { $0 }.filter(range.contains)
        guard known.count == numbers.count, [1, 3].contains(known.count) else {
            throw ValidationError(
                "\(option) takes one number from \(range.lowerBound) to \(range.upperBound), or three with commas.")
        }
        return known.count == 3 ? known : [Double](repeating: known[0], count: 3)
    }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            var part = part
            while part.first == " " { part = part.dropFirst() }
            while part.last == " " { part = part.dropLast() }
            return String(part)
        }
    }

    private func report(_ outcome: Importer.Outcome) -> String {
        let manifest = outcome.manifest
        let count = manifest.members.count
        var lines = ["\(to): \(count) member\(count == 1 ? "" : "s"), \(outcome.size >> 20) MiB as \(storage.rawValue)"]
        for member in manifest.members {
            let metadata = member.metadata == nil ? "" : ", with metadata"
            let classes = (member.classes ?? manifest.classes).count
            lines.append(
                "  \(member.architecture) at \(member.inputSize), \(classes) classes\(metadata): \(member.source?.file ?? "")")
        }
        lines.append("  Classes: \(manifest.classes.joined(separator: ", ")); the answer is \(manifest.target)")
        let pixels = manifest.preprocessing
        func numbers(_ values: [Double]) -> String { values.map { $0.decimals(3) }.joined(separator: ", ") }
        let isPublished = mean == nil && std == nil
        lines.append(
            "  Pixels: mean \(numbers(pixels.mean)), deviation \(numbers(pixels.std))\(isPublished ? ", as published for these networks; other training needs --mean and --std" : "")"
        )
        lines.append("  Photos: the centre square, resized by \(pixels.resize.defaultValueDescription)")
        if let neutral = manifest.neutralMetadata {
            let values = neutral.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.decimals(0))" }.joined(separator: ", ")
            lines.append("  Metadata that a clinic can't know is taken as: \(values)")
        }
        lines.append(
            "  Tried: fast and plain kernels agree to \(outcome.difference.decimals(6)) of the largest logit; a result is stored for the self-test of each start."
        )
        lines.append("  Licence: \(manifest.licence)")
        lines += outcome.notes.map { "  Note: \($0)" }
        for point in manifest.operatingPoints {
            lines.append("  Operating point \(point.name) at \(point.threshold), as given; nothing measured is known of it.")
        }
        if manifest.operatingPoints.isEmpty {
            lines.append(
                "  It has no operating point, so its verdict is always \"cannot judge\"; only scores are shown (--operating-point)."
            )
        }
        lines.append("  Use it: MELASCAN_ENSEMBLE=\(quoted) make run, or melascan analyze --ensemble \(quoted) photo.jpg")
        return lines.joined(separator: "\n")
    }

    /// The destination as a shell takes it.
    private var quoted: String {
        guard to.contains(where: { " '\"$&;()<>|*?\\".contains($0) }) else { return to }
        return "'" + to.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

extension ImportOptions.Storage: ExpressibleByArgument {}

/// As bundles name it, without whose resize it is.
extension Resize: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: "opencv-" + argument) }
    public static var allValueStrings: [String] { allCases.map(\.defaultValueDescription) }
    public var defaultValueDescription: String { String(rawValue.dropFirst("opencv-".count)) }
}
