import FoundationEssentials
import Model

/// A FHIR R4 Bundle for a record system: of an analysis (here) or of a consent (`FHIRBundle+Consent`).
///
/// Of an analysis: RiskAssessment, its Observations, the Device that computed, Provenance.
/// A score that is not calibrated is no probability: it stands in an Observation, and the prediction's `probabilityDecimal` is left
/// out. Where the photo can't be judged the Observation has no value. Everything is "preliminary" and marked as asserted by AI
/// until a person has reviewed it.
struct FHIRBundle: Encodable {
    /// An entry's resource, whichever it is.
    enum Resource: Encodable {
        case patient(FHIRPatient)
        case device(FHIRDevice)
        case observation(FHIRObservation)
        case risk(FHIRRiskAssessment)
        case provenance(FHIRProvenance)
        case consent(FHIRConsent)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .patient(let resource): try resource.encode(to: encoder)
            case .device(let resource): try resource.encode(to: encoder)
            case .observation(let resource): try resource.encode(to: encoder)
            case .risk(let resource): try resource.encode(to: encoder)
            case .provenance(let resource): try resource.encode(to: encoder)
            case .consent(let resource): try resource.encode(to: encoder)
            }
        }
    }

    struct Entry: Encodable {
        var fullUrl: String
        var resource: Resource
    }

    let resourceType = "Bundle"
    var id: String
    var meta: FHIRMeta?
    var type = "collection"
    var timestamp: String
    var entry: [Entry]

    /// - Parameter date: when the analysis was made.
    init(_ analysis: Analysis, of manifest: Manifest, at date: Date) {
        let time = date.formatted(.iso8601)
        func reference() -> FHIRReference { FHIRReference(reference: "urn:uuid:" + Identifier.next()) }
        let (patient, device, score, age, risk) = (reference(), reference(), reference(), reference(), reference())
        let showsFigures = analysis.showsFigures
        var entries: [(FHIRReference, Resource)] = [
            (patient, .patient(FHIRPatient(gender: analysis.patient.sex?.rawValue))),
            (device, .device(Self.device(analysis, manifest))),
            (score, .observation(Self.score(analysis, manifest, of: patient, by: device, at: time))),
        ]
        var basis = [score]
        if let years = analysis.patient.age {
            entries.append((age, .observation(Self.age(years, of: patient, at: time))))
            basis.append(age)
        }
        entries.append(
            (
                risk,
                .risk(
                    FHIRRiskAssessment(
                        meta: .assertedByAI,
                        text: FHIRNarrative(
                            [Self.verdict(analysis)] + analysis.reasons.map(\.text)
                                + (showsFigures ? analysis.remarks : []) + [analysis.notice]),
                        identifier: [FHIRIdentifier(system: "urn:ietf:rfc:3986", value: "urn:uuid:" + analysis.id)],
                        method: FHIRConcept(text: Self.method(analysis)), subject: patient, occurrenceDateTime: time,
                        performer: device, basis: basis, prediction: [Self.prediction(analysis)],
                        note: ([analysis.notice] + (showsFigures ? analysis.remarks : [])).map { FHIRAnnotation(text: $0) }))
            ))
        entries.append((reference(), .provenance(Self.provenance(analysis, of: [risk, score], by: device, at: time))))
        id = analysis.id
        meta = .assertedByAI
        timestamp = time
        entry = entries.map { Entry(fullUrl: $0.reference ?? "", resource: $1) }
    }

    // MARK: - Resources

    private static func device(_ analysis: Analysis, _ manifest: Manifest) -> FHIRDevice {
        FHIRDevice(
            identifier: [
                FHIRIdentifier(type: FHIRConcept(text: "SHA-256 of the ensemble's manifest"), value: analysis.ensemble.sha256)
            ],
            deviceName: [.init(name: "MelaScan, ensemble \(analysis.ensemble.name)")],
            type: FHIRConcept(text: "Decision-support software for photos of skin lesions"),
            version: [
                .init(type: FHIRConcept(text: "software"), value: Release.version),
                .init(type: FHIRConcept(text: "ensemble"), value: analysis.ensemble.version),
            ],
            note: [
                FHIRAnnotation(text: Words.english.text("intended_use", ["use": .text(manifest.intendedUse)])),
                FHIRAnnotation(text: "Weights: \(manifest.licence)"),
            ])
    }

    private static func score(
        _ analysis: Analysis, _ manifest: Manifest, of patient: FHIRReference, by device: FHIRReference, at time: String
    ) -> FHIRObservation {
        let site = analysis.patient.site.flatMap { $0 == .unknown ? nil : FHIRConcept(text: $0.rawValue) }
        var observation = FHIRObservation(
            meta: .assertedByAI,
            code: FHIRConcept(text: "Mean softmax of \(manifest.target) over \(analysis.passes) passes, 0 to 1; not calibrated"),
            subject: patient, effectiveDateTime: time, device: device, bodySite: site)
        if analysis.showsFigures {
            observation.valueQuantity = .score(analysis.rawProbability)
            observation.component = analysis.classes.sorted { $0.key < $1.key }.map {
                .init(code: FHIRConcept(text: Words.english.name(ofClass: $0.key)), valueQuantity: .score($0.value))
            }
        } else {
            observation.dataAbsentReason = FHIRConcept(
                coding: [
                    FHIRCoding(
                        system: "http://terminology.hl7.org/CodeSystem/data-absent-reason", code: "not-applicable",
                        display: "Not Applicable")
                ], text: analysis.reasons.map(\.text).joined(separator: " "))
        }
        return observation
    }

    private static func age(_ years: Int, of patient: FHIRReference, at time: String) -> FHIRObservation {
        FHIRObservation(
            status: "final",
            code: FHIRConcept(coding: [FHIRCoding(system: "http://loinc.org", code: "30525-0", display: "Age")], text: "Age"),
            subject: patient, effectiveDateTime: time,
            valueQuantity: FHIRQuantity(value: Double(years), unit: "years", code: "a"))
    }

    private static func prediction(_ analysis: Analysis) -> FHIRRiskAssessment.Prediction {
        let verdict = FHIRCoding(
            system: "urn:melascan:verdict", code: analysis.verdict.rawValue, display: Words.english.headline(of: analysis))
        return FHIRRiskAssessment.Prediction(
            outcome: FHIRConcept(
                coding: [
                    FHIRCoding(
                        system: "http://hl7.org/fhir/sid/icd-10", code: "C43", display: "Malignant melanoma of skin")
                ], text: "Melanoma"),
            probabilityDecimal: analysis.calibrated && analysis.showsFigures ? (analysis.probability * 1e8).rounded() / 1e6 : nil,
            qualitativeRisk: FHIRConcept(coding: [verdict], text: Self.verdict(analysis)),
            rationale: analysis.reasons.map(\.text).joined(separator: " "))
    }

    private static func provenance(
        _ analysis: Analysis, of targets: [FHIRReference], by device: FHIRReference, at time: String
    ) -> FHIRProvenance {
        FHIRProvenance(
            target: targets, recorded: time, activity: FHIRConcept(text: "Analysis \(analysis.id)"),
            agent: [
                .init(
                    type: FHIRConcept(
                        coding: [
                            FHIRCoding(
                                system: "http://terminology.hl7.org/CodeSystem/provenance-participant-type", code: "author",
                                display: "Author")
                        ], text: "Author"), who: device)
            ],
            entity: [
                .init(
                    what: FHIRReference(
                        display: "\(Words.english.square(of: analysis)); not kept"))
            ])
    }

    // MARK: - Words

    private static func method(_ analysis: Analysis) -> String {
        let networks = analysis.members.map { "\($0.architecture) at \($0.inputSize)" }.joined(separator: ", ")
        let reading = analysis.calibrated ? "mean softmax, calibrated" : "mean softmax, not calibrated"
        let stop = analysis.earlyStop.map { "; \($0.rule)" } ?? ""
        return "\(Words.english.passes(of: analysis)), of \(networks); \(reading)\(stop)"
    }

    private static func verdict(_ analysis: Analysis) -> String {
        "\(Words.english.headline(of: analysis)). \(Words.english.explanation(of: analysis))"
    }
}
