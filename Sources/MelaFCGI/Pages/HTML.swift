/// Text that is safe to put on a page: whatever is interpolated into it is escaped, unless it is HTML itself.
struct HTML: ExpressibleByStringInterpolation, Equatable {
    private(set) var text: String

    init(stringLiteral value: String) {
        text = value
    }

    init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity * 2)
        }

        mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        mutating func appendInterpolation(_ html: HTML) {
            text += html.text
        }

        mutating func appendInterpolation(_ value: some StringProtocol) {
            // By scalar, not by character: a combining mark must not hide what it stands behind.
            for scalar in String(value).unicodeScalars {
                switch scalar {
                case "&": text += "&amp;"
                case "<": text += "&lt;"
                case ">": text += "&gt;"
                case "\"": text += "&quot;"
                case "'": text += "&#39;"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }

        mutating func appendInterpolation(_ value: Int) {
            text += String(value)
        }
    }

    static let empty: HTML = ""
}

extension Sequence<HTML> {
    func joined() -> HTML {
        reduce(into: HTML.empty) { $0 = "\($0)\($1)\n" }
    }
}
