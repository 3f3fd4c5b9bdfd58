#if canImport(Glibc)
    import Glibc
#endif

/// A multipart/form-data body (RFC 7578), taken apart in place: parts are ranges of the body's bytes.
struct MultipartForm {
    struct Part: Equatable {
        var name: String
        var range: Range<Int>
    }

    /// Far more than any form of ours has.
    private static let maximumParts = 32
    private static let maximumHeaderBytes = 4096

    let parts: [Part]

    /// - Parameters:
    ///   - contentType: the header's value, with the boundary.
    /// - Throws: `Problem` with `form-type` if it is another type, `form-invalid` if the parts can't be told apart.
    init(_ bytes: UnsafeRawBufferPointer, contentType: String?) throws(Problem) {
        let delimiter = try Self.delimiter(contentType)
        guard var position = Self.find(Array(delimiter.dropFirst(2)), in: bytes, from: 0),
            position == 0 || Self.endsLine(bytes, position)
        else { throw Self.unreadable }
        position += delimiter.count - 2
        var parts: [Part] = []
        while true {
            // Behind a delimiter stands "--" at the end of the form, or (padding and) a line end before the next part.
            if Self.matches("--", bytes, position) { break }
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
            guard Self.matches("\r\n", bytes, position), parts.count < Self.maximumParts else { throw Self.unreadable }
            position += 2
            guard let headerEnd = Self.headerEnd(bytes, from: position) else { throw Self.unreadable }
            let header = String(decoding: bytes[position..<headerEnd], as: UTF8.self)
            let start = min(headerEnd + (headerEnd == position ? 2 : 4), bytes.count)
            // An empty body's delimiter begins with the header's last line end.
            guard let end = Self.find(delimiter, in: bytes, from: max(start - 2, position)) else { throw Self.unreadable }
            if let disposition = Disposition(header) {
                parts.append(
                    Part(name: disposition.name, range: start..<max(start, end)))
            }
            position = end + delimiter.count
        }
        self.parts = parts
    }

    private static let unreadable = Problem(
        .formInvalid, "The form's parts can't be told apart. Send multipart/form-data with the boundary named in Content-Type.")

    /// CR LF, two hyphens and the boundary.
    private static func delimiter(_ contentType: String?) throws(Problem) -> [UInt8] {
        let pieces = (contentType ?? "").split(separator: ";", omittingEmptySubsequences: false)
        guard let type = pieces.first, type.trimmed.lowercased() == "multipart/form-data" else {
            throw Problem(.formType, "Send the photo as multipart/form-data, in a field named image.")
        }
        for piece in pieces.dropFirst() {
            let parameter = piece.trimmed
            guard parameter.lowercased().hasPrefix("boundary=") else { continue }
            var boundary = parameter.dropFirst("boundary=".count)
            if boundary.hasPrefix("\""), boundary.hasSuffix("\""), boundary.count >= 2 {
                boundary = boundary.dropFirst().dropLast()
            }
            guard (1...70).contains(boundary.utf8.count) else { break }
            return Array("\r\n--".utf8) + Array(boundary.utf8)
        }
        throw unreadable
    }

    private static func endsLine(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        position >= 2 && matches("\r\n", bytes, position - 2)
    }

    private static func matches(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ position: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return bytes[position..<(position + count)].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: count))
    }

    /// Where the part's header ends: at its empty line.
    private static func headerEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        if matches("\r\n", bytes, start) { return start }
        let limit = min(bytes.count, start + maximumHeaderBytes)
        var position = start
        while position < limit {
            if bytes[position] == 0x0D, matches("\r\n\r\n", bytes, position) { return position }
            position += 1
        }
        return nil
    }

    /// Looks for the pattern's first byte with memchr, then compares.
    private static func find(_ pattern: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, let first = pattern.first else { return nil }
        var position = start
        while position + pattern.count <= bytes.count {
            let candidates = bytes.count - pattern.count - position + 1
            guard let found = memchr(base + position, Int32(first), candidates) else { return nil }
            position = UnsafeRawPointer(found) - base
            if memcmp(found, pattern, pattern.count) == 0 { return position }
            position += 1
        }
        return nil
    }
}

/// The `Content-Disposition` of a part: its field's name. The file's name is not kept.
private struct Disposition {
    var name: String

    init?(_ header: String) {
        for line in header.split(separator: "\r\n") {
            guard let colon = line.unicodeScalars.firstIndex(of: ":"),
                line[..<colon].trimmed.lowercased() == "content-disposition"
            else {
                continue
            }
            let parameters = Self.parameters(line[line.index(after: colon)...])
            guard let name = parameters["name"] else { return nil }
            self.name = name
            return
        }
        return nil
    }

    /// The parameters behind "form-data", quoted or not; a semicolon or an escaped quote inside quotes does not end one.
    ///
    /// By scalar, not by character: a combining mark must not hide the quote beside it.
    private static func parameters(_ text: Substring) -> [String: String] {
        var parameters: [String: String] = [:]
        var pieces: [String.UnicodeScalarView] = [.init()]
        var isQuoted = false
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                pieces[pieces.count - 1].append(scalar)
                isEscaped = false
            } else if isQuoted && scalar == "\\" {
                isEscaped = true
            } else if scalar == "\"" {
                isQuoted.toggle()
            } else if scalar == ";" && !isQuoted {
                pieces.append(.init())
            } else {
                pieces[pieces.count - 1].append(scalar)
            }
        }
        for piece in pieces {
            guard let equals = piece.firstIndex(of: "=") else { continue }
            let value = String(piece[piece.index(after: equals)...])
            parameters[String(piece[..<equals]).trimmed.lowercased()] = value
        }
        return parameters
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text)
    }
}
