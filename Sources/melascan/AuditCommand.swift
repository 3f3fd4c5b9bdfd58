import ArgumentParser
import FoundationEssentials
import Records

/// `melascan audit`: the log of all analyses, and whether it is whole.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verifies or prints a server's log of analyses, consents, tokens and exports.",
        subcommands: [Verify.self, List.self])

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follows the chain of hashes; prints its head, to be kept elsewhere.",
            discussion: """
                Finds any entry that was changed, removed or put in another place. An end that was cut off shows only against a head
                that was kept: give it by --head.
                """)

        @OptionGroup var service: ServiceSettings

        @Option(help: "A head's hash that was printed earlier and kept elsewhere.")
        var head: String?

        func run() throws {
            let found = try service.open().audit.verify(kept: head)
            print("\(found.sequence) entries, unbroken. Head: \(found.hash)")
            if head != nil { print("The head that was kept is in it.") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints all entries, one JSON object a line, the oldest first.")

        @OptionGroup var service: ServiceSettings

        func run() throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try service.open().audit.forEach { print(String(decoding: try encoder.encode($0), as: UTF8.self)) }
        }
    }
}
