import ArgumentParser
import FoundationEssentials
import Records

/// `melascan records`: what an administrator does with what a server keeps.
struct RecordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "Keeps a server's records: keys, backups, expiry, deletion, the donated cases.",
        subcommands: [NewKey.self, Rekey.self, Expire.self, Backup.self, Erase.self, Export.self, Balance.self])

    struct NewKey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the key that consents and donations are encrypted with.",
            discussion: """
                The file is for its owner only. Keep a copy apart from the backups: without it nothing can be opened again.
                To change a key: put the new line of another such file before the old one in the server's key file, restart the
                server, run `melascan records rekey`, and remove the old line.
                """)

        @Argument(help: "The file to make.", completion: .file()) var file: String

        func run() throws {
            guard !FileManager.default.fileExists(atPath: file) else {
                throw Complaint("\(file) is there already, and a key that is lost opens nothing again. Name another file.")
            }
            guard
                FileManager.default.createFile(
                    atPath: file, contents: Data(KeyRing.newLine().utf8), attributes: [.posixPermissions: 0o400])
            else { throw Complaint("\(file) can't be made.") }
            print("\(file) is made. Keep a copy of it in a safe place, apart from the backups.")
        }
    }

    struct Rekey: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seals all that is kept under the first key of the key file; the others are of no more use afterwards.")

        @OptionGroup var service: ServiceSettings
        @OptionGroup var keys: ServiceSettings.Keys

        func run() throws {
            print("\(try service.open().rekey(keys.ring())) rows are sealed under the first key.")
        }
    }

    struct Expire: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes what no consent allows to be kept any more. A timer does it every day.")

        @OptionGroup var service: ServiceSettings

        func run() throws {
            let expiry = try service.open().expire()
            print("Deleted: \(expiry.consents) consents that ended, \(expiry.photos) photos, \(expiry.answers) old answers.")
        }
    }

    struct Backup: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Copies the records into a folder while the server runs, and removes older copies.",
            discussion: """
                Photos and patients' data are as encrypted in a copy as in the original. What is withdrawn stays in older copies until
                they are removed: keep few. To restore one, stop the server and put it in place of records.sqlite.
                """)

        @Option(name: .customLong("to"), help: "Folder of the copies.", completion: .directory) var folder: String
        @Option(help: "Copies to keep.") var keep = 7
        @OptionGroup var service: ServiceSettings

        func validate() throws {
            guard keep > 0 else { throw ValidationError("--keep must be at least 1.") }
        }

        func run() throws {
            guard !RecordsStore.isPostgreSQL(try service.place()) else {
                print(
                    "Nothing to do: the records are in PostgreSQL, which is backed up by its own means (pg_basebackup, pg_dump).")
                return
            }
            print("Copied to \(try service.open().backUp(to: folder, keep: keep)).")
        }
    }

    struct Erase: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraws a consent by its code and deletes all that was kept under it, as the withdrawal page does.")

        @Argument(help: "The code that came with the consent.") var code: String
        @Option(help: "Folder of backups, to be named if they are older than the deletion.", completion: .directory)
        var backups = "/var/backups/melascan"
        @OptionGroup var service: ServiceSettings
        @OptionGroup var keys: ServiceSettings.Keys

        func run() throws {
            guard let code = WithdrawalCode(code) else {
                throw Complaint("a code has 20 letters and digits, in groups of five.")
            }
            let withdrawal = try service.open().consents(keys: keys.ring()).withdraw(code)
            guard let proof = withdrawal.proof else {
                print("There was nothing to withdraw under this code: the consent was over.")
                return
            }
            print("Withdrawn; \(withdrawal.photosDeleted) photos deleted. Proof: entry \(proof.sequence), \(proof.hash)")
            let copies = (try? RecordsStore.backups(in: backups)) ?? []
            guard !copies.isEmpty else { return }
            print("These backups were made before, and may still hold it, encrypted:")
            for name in copies { print("    \(backups)/\(name)") }
            print("They are removed in their turn; for a deletion at once, make a new backup and remove them.")
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Writes the donated cases whose consent holds now as a data set in ISIC's form, with a report of its balance.",
            discussion: "images/, metadata.csv, balance.md, balance.svg. Pseudonymous, not anonymous: a photo can show who it is."
        )

        @Option(name: .customLong("to"), help: "The folder to make.", completion: .directory) var folder: String
        @OptionGroup var service: ServiceSettings
        @OptionGroup var keys: ServiceSettings.Keys

        func run() throws {
            let cases = try service.open().cases(keys: keys.ring())
            // Noted before anything leaves the store.
            try cases.noteExport(cases: cases.facts().count, by: "melascan records export")
            var export = try CaseExport(folder: folder, secret: cases.exportSecret())
            do {
                try cases.forEach { try export.add($0) }
                try export.finish()
            } catch {
                // Half a data set is none, and its photos are in the clear.
                try? FileManager.default.removeItem(atPath: folder)
                throw error
            }
            print("\(export.facts.count) cases are in \(folder).")
        }
    }

    struct Balance: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows how the donated cases are spread over skin, sex, age and site.")

        @Option(help: "Also write a picture.", completion: .file(extensions: ["svg"])) var svg: String?
        @OptionGroup var service: ServiceSettings
        @OptionGroup var keys: ServiceSettings.Keys

        func run() throws {
            let balance = CaseBalance(try service.open().cases(keys: keys.ring()).facts())
            print("\(balance.cases) cases, \(balance.withHistology) with a histology.")
            for part in balance.parts {
                let rows = part.counts.map { [$0.value, String($0.cases), String($0.melanomas)] }
                print("\n" + Table.text([[part.name.uppercased(), "CASES", "MELANOMAS"]] + rows))
            }
            if let svg { try Data(balance.svg.utf8).write(to: URL(filePath: svg)) }
        }
    }
}
