import ArgumentParser
import FoundationEssentials
import Records

/// `melascan audit`: the log of all analyses, and whether it is whole.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verifies or prints the log of analyses that a server keeps (MELASCAN_RECORDS).",
        subcommands: [Verify.self, List.self])

    struct Store: ParsableArguments {
        @Option(help: "The server's records folder, its MELASCAN_RECORDS.", completion: .directory)
        var records: String

        /// A store that is there: a mistyped folder must not become an empty log.
        func open() throws -> RecordsStore {
            guard RecordsStore.exists(records) else {
                throw Complaint("there are no records there.")
            }
            return try RecordsStore(records)
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Follows the chain of hashes; prints its head, to be kept elsewhere.",
            discussion: """
                Finds any entry that was changed, removed or put in another place. An end that was cut off shows only against a head
                that was kept: give it by --head.
                """)

        @OptionGroup var store: Store

        @Option(help: "A head's hash that was printed earlier and kept elsewhere.")
        var head: String?

        func run() throws {
            let found = try store.open().audit.verify(kept: head)
            print("\(found.sequence) entries, unbroken. Head: \(found.hash)")
            if head != nil { print("The head that was kept is in it.") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Prints all entries, one JSON object a line, the oldest first.")

        @OptionGroup var store: Store

        func run() throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            try store.open().audit.forEach { print(String(decoding: try encoder.encode($0), as: UTF8.self)) }
        }
    }
}
