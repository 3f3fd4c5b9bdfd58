import Model
import Records

/// What the audit log keeps of an analysis: what was answered, by what. No photo, nothing of the patient.
struct AnalysisRecord: Encodable {
    var id: String
    /// Which device asked.
    var device: String?
    /// The consent that covers it.
    var consent: String?
    /// SHA-256 of the Idempotency-Key: the same for a request that was sent again.
    var retryKey: String?
    /// SHA-256 of the ensemble's manifest.
    var ensemble: String
    /// Number format of the stored weights.
    var storage: String
    /// Number format of the products.
    var precision: String
    var software = Release.version
    var passes: Int
    /// It ended before all passes that were planned.
    var stoppedEarly: Bool
    /// The name and the threshold that the verdict was given at.
    var operatingPoint: String?
    var threshold: Double?
    var probability: Double
    var rawProbability: Double
    var verdict: String
    var reasons: [String]

    init(_ analysis: Analysis, storage: String, for request: Request, consent: String?) {
        id = analysis.id
        device = request.caller.name
        self.consent = consent
        retryKey = request.idempotencyKey.map(IdempotentRequest.hash)
        ensemble = analysis.ensemble.sha256
        self.storage = storage
        precision = analysis.precision.rawValue
        passes = analysis.passes
        stoppedEarly = analysis.earlyStop != nil
        operatingPoint = analysis.operatingPoint?.name
        threshold = analysis.operatingPoint?.threshold
        probability = analysis.probability
        rawProbability = analysis.rawProbability
        verdict = analysis.verdict.rawValue
        reasons = analysis.reasons.map(\.code)
    }
}
