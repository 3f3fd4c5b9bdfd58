import ArgumentParser
import FoundationEssentials
import Model

/// What every command that runs the engine takes.
struct EngineOptions: ParsableArguments {
    @Option(help: "The ensemble's folder.")
    var ensemble = "ensembles/default"

    @Option(help: "Inference threads; 0: one a processor.")
    var threads = 0

    @Option(help: "Forces an instruction set: \(Kernels.available.map(\.name).joined(separator: ", ")).")
    var kernels: String?

    @Option(help: "The number format of the products, fp32 or bf16 (as the ensemble says).")
    var precision: Precision?

    @Option(help: "Folder that keeps packed weights, for quicker starts.")
    var cache: String?

    func validate() throws {
        guard (0...64).contains(threads) else { throw ValidationError("--threads must lie between 0 and 64.") }
    }

    /// Loads the ensemble.
    func load() throws -> Ensemble {
        guard FileManager.default.fileExists(atPath: ensemble + "/ensemble.json") else {
            throw Complaint("there is no ensemble in \(ensemble); name its folder by --ensemble, or make one by melascan import.")
        }
        return try Ensemble(
            directory: ensemble, threads: threadCount, kernels: Kernels.choose(kernels, for: precision), precision: precision,
            cache: cache.map(PackedCache.init(folder:)))
    }

    var threadCount: Int { threads == 0 ? Processor.count : threads }
}

extension Precision: ExpressibleByArgument {}
