import ArgumentParser
import FoundationEssentials
import Model

/// `melascan inspect`: what a bundle is, and whether it is sound.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Shows an ensemble's model card, checks its files and runs its self-test.")

    @Argument(help: "The ensemble's folder.", completion: .directory)
    var directory = "ensembles/default"

    @Flag(help: "Prints the server's GET /v1/ensemble as JSON.")
    var json = false

    @Flag(
        help:
            "Stores this machine's own result for the self-test of each start, in place of the one that is there: after a change of the bundle that is meant to change its answers."
    )
    var renewSelfTest = false

    func run() throws {
        if renewSelfTest { try renew() }
        let watch = Stopwatch()
        let ensemble = try Ensemble(directory: directory, threads: Processor.count, kernels: Kernels.choose())
        let manifest = ensemble.manifest
        let plan = try AnalysisPlan(of: manifest)
        let difference = try ensemble.selfTest()
        let seconds = (watch.milliseconds / 1000).decimals(2)
        if json {
            print(String(decoding: try AnswerJSON.encode(ensemble.card(of: plan)), as: UTF8.self))
            return
        }
        print("\(manifest.name) \(manifest.version)")
        print("  licence: \(manifest.licence)")
        print("  provenance: \(manifest.provenance)")
        print("  intended use: \(manifest.intendedUse)")
        print("  classes: \(manifest.classes.joined(separator: ", ")); target \(manifest.target)")
        for member in manifest.members {
            print(
                "  member: \(member.architecture) at \(member.inputSize) x \(member.inputSize), \(member.file), SHA-256 as stated\(Self.more(member))"
            )
        }
        let pixels = manifest.preprocessing
        print(
            "  photos: \(pixels.crop), \(pixels.resize.rawValue), mean \(pixels.mean.map { $0.decimals(3) }.joined(separator: " ")), deviation \(pixels.std.map { $0.decimals(3) }.joined(separator: " "))"
        )
        print(
            "  passes: \(plan.passes) of \(ensemble.passes) (\(manifest.members.count) members x \(manifest.views) views), "
                + "\((Double(ensemble.multiplyAdds) / 1e9).decimals(2)) G multiply-adds")
        print(
            "  calibration: \(manifest.calibration.map { "\($0.method.rawValue), fitted at a rate of \($0.prevalence)" } ?? "none")"
        )
        for point in manifest.operatingPoints { print("  operating point: \(Self.describe(point))") }
        let rule = manifest.earlyStop.map {
            "bound \($0.bound), above it \($0.exceeded) of \($0.cases) cases (\($0.measuredOn))"
        }
        print(
            "  early stop: \(rule.map { $0 + (plan.stopsEarly ? "; used" : "; used where it is asked for") } ?? "none, as none was measured")"
        )
        print(
            "  stored as \(ensemble.storage), computed in \(ensemble.precision.rawValue) with \(ensemble.kernels.name) kernels on \(ensemble.threads) threads"
        )
        let test = difference.map { "stored result reproduced to \(String($0))" } ?? "the bundle stores no result to reproduce"
        print("  self-test: \(test); loaded and tested in \(seconds) s")
    }

    /// In full precision, which other machines reproduce best.
    private func renew() throws {
        let file = URL(filePath: directory + "/ensemble.json")
        var manifest = try Manifest(json: Data(contentsOf: file))
        manifest.selfTest = nil
        let ensemble = try Ensemble(
            manifest: manifest, sha256: "", directory: directory, threads: Processor.count, kernels: Kernels.choose(),
            precision: .fp32)
        manifest.selfTest = try ensemble.newSelfTest()
        try manifest.json().write(to: file, options: .atomic)
    }

    /// What distinguishes a member from a plain one.
    private static func more(_ member: Manifest.Member) -> String {
        var parts: [String] = []
        if let classes = member.classes { parts.append("classes \(classes.joined(separator: ", "))") }
        if let metadata = member.metadata { parts.append("\(metadata.count) metadata inputs") }
        if let weight = member.weight { parts.append("weight \(weight)") }
        if let source = member.source { parts.append("imported from \(source.file)") }
        return parts.map { "; " + $0 }.joined()
    }

    private static func describe(_ point: OperatingPoint) -> String {
        func measured(_ name: String, _ value: Double?, _ interval: [Double]?) -> String? {
            guard let value else { return nil }
            let range = interval.map { " (\($0.map({ Words.english.percent($0) }).joined(separator: "…")))" } ?? ""
            return "\(name) \(Words.english.percent(value))\(range)"
        }
        let parts = [
            measured("sensitivity", point.sensitivity, point.sensitivity95),
            measured("specificity", point.specificity, point.specificity95), point.measuredOn,
        ]
        let known = parts.compactMap { $0 }
        return "\(point.name) at \(point.threshold): " + (known.isEmpty ? "nothing measured" : known.joined(separator: ", "))
    }
}
