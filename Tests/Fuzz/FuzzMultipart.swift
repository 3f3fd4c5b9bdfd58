/// libFuzzer's entry: a line with a content type, then a body. Built by scripts/fuzz.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    let line = bytes.prefix { $0 != 0x0A }
    let body = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(line.count + 1))
    if let form = try? MultipartForm(body, contentType: String(decoding: line, as: UTF8.self)) {
        expectApart(form, in: body)
    }
    expectReturn(of: body, boundary: line)
    return 0
}

/// Parts lie inside the body, one behind the other.
private func expectApart(_ form: MultipartForm, in body: UnsafeRawBufferPointer) {
    var end = 0
    for part in form.parts {
        precondition(part.range.lowerBound >= end && part.range.upperBound <= body.count)
        end = part.range.upperBound
    }
}

/// A form that is written and read has the same parts: those that bytes of 0xFF cut out of `body`, by turns a name and a value.
private func expectReturn(of body: UnsafeRawBufferPointer, boundary line: Slice<UnsafeRawBufferPointer>) {
    let allowed = Set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'()+_,-./:=?".utf8)  // RFC 2046, 5.1.1
    let boundary = [0x62] + line.filter(allowed.contains).prefix(69)
    let pieces = body.split(separator: 0xFF, omittingEmptySubsequences: false)
    var written: [(name: String, value: [UInt8])] = []
    var form: [UInt8] = []
    for index in stride(from: 0, to: min(pieces.count - 1, 64), by: 2) {
        let name = String(decoding: pieces[index].filter { $0 >= 0x20 }, as: UTF8.self)
        let value = Array(pieces[index + 1])
        let quoted = name.unicodeScalars.map { "\"\\".unicodeScalars.contains($0) ? "\\\($0)" : "\($0)" }.joined()
        guard quoted.utf8.count < 1000, !contains(Array("\r\n".utf8) + value, Array("\r\n--".utf8) + boundary) else { continue }
        // The same words as the file's name, before or behind the field's.
        let file = " filename=\"\(quoted)\";"
        let (before, behind) = value.count.isMultiple(of: 2) ? (file, "") : ("", file)
        form += Array("--".utf8) + boundary
        form += Array("\r\nContent-Disposition: form-data;\(before) name=\"\(quoted)\";\(behind)\r\n\r\n".utf8) + value
        form += Array("\r\n".utf8)
        written.append((name, value))
    }
    guard !written.isEmpty else { return }
    form += Array("--".utf8) + boundary + Array("--\r\n".utf8)
    form.withUnsafeBytes { form in
        let type = "Multipart/Form-Data; charset=utf-8; boundary=\"\(String(decoding: boundary, as: UTF8.self))\""
        guard let parts = try? MultipartForm(form, contentType: type).parts else { fatalError("a sound form is refused") }
        precondition(parts.count == written.count)
        for (part, written) in zip(parts, written) {
            precondition(part.name.utf8.elementsEqual(written.name.utf8) && form[part.range].elementsEqual(written.value))
        }
    }
}

private func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: pattern) }
}
