#if canImport(Glibc)
    import Glibc
#endif

/// Networks by their addresses (CIDR, RFC 4632 and 4291): whose devices may send photos without a token.
struct OpenNetworks: Sendable, Equatable {
    private struct Network: Sendable, Equatable {
        /// 4 or 16 bytes.
        var address: [UInt8]
        var prefix: Int

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            for bit in 0..<prefix where (address[bit / 8] ^ other[bit / 8]) & (0x80 >> (bit % 8)) != 0 { return false }
            return true
        }
    }

    private var networks: [Network]

    static let none = OpenNetworks(networks: [])
    static let loopback = OpenNetworks(networks: [
        Network(address: [127, 0, 0, 0], prefix: 8), Network(address: [UInt8](repeating: 0, count: 15) + [1], prefix: 128),
    ])

    private init(networks: [Network]) {
        self.networks = networks
    }

    /// Networks or single addresses with commas between; nil if one of them makes no sense.
    init?(_ text: String) {
        var networks: [Network] = []
        for item in text.split(separator: ",").map(\.trimmed) where !item.isEmpty {
            let parts = item.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let address = Self.bytes(String(parts[0])) else { return nil }
            let bits = address.count * 8
            guard let prefix = parts.count == 2 ? Int(parts[1]) : bits, (0...bits).contains(prefix) else { return nil }
            networks.append(Network(address: address, prefix: prefix))
        }
        self.networks = networks
    }

    /// False where the address is not known.
    func contains(_ address: String?) -> Bool {
        guard let bytes = address.flatMap(Self.bytes) else { return false }
        return networks.contains { $0.contains(bytes) }
    }

    /// inet_pton; an IPv4 address that is written as IPv6 is one of IPv4.
    private static func bytes(_ text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }
}
