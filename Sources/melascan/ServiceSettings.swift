import ArgumentParser
import Records

/// Where the server's records are: by options, else by the environment, else by the installed service's settings.
struct ServiceSettings: ParsableArguments {
    /// The installed service's key (deploy/README.md).
    private static let keyFile = "/etc/melascan/records.key"

    @Option(
        help:
            "The server's MELASCAN_RECORDS: a folder, or a postgresql:// address. (default: MELASCAN_RECORDS, else the installed service's)",
        completion: .directory)
    var records: String?

    /// The place of the records. Warns of misspelt settings where it reads any.
    func place() throws -> String {
        if let records { return records }
        let settings = FoundSettings()
        let place = try settings.value("MELASCAN_RECORDS")
        // No more than that: what is to be deleted or copied every night must not wait for a word that has nothing to do with it.
        for unknown in settings.unknown { Terminal.complain("Note: \(unknown).") }
        guard let place else {
            throw Complaint("where are the records? Name the server's folder or address with --records.")
        }
        return place
    }

    /// A store that is there: a mistyped folder must not become an empty one.
    func open() throws -> RecordsStore {
        let place = try place()
        guard RecordsStore.exists(place) else {
            throw Complaint("there are no records there. Start the server with MELASCAN_RECORDS once, or name another folder.")
        }
        return try RecordsStore(place)
    }

    /// The keys and the words that consents are kept with.
    struct Keys: ParsableArguments {
        @Option(
            help:
                "The server's MELASCAN_KEY. (default: MELASCAN_KEY, systemd's credential records-key, else the installed service's)",
            completion: .file())
        var key: String?

        func ring() throws -> KeyRing {
            if let key { return try KeyRing(file: key) }
            let settings = FoundSettings()
            let credential = try settings.value("CREDENTIALS_DIRECTORY").map { $0 + "/records-key" }
            return try KeyRing(file: settings.value("MELASCAN_KEY") ?? credential ?? ServiceSettings.keyFile)
        }
    }
}
