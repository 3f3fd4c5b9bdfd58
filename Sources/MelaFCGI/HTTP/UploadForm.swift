import FoundationEssentials
import Model

/// A form that was uploaded whole: text fields, and at most one photo.
struct UploadForm {
    private let upload: UploadBuffer
    private let parts: [MultipartForm.Part]

    /// Bytes of a text field.
    private static let longestText = 200
    /// Bytes of a form that has no photo.
    static let limitWithoutPhoto = 16 * 1024

    /// Checks the header, then reads the body into memory and takes it apart.
    ///
    /// - Throws: `Problem`.
    init(_ request: Request, limit: Int) throws(Problem) {
        upload = try UploadBuffer(reading: request.body, count: Self.length(of: request, limit: limit))
        parts = try upload.withBytes { bytes throws(Problem) in
            try MultipartForm(bytes, contentType: request.contentType).parts
        }
    }

    /// A form of text fields only, which are these.
    /// - Throws: `Problem`.
    init(_ request: Request, fields: [String]) throws(Problem) {
        try self.init(request, limit: Self.limitWithoutPhoto)
        try requireOnly(fields)
    }

    /// Refuses a form with other fields: a misspelt one would be lost unseen otherwise. What was sent is not repeated.
    /// - Throws: `Problem`.
    func requireOnly(_ fields: [String]) throws(Problem) {
        guard parts.allSatisfy({ fields.contains($0.name) }) else {
            throw Problem(
                .fieldInvalid,
                "The form has a field that there is none of here. The fields are: \(fields.joined(separator: ", ")).")
        }
    }

    /// Checks, before anything is read, that the body has a length within the limit.
    static func length(of request: Request, limit: Int) throws(Problem) -> Int {
        guard let length = request.contentLength, length >= 0 else {
            throw Problem(.lengthRequired, "The request does not say how long it is. Send a Content-Length header.")
        }
        guard length <= limit else {
            throw Problem(
                .bodyTooLarge,
                limit < 1_048_576
                    ? "At most \(limit / 1024) KiB are taken here: this form has text fields only."
                    : "At most \(limit / 1_048_576) MiB are taken. Save the photo smaller or with stronger compression.")
        }
        return length
    }

    /// The one photo of the form.
    func image() throws(Problem) -> Range<Int> {
        // A form with two file inputs sends an empty part, without a name, for the one that was not used.
        let images = parts.filter { $0.name == "image" }
        let filled = images.filter { !$0.range.isEmpty }
        guard !images.isEmpty else {
            throw Problem(
                .imageMissing, "The form has no field named image. Choose a photo and send it in that field.", field: "image")
        }
        guard filled.count <= 1 else {
            throw Problem(.imageRepeated, "The form has \(filled.count) photos. Send one photo at a time.", field: "image")
        }
        guard let image = filled.first else {
            throw Problem(.imageEmpty, "No photo was chosen, or its file is empty. Choose a photo.", field: "image")
        }
        return image.range
    }

    /// A text field without spaces around it; nil if it is not there or empty.
    func text(_ name: String) throws(Problem) -> String? {
        let values = parts.filter { $0.name == name }
        guard values.count <= 1 else { throw Problem(.fieldInvalid, "\(name) is given more than once.", field: name) }
        guard let range = values.first?.range else { return nil }
        guard range.count <= Self.longestText else { throw Problem(.fieldInvalid, "\(name) is too long.", field: name) }
        let text = upload.withBytes { String(decoding: $0[range], as: UTF8.self).trimmed }
        return text.isEmpty ? nil : text
    }

    func required(_ name: String) throws(Problem) -> String {
        guard let text = try text(name) else { throw Problem(.fieldInvalid, "\(name) must be given.", field: name) }
        return text
    }

    /// A whole number from 0 up.
    func number(_ name: String) throws(Problem) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text), number >= 0, !text.hasPrefix("+") else {
            throw Problem(.fieldInvalid, "\(name) must be a whole number.", field: name)
        }
        return number
    }

    /// A number with a decimal point.
    func decimal(_ name: String) throws(Problem) -> Double? {
        guard let text = try text(name) else { return nil }
        let isPlain = text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard isPlain, let number = Double(text) else {
            throw Problem(.fieldInvalid, "\(name) must be a number such as 4.5.", field: name)
        }
        return number
    }

    /// One of some words.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, of type: Choice.Type) throws(Problem) -> Choice?
    {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw Problem(.fieldInvalid, "\(name) must be one of: \(Choice.names).", field: name)
        }
        return choice
    }

    /// "yes" or "no"; nil if it is not known.
    func answer(_ name: String) throws(Problem) -> Bool? {
        try choice(name, of: YesOrNo.self).map { $0 == .yes }
    }

    private enum YesOrNo: String, CaseIterable {
        case yes
        case no
    }

    /// Calls `body` with a part of the bytes.
    func withBytes<Result, Failure: Error>(
        of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try upload.withBytes { bytes throws(Failure) in try body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
    }

    /// Calls `add` with all fields in order: the same bytes for a request that is sent again, whatever its boundary.
    func forEachPart(_ add: (UnsafeRawBufferPointer) -> Void) {
        upload.withBytes { bytes in
            for part in parts {
                var head = "\(part.name)\n\(part.range.count)\n"
                head.withUTF8 { add(UnsafeRawBufferPointer($0)) }
                add(UnsafeRawBufferPointer(rebasing: bytes[part.range]))
            }
        }
    }
}
