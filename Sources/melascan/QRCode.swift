import CQREncode

#if canImport(Glibc)
    import Glibc
#endif

/// A QR code for a terminal. QRcode_encodeString8bit, QRcode_free.
struct QRCode {
    /// Modules on a side, without the quiet zone.
    private let width: Int
    private let modules: [Bool]

    /// The empty border that the standard asks for (ISO/IEC 18004), in modules.
    private static let quietZone = 4

    /// nil if the text is too long.
    init?(_ text: String) {
        guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        modules = (0..<(width * width)).map { code.pointee.data[$0] & 1 == 1 }
    }

    private func isDark(_ x: Int, _ y: Int) -> Bool {
        (0..<width).contains(x) && (0..<width).contains(y) && modules[y * width + x]
    }

    /// Two modules a character, dark on light whatever the terminal's own colours are.
    var text: String {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let range = -Self.quietZone..<(width + Self.quietZone)
        return stride(from: range.lowerBound, to: range.upperBound, by: 2).map { y in
            let line = range.map { x in
                switch (isDark(x, y), isDark(x, y + 1)) {
                case (true, true): "█"
                case (true, false): "▀"
                case (false, true): "▄"
                case (false, false): " "
                }
            }.joined()
            return isTerminal ? "\u{1B}[30;107m\(line)\u{1B}[0m" : line
        }.map { $0 + "\n" }.joined()
    }
}
