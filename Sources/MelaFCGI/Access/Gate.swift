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
            // Without a token, a page of another site could send what its visitor never meant to.
            guard !request.isCrossSite || request.origin.map(service.settings.allowedOrigins.contains) == true else {
                throw Problem(
                    .forbidden, "Pages of other sites need a token here, or to be named in the server's allowed origins.")
            }
            return .network
        }
        throw Problem.unauthorised
    }

    private func device(_ token: String?) throws -> Device {
        guard let token, let identifier = DeviceStore.identifier(in: token) else { throw Problem.unauthorised }
        guard !failedTries.isBlocked(identifier) else { throw Problem.tooManyTries }
        guard let archive = try service.readyArchive() else { throw Problem.unauthorised }
        guard let device = try archive.store.devices.device(for: token) else {
            failedTries.note(identifier)
            throw Problem.unauthorised
        }
        return device
    }
}
