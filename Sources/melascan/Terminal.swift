#if canImport(Glibc)
    import Glibc
#endif

/// What the terminal can show, and where complaints go.
enum Terminal {
    /// Standard error is a terminal that a bar may be drawn on.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    static func complain(_ text: String) {
        write(text + "\n")
    }

    static func write(_ text: String) {
        _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
    }
}

/// A bar on standard error while something runs; nothing where that is no terminal.
struct ProgressBar {
    private static let width = 30
    private let isShown = Terminal.isInteractive
    let unit: String

    func show(done: Int, of total: Int) {
        guard isShown, total > 0 else { return }
        let filled = Self.width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: Self.width - filled)
        Terminal.write("\r\(bar) \(done) of \(total) \(unit)")
    }

    /// Words in the bar's place.
    func note(_ words: String) {
        guard isShown else { return }
        Terminal.write("\r\u{1B}[K\(words) …")
    }

    func clear() {
        guard isShown else { return }
        Terminal.write("\r\u{1B}[K")
    }
}
