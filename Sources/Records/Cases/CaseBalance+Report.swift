// The balance as a table and as a picture.
extension CaseBalance {
    public var markdown: String {
        var text = "# Balance of the donated cases\n\n\(cases) cases, \(withHistology) of them with a histology.\n"
        for part in parts {
            text += "\n| \(part.name) | cases | melanomas |\n|---|---|---|\n"
            text += part.counts.map { "| \($0.value) | \($0.cases) | \($0.melanomas) |\n" }.joined()
        }
        return text
    }

    private enum Layout {
        static let width = 720
        static let labels = 180
        static let row = 22
        static let title = 44
        static let bars = 360
    }

    /// A bar for each value: all cases light, melanomas dark.
    public var svg: String {
        let most = max(1, parts.flatMap(\.counts).map(\.cases).max() ?? 1)
        var y = 40
        var body = ""
        for part in parts {
            body += "<text x=\"16\" y=\"\(y + 16)\" class=\"title\">\(part.name)</text>\n"
            y += Layout.title - 16
            for count in part.counts {
                func bar(_ value: Int, _ style: String) -> String {
                    "<rect x=\"\(Layout.labels)\" y=\"\(y + 4)\" width=\"\(Layout.bars * value / most)\" height=\"14\" class=\"\(style)\"/>\n"
                }
                body += "<text x=\"\(Layout.labels - 8)\" y=\"\(y + 16)\" text-anchor=\"end\">\(count.value)</text>\n"
                body += bar(count.cases, "cases") + bar(count.melanomas, "melanomas")
                let end = Layout.labels + Layout.bars * count.cases / most + 8
                let melanomas = "\(count.melanomas) melanoma\(count.melanomas == 1 ? "" : "s")"
                let words = count.melanomas == 0 ? "\(count.cases)" : "\(count.cases), \(melanomas)"
                body += "<text x=\"\(end)\" y=\"\(y + 16)\">\(words)</text>\n"
                y += Layout.row
            }
            y += 16
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Layout.width) \(y)" width="\(Layout.width)" height="\(y)" role="img" aria-label="Balance of \(cases) donated cases">
            <style>text { font: 13px sans-serif; fill: #222 } .title { font-weight: bold } .cases { fill: #9db8d2 } .melanomas { fill: #1f3a5f }</style>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="16" y="24" class="title">\(cases) donated cases, \(withHistology) with a histology; dark: melanomas</text>
            \(body)</svg>

            """
    }
}
