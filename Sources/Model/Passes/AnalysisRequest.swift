/// What whoever sends a photo may ask for.
public struct AnalysisRequest: Sendable, Equatable {
    /// Views a member; nil: as the practice or the bundle says.
    public var views: Int?
    /// The first so many members; nil: as the practice or the bundle says.
    public var members: Int?
    public var patient = PatientInformation()
    /// All passes that are planned are made, whatever the practice or the bundle says.
    public var neverEndsEarly = false
    /// The answer lists each pass's score.
    public var listsPasses = false
    /// The answer lists what each pass's classifier read of the picture.
    public var listsFeatures = false

    public init() {}
}
