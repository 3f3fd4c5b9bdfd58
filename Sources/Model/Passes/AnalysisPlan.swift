/// What one analysis does: the wishes of bundle, practice and request, merged. The one place where that happens.
///
/// A request goes before the practice's settings, and these before the bundle's defaults. The practice's time limit goes before
/// all of them.
public struct AnalysisPlan: Sendable, Equatable {
    /// The passes, as far as the time limit goes.
    let order: PassOrder
    /// What the time limit leaves out; nil where it leaves out nothing.
    public let shortfall: Shortfall?
    public let timeLimit: TimeLimit?
    /// What is asked of the photo; the verdict's question first.
    public let questions: [Question]
    /// Where the verdict's question is flagged; nil where the bundle has no operating point.
    public let operatingPoint: OperatingPoint?
    public let stopsEarly: Bool
    public let patient: PatientInformation
    public let listsPasses: Bool
    public let listsFeatures: Bool

    /// - Throws: `ModelError.option` with the field's name for more views or members than there are; `ModelError.manifest` for an
    ///   operating point that the bundle does not have.
    public init(
        _ request: AnalysisRequest = AnalysisRequest(), under practice: Practice = Practice(), of bundle: Manifest
    ) throws(ModelError) {
        func choice(_ field: String, upTo most: Int, _ wishes: Int?...) throws(ModelError) -> Int {
            let wish = wishes.lazy.compactMap(\.self).first ?? most
            guard (1...most).contains(wish) else {
                throw .option(field: field, reason: "must be a whole number from 1 to \(most)")
            }
            return wish
        }
        let asked = PassOrder(
            members: try choice(
                "members", upTo: bundle.members.count, request.members, practice.members, bundle.defaults?.members),
            views: try choice("views", upTo: bundle.views, request.views, practice.views, bundle.defaults?.views))
        let order = practice.timeLimit?.fitting(asked) ?? asked
        self.order = order
        shortfall = practice.timeLimit.flatMap { limit in
            order.passes.count < asked.passes.count
                ? Shortfall(seconds: limit.seconds, planned: order.passes.count, asked: asked.passes.count) : nil
        }
        timeLimit = practice.timeLimit
        questions = bundle.questions
        operatingPoint = try bundle.questions[0].operatingPoint(named: practice.operatingPoint)
        stopsEarly = !request.neverEndsEarly && (practice.stopsEarly ?? bundle.defaults?.earlyStop ?? false)
        patient = request.patient
        listsPasses = request.listsPasses
        listsFeatures = request.listsFeatures
    }

    /// The verdict's question.
    var question: Question { questions[0] }

    /// How many passes are planned; an analysis that ends early makes fewer.
    public var passes: Int { order.passes.count }
    public var members: Int { order.members }
    /// Views a member.
    public var views: Int { order.rounds }
}
