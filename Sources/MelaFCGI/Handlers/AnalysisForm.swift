import Model

/// The form of an analysis, read from an upload: one photo and the fields beside it.
struct AnalysisForm {
    private let upload: UploadBuffer
    private let imageRange: Range<Int>
    let options: Ensemble.Options

    /// Bytes of a text field.
    private static let longestText = 200

    /// Checks the header, then reads the body into memory and takes it apart.
    ///
    /// - Throws: `Problem` or `ModelError.option`.
    init(_ request: Request, limit: Int) throws {
        let upload = try UploadBuffer(reading: request.body, count: Self.length(of: request, limit: limit))
        let form = try upload.withBytes { bytes throws(Problem) in
            try MultipartForm(bytes, contentType: request.contentType)
        }
        // A form with two file inputs sends an empty part, without a name, for the one that was not used.
        let images = form.parts.filter { $0.name == "image" }
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
        func text(_ name: String) throws -> String? {
            let values = form.parts.filter { $0.name == name }
            guard values.count <= 1 else { throw Problem(.fieldInvalid, "\(name) is given more than once.", field: name) }
            guard let range = values.first?.range else { return nil }
            guard range.count <= Self.longestText else { throw Problem(.fieldInvalid, "\(name) is too long.", field: name) }
            return upload.withBytes { String(decoding: $0[range], as: UTF8.self).trimmed }
        }
        func number(_ name: String) throws -> Int? {
            guard let text = try text(name), !text.isEmpty else { return nil }
            guard let number = Int(text), number >= 0, !text.hasPrefix("+") else {
                throw ModelError.option(field: name, reason: "must be a whole number")
            }
            return number
        }
        var options = Ensemble.Options()
        options.patient = try PatientInformation(age: text("age"), sex: text("sex"), site: text("site"))
        options.views = try number("views")
        options.members = try number("members")
        self.upload = upload
        self.imageRange = image.range
        self.options = options
    }

    /// Checks, before anything is read, that the body has a length within the limit.
    static func length(of request: Request, limit: Int) throws(Problem) -> Int {
        guard let length = request.contentLength, length >= 0 else {
            throw Problem(.lengthRequired, "The request does not say how long it is. Send a Content-Length header.")
        }
        guard length <= limit else {
            throw Problem(
                .bodyTooLarge, "At most \(limit / 1_048_576) MiB are taken. Save the photo smaller or with stronger compression.")
        }
        return length
    }

    /// Calls `body` with the JPEG's bytes.
    func withImage<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try upload.withBytes { bytes throws(Failure) in try body(UnsafeRawBufferPointer(rebasing: bytes[imageRange])) }
    }
}
