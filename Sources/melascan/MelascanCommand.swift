import ArgumentParser
import Model

/// The command-line tool: the server's engine without the server.
@main
struct MelascanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "melascan",
        abstract: "Analyses photos of moles with an ensemble of EfficientNets. Decision support, not a diagnosis.",
        version: Release.version,
        subcommands: [
            AnalyzeCommand.self, InspectCommand.self, ImportCommand.self, TokenCommand.self, RecordsCommand.self,
            AuditCommand.self, BenchCommand.self,
        ])
}
