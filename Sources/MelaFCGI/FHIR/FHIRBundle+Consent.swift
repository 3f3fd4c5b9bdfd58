import FoundationEssentials
import Model
import Records

/// What was consented to, for one purpose (hl7.org/fhir/R4/consent.html).
struct FHIRConsent: Encodable {
    struct Policy: Encodable {
        var text: String
    }

    struct Period: Encodable {
        var start: String
        var end: String
    }

    struct Provision: Encodable {
        var type = "permit"
        var period: Period
        var purpose: [FHIRCoding]?
    }

    let resourceType = "Consent"
    var language: String?
    var identifier: [FHIRIdentifier]
    /// "active" or "inactive".
    var status: String
    var scope: FHIRConcept
    var category: [FHIRConcept]
    var patient: FHIRReference
    var dateTime: String
    /// In whose name it was given.
    var performer: [FHIRReference]?
    var policyRule: Policy
    var provision: Provision?
}

extension FHIRBundle {
    /// A consent: a Consent resource for each purpose that was granted; a withdrawn one has one that is inactive.
    ///
    /// The patient is nobody by name: the record system knows whom it asked about.
    init(_ consent: Consent, code: String?, at date: Date) {
        let patient = FHIRReference(reference: "urn:uuid:" + Identifier.next())
        var identifiers = [FHIRIdentifier(system: "urn:ietf:rfc:3986", value: "urn:uuid:" + consent.id)]
        if let code { identifiers.append(FHIRIdentifier(type: FHIRConcept(text: "Withdrawal code"), value: code)) }
        let now = Timestamp.text(date)
        var resources = ConsentTexts.Purpose.allCases.compactMap { purpose in
            consent[purpose].map { grant in
                let codes = ConsentCodes.of(purpose)
                return FHIRConsent(
                    language: grant.language, identifier: identifiers, status: now < grant.until ? "active" : "inactive",
                    scope: codes.scope, category: [codes.category], patient: patient, dateTime: grant.given,
                    performer: [FHIRReference(display: grant.givenBy.rawValue)],
                    policyRule: .init(text: "Version \(grant.textVersion) of the text of: \(grant.controller)"),
                    provision: .init(
                        period: .init(start: grant.given, end: grant.until), purpose: codes.reason.map { [$0] }))
            }
        }
        if resources.isEmpty {
            let codes = ConsentCodes.of(.processing)
            resources = [
                FHIRConsent(
                    identifier: identifiers, status: "inactive", scope: codes.scope, category: [codes.category],
                    patient: patient, dateTime: consent.recorded,
                    policyRule: .init(text: consent.withdrawn.map { "Withdrawn on \($0)" } ?? "Ended"))
            ]
        }
        id = consent.id
        timestamp = date.formatted(.iso8601)
        entry =
            [Entry(fullUrl: patient.reference ?? "", resource: .patient(FHIRPatient()))]
            + resources.map { Entry(fullUrl: "urn:uuid:" + Identifier.next(), resource: .consent($0)) }
    }
}

/// What a purpose of consent is called in FHIR. One that has no codes here goes by its name.
private struct ConsentCodes {
    var scope: FHIRConcept
    var category: FHIRConcept
    /// What the photo may be used for.
    var reason: FHIRCoding?

    static func of(_ purpose: ConsentTexts.Purpose) -> ConsentCodes {
        known[purpose] ?? ConsentCodes(scope: FHIRConcept(text: purpose.rawValue), category: FHIRConcept(text: purpose.rawValue))
    }

    private static let known: [ConsentTexts.Purpose: ConsentCodes] = [
        .processing: ConsentCodes(
            scope: scope("patient-privacy", "Privacy Consent"),
            category: FHIRConcept(
                coding: [
                    FHIRCoding(
                        system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "INFA",
                        display: "information access")
                ], text: "Processing of photos on a server outside the clinic"),
            reason: reason("TREAT", "treatment")),
        .donation: ConsentCodes(
            scope: scope("research", "Research"),
            category: FHIRConcept(
                coding: [
                    FHIRCoding(
                        system: "http://terminology.hl7.org/CodeSystem/consentcategorycodes", code: "research",
                        display: "Research Information Access")
                ], text: "Donation of photos for research"),
            reason: reason("HRESCH", "healthcare research")),
    ]

    private static func scope(_ code: String, _ display: String) -> FHIRConcept {
        FHIRConcept(
            coding: [FHIRCoding(system: "http://terminology.hl7.org/CodeSystem/consentscope", code: code, display: display)],
            text: display)
    }

    private static func reason(_ code: String, _ display: String) -> FHIRCoding {
        FHIRCoding(system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: code, display: display)
    }
}
