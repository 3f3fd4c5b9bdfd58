import Model
import Records

/// The form of an analysis, read from an upload: one photo and the fields beside it.
struct AnalysisForm {
    private let form: UploadForm
    private let image: Range<Int>
    /// What it asks for.
    let wishes: AnalysisRequest
    /// The code of the patient's consent, as it was typed.
    let consent: String?

    private static let fields = ["image", "age", "sex", "site", "views", "members", "consent"]

    /// - Parameter isStrict: fields that there are none of are refused; the original app's call passes them over.
    /// - Throws: `Problem` or `ModelError.option`.
    init(_ request: Request, limit: Int, isStrict: Bool) throws {
        form = try UploadForm(request, limit: limit)
        image = try form.image()
        if isStrict { try form.requireOnly(Self.fields) }
        var wishes = AnalysisRequest()
        wishes.patient = try PatientInformation(age: form.text("age"), sex: form.text("sex"), site: form.text("site"))
        wishes.views = try form.number("views")
        wishes.members = try form.number("members")
        self.wishes = wishes
        consent = try form.text("consent")
    }

    /// Calls `body` with the JPEG's bytes.
    func withImage<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try form.withBytes(of: image, body)
    }
}
