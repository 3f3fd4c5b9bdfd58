import ArgumentParser
import FoundationEssentials
import Records

/// `melascan token`: the devices that may use a server.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Admits devices to a server and turns them away.",
        discussion: """
            A change holds at once, also for a running server. A token is shown once; the server keeps only a salted hash of it.
            """,
        subcommands: [Add.self, List.self, Rotate.self, Revoke.self])

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Admits a device; shows its token as text and as a QR code.",
            discussion: "Example: melascan token add \"Room 3 phone\" --role doctor --address http://192.168.1.20")

        @Argument(help: "A name to know the device by.") var name: String
        @Option(
            help: "doctor: analyses, consents, donations; admin: also the balance and metrics; auditor: the audit log's head.")
        var role: Role
        @Option(help: "Last day, as 2027-12-31. (default: it does not expire)") var expires: String?
        @OptionGroup var link: Link
        @OptionGroup var service: ServiceSettings

        func run() throws {
            let place = try service.place()
            if !RecordsStore.exists(place) { print("There are no records at \(place) yet: a new store is made there.\n") }
            let store = try RecordsStore(place)
            try link.show(store.devices.add(name, role: role, expires: expires.map(Self.end)))
        }

        /// The end of a day, UTC.
        private static func end(_ day: String) throws -> Date {
            guard let date = try? Date("\(day)T00:00:00Z", strategy: .iso8601) else {
                throw Complaint("--expires must be a day such as 2027-12-31.")
            }
            return date.addingTimeInterval(86_400 - 0.001)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists all devices that were ever admitted.")

        @OptionGroup var service: ServiceSettings

        func run() throws {
            let devices = try service.open().devices.all()
            guard !devices.isEmpty else {
                print("No device was admitted yet; see `melascan token add --help`.")
                return
            }
            let now = Timestamp.text(Date())
            let rows = devices.map { (device) -> [String] in
                let isExpired = device.expires.map { $0 <= now } ?? false
                let state: String = device.revoked.map { "revoked \($0.prefix(10))" } ?? (isExpired ? "expired" : "valid")
                return [
                    device.id.lowercased(), device.name, device.role.rawValue, state,
                    device.expires.map { String($0.prefix(10)) } ?? "never",
                    device.lastUse.map { String($0.prefix(16)).replacing("T", with: " ") } ?? "never",
                ]
            }
            print(Table.text([["ID", "NAME", "ROLE", "STATE", "EXPIRES", "LAST USE (UTC)"]] + rows))
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Gives a device a new token; the old one is void at once.")

        @Argument(help: "The device's name or identifier.") var device: String
        @OptionGroup var link: Link
        @OptionGroup var service: ServiceSettings

        func run() throws {
            try link.show(service.open().devices.rotate(device))
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Turns a device away, at once and for ever.")

        @Argument(help: "The device's name or identifier.") var device: String
        @OptionGroup var service: ServiceSettings

        func run() throws {
            let revoked = try service.open().devices.revoke(device)
            print("\(revoked.name) (\(revoked.id.lowercased())) is turned away from now on.")
        }
    }

    /// How a new token is shown.
    struct Link: ParsableArguments {
        @Option(help: "The server's address as the device reaches it: the QR code then opens the page with the token.")
        var address: String?

        func show(_ admission: DeviceStore.Admission) throws {
            let device = admission.device
            let expiry = device.expires.map { "until \($0.prefix(10))" } ?? "without an end"
            print("\(device.name) (\(device.id.lowercased())) is admitted as \(device.role.rawValue) \(expiry).\n")
            print("Token, shown only now:\n\n    \(admission.token)\n")
            guard let address else {
                print("With --address the device could scan a code; `melascan token rotate` makes a new token.")
                return
            }
            let base = address.hasSuffix("/") ? String(address.dropLast()) : address
            guard base.hasPrefix("http://") || base.hasPrefix("https://"), let code = QRCode("\(base)/#token=\(admission.token)")
            else {
                throw Complaint(
                    "--address must begin with http:// or https:// and be short enough for a QR code. The token above is valid.")
            }
            print(
                "Scan this with the device's camera, or open the link on it:\n\n\(code.text)\n    \(base)/#token=\(admission.token)"
            )
        }
    }
}

extension Role: ExpressibleByArgument {}
