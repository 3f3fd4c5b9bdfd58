// The resources of FHIR R4 that the bundle is made of (hl7.org/fhir/R4), with the elements that it fills. Names are the standard's.

/// Whom it is about: nobody by name.
struct FHIRPatient: Encodable {
    let resourceType = "Patient"
    /// "female", "male" or "unknown".
    var gender: String?
}

/// What computed: the software with the ensemble.
struct FHIRDevice: Encodable {
    struct Name: Encodable {
        var name: String
        var type = "model-name"
    }

    struct Version: Encodable {
        var type: FHIRConcept
        var value: String
    }

    let resourceType = "Device"
    var identifier: [FHIRIdentifier]
    var deviceName: [Name]
    var type: FHIRConcept
    var version: [Version]
    var note: [FHIRAnnotation]
}

/// A figure: the score with those of all classes, or the patient's age.
struct FHIRObservation: Encodable {
    struct Component: Encodable {
        var code: FHIRConcept
        var valueQuantity: FHIRQuantity
    }

    let resourceType = "Observation"
    var meta: FHIRMeta?
    /// "preliminary" until a person has reviewed it.
    var status = "preliminary"
    var code: FHIRConcept
    var subject: FHIRReference
    var effectiveDateTime: String
    var device: FHIRReference?
    var bodySite: FHIRConcept?
    var valueQuantity: FHIRQuantity?
    /// Why there is no value.
    var dataAbsentReason: FHIRConcept?
    var component: [Component]?
}

/// What the ensemble says of the risk, on what basis.
struct FHIRRiskAssessment: Encodable {
    struct Prediction: Encodable {
        var outcome: FHIRConcept
        /// In per cent, as the standard has it (rule ras-2).
        var probabilityDecimal: Double?
        var qualitativeRisk: FHIRConcept
        var rationale: String
    }

    let resourceType = "RiskAssessment"
    var meta: FHIRMeta
    var text: FHIRNarrative
    var identifier: [FHIRIdentifier]
    var status = "preliminary"
    var method: FHIRConcept
    var subject: FHIRReference
    var occurrenceDateTime: String
    var performer: FHIRReference
    var basis: [FHIRReference]
    var prediction: [Prediction]
    var note: [FHIRAnnotation]
}

/// Where the two above come from.
struct FHIRProvenance: Encodable {
    struct Agent: Encodable {
        var type: FHIRConcept
        var who: FHIRReference
    }

    struct Entity: Encodable {
        var role = "source"
        var what: FHIRReference
    }

    let resourceType = "Provenance"
    var target: [FHIRReference]
    var recorded: String
    var activity: FHIRConcept
    var agent: [Agent]
    var entity: [Entity]
}
