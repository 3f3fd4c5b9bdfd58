import HTTPTypes
import Model
import Records

/// Lets a request in, or says what it lacks; never which part of a token was wrong.
struct Gate: Sendable {
    /// Who may come to an address.
    enum Access: Sendable, Equatable {
        /// Everybody, over any connection: whether the server is up.
        case health
        /// Everybody.
        case everyone
        /// Devices of these roles.
        case roles(Set<Role>)

        static let doctors = Access.roles([.doctor, .admin])
        static let admins = Access.roles([.admin])
        static let auditors = Access.roles([.auditor, .admin])
        static let devices = Access.roles(Set(Role.allCases))
    }

    let service: Service
    private let failedTries = FailedTries()

    init(service: Service) {
        self.service = service
    }

    /// - Throws: `Problem`; `RecordsError` if the devices can't be looked up.
    func caller(of request: Request, for access: Access) throws -> Caller {
        if access == .health { return .anyone }
        guard request.isSecure || service.settings.mode == .clinic else { throw Problem.httpsRequired }
        guard case .roles(let roles) = access else { return .anyone }
        let caller = try identify(request)
        guard let role = caller.role, roles.contains(role) else {
            throw Problem(
                .forbidden, "This device's role does not allow this. An administrator can make a token with another role.")
        }
        return caller
    }

    private func identify(_ request: Request) throws -> Caller {
        if request.authorization != nil { return .device(try device(request.bearerToken)) }
        if let subject = request.certificateSubject { return .certificate(subject) }
        if service.settings.openNetworks.contains(request.remoteAddress) {
            guard isOwnPage(request) else {
                throw Problem(
                    .forbidden, "Pages of other sites need a token here, or to be named in the server's allowed origins.")
            }
            return .network
        }
        throw Problem.unauthorised
    }

    /// False for what a page of another site sends: without a token, it could send what its visitor never meant to.
    ///
    /// Browsers mark such requests at https addresses and this machine's own only (Fetch Metadata), so the origin is compared with the
    /// address asked for; and that is one which no stranger's name service can point here: a number, or a name that is not
    /// public, or one of the allowed origins'.
    private func isOwnPage(_ request: Request) -> Bool {
        let allowed = service.settings.allowedOrigins
        if let origin = request.origin, allowed.contains(origin) { return true }
        switch request.fetchSite {
        case "same-origin": return true
        case "same-site", "cross-site": return false
        default: break
        }
        guard let host = request.host?.lowercased() else { return request.origin == nil }
        if let origin = request.origin, Self.host(ofOrigin: origin) != host { return false }
        return Self.isLocal(host) || allowed.contains { Self.host(ofOrigin: $0) == host }
    }

    /// The host in `scheme://host:port`, without the port.
    private static func host(ofOrigin origin: String) -> String? {
        guard let scheme = origin.firstRange(of: "://") else { return nil }
        let rest = origin[scheme.upperBound...].lowercased()
        if rest.hasPrefix("[") { return rest.firstIndex(of: "]").map { String(rest[...$0]) } }
        return String(rest.prefix { $0 != ":" })
    }

    private static func isLocal(_ host: String) -> Bool {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        return OpenNetworks(bare) != nil || !bare.contains(".") || bare.hasSuffix(".local") || bare.hasSuffix(".home.arpa")
    }

    private func device(_ token: String?) throws -> Device {
        guard let token, let identifier = DeviceStore.identifier(in: token) else { throw Problem.unauthorised }
        guard let archive = try service.readyArchive() else { throw Problem.unauthorised }
        guard let device = try archive.store.devices.device(for: token) else {
            guard !failedTries.isBlocked(identifier) else { throw Problem.tooManyTries }
            failedTries.note(identifier)
            throw Problem.unauthorised
        }
        return device
    }
}
