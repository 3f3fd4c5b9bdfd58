import Records

/// Who sends a request.
enum Caller: Sendable, Equatable {
    /// Nobody in particular: what is asked for is open to all.
    case anyone
    /// A device in a network that needs no token (`Settings.openNetworks`).
    case network
    /// A device that showed a certificate, which nginx has verified: its subject.
    case certificate(String)
    case device(Device)

    /// As the records keep it.
    var name: String? {
        switch self {
        case .anyone: nil
        case .network: "open network"
        case .certificate(let subject): "certificate \(subject)"
        case .device(let device): "\(device.name) (\(device.id))"
        }
    }

    /// What it may do; without a token, what a doctor may.
    var role: Role? {
        switch self {
        case .anyone: nil
        case .network, .certificate: .doctor
        case .device(let device): device.role
        }
    }
}
