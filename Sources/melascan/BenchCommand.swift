import ArgumentParser
import FoundationEssentials
import Imaging
import Model

/// `melascan bench`: time per pass and per stage.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Times analyses: per pass, per stage of the network and per kind of layer.")

    @OptionGroup var engine: EngineOptions

    @Option(help: "Analyses to time, after one that is not counted.")
    var rounds = 7

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must lie between 1 and 1000.") }
    }

    func run() throws {
        let loading = Stopwatch()
        let ensemble = try engine.load()
        _ = try ensemble.selfTest()
        let load = loading.milliseconds
        let measurement = try ensemble.measure(rounds: rounds)
        let report = Report(
            ensemble: ensemble.manifest.name, threads: ensemble.threads, kernels: ensemble.kernels.name, precision: "fp32",
            loadMs: load.rounded3, measurement: measurement)
        if json {
            print(String(decoding: try AnswerJSON.encode(report), as: UTF8.self))
        } else {
            print(report.text)
        }
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
            lines.append("  \(member.architecture) at \(member.inputSize): \(member.msPerPass) ms a pass on one thread")
            lines.append("    by stage: " + Self.row(member.msPerStage))
            lines.append("    by layer: " + Self.row(member.msPerKind))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ times: [String: Double]) -> String {
        times.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
