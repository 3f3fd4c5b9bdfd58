import ArgumentParser
import FoundationEssentials
import Imaging
import Model

/// `melascan bench`: time per pass, per stage and per kind of layer.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times analyses: per pass, per stage of the network and per kind of layer.")

    @OptionGroup var engine: EngineOptions

    @Option(help: "Times this network alone, such as tf_efficientnet_b7, with weights of its own, in place of an ensemble.")
    var network: String?

    @Option(help: "With --network: the side of its input.")
    var size = 224

    @Option(help: "With --network: passes to time, after one that is not counted.")
    var passes = 20

    @Flag(help: "With --network: times each kind of layer.")
    var profile = false

    @Option(help: "Analyses to time, after one that is not counted.")
    var rounds = 7

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must lie between 1 and 1000.") }
        guard (32...2048).contains(size) else { throw ValidationError("--size must lie between 32 and 2048.") }
        guard (1...100_000).contains(passes) else { throw ValidationError("--passes must lie between 1 and 100000.") }
    }

    func run() throws {
        if let network {
            let benchmark = try NetworkBenchmark(
                network: network, inputSize: size, precision: engine.precision ?? .fp32,
                kernels: .choose(engine.kernels, for: engine.precision),
                threads: engine.threadCount, passes: passes, profile: profile)
            print(json ? String(decoding: try AnswerJSON.encode(benchmark), as: UTF8.self) : benchmark.text)
            return
        }
        let loading = Stopwatch()
        let ensemble = try engine.load()
        _ = try ensemble.selfTest()
        let load = loading.milliseconds
        let measurement = try ensemble.measure(rounds: rounds)
        let report = Report(
            ensemble: ensemble.manifest.name, threads: ensemble.threads, kernels: ensemble.kernels.name,
            precision: ensemble.precision.rawValue, loadMs: load.rounded3, measurement: measurement)
        print(json ? String(decoding: try AnswerJSON.encode(report), as: UTF8.self) : report.text)
    }
}

extension NetworkBenchmark {
    fileprivate var text: String {
        let gflops = 2 * Double(multiplyAdds) / msPerPass / 1e6
        var lines = [
            "\(network) at \(inputSize), \(precision.rawValue): \(threads) threads, \(kernels)",
            "  pass (median)  \(msPerPass) ms, from \(msLowest) to \(msHighest)",
            "  arithmetic     \(gflops.rounded3) GFLOP/s, \((gflops / limit.gflops).rounded3) of the processor's \(limit.gflops)",
            "  memory         \(limit.gbps) GB/s at most",
        ]
        for layer in layers ?? [] {
            let share = Double(layer.flop) / layer.ms / 1e6 / limit.gflops
            lines.append(
                "  \(layer.kind): \(layer.ms) ms, \(layer.calls) steps, \((Double(layer.flop) / 1e9).rounded3) Gflop, \((Double(layer.bytes) / 1e6).rounded3) MB, \(share.rounded3) of the limit"
            )
        }
        return lines.joined(separator: "\n")
    }
}

/// What `bench` prints.
private struct Report: Encodable {
    var ensemble: String
    var threads: Int
    var kernels: String
    var precision: String
    /// Reading, checking, packing and the self-test.
    var loadMs: Double
    var measurement: Ensemble.Measurement

    func encode(to encoder: any Encoder) throws {
        enum Key: String, CodingKey { case ensemble, threads, kernels, precision, loadMs }
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(ensemble, forKey: .ensemble)
        try container.encode(threads, forKey: .threads)
        try container.encode(kernels, forKey: .kernels)
        try container.encode(precision, forKey: .precision)
        try container.encode(loadMs, forKey: .loadMs)
        try measurement.encode(to: encoder)
    }

    var text: String {
        var lines = [
            "\(ensemble): \(threads) threads, \(kernels), \(precision); \(measurement.passes) passes an analysis, \(measurement.rounds) analyses",
            "  analysis (median)  \(measurement.msPerAnalysis) ms",
            "  pass (median)      \(measurement.msPerPass) ms, \(measurement.gflops) GFLOP/s",
            "  load and self-test \(loadMs) ms",
        ]
        for member in measurement.members {
            lines.append("  \(member.architecture) at \(member.inputSize): \(member.msPerPass) ms a pass, all threads together")
            lines.append("    by stage: " + Self.row(member.msPerStage))
            lines.append("    by layer: " + Self.row(member.msPerKind))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ times: [String: Double]) -> String {
        times.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
