#if canImport(Glibc)
    import Glibc
#endif

/// Makes UUIDs of version 7 (RFC 9562): 48 bits of time in milliseconds, 74 random bits.
public enum Identifier {
    public static func next() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let milliseconds = UInt64(now.tv_sec) * 1000 + UInt64(now.tv_nsec) / 1_000_000
        return uuid7(milliseconds: milliseconds, high: .random(in: 0...0xFFF), low: .random(in: 0...UInt64.max))
    }

    static func uuid7(milliseconds: UInt64, high: UInt64, low: UInt64) -> String {
        let first = milliseconds << 16 | 0x7000 | high
        let second = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Array(hexadecimal(first) + hexadecimal(second))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
