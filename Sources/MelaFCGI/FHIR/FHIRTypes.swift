// The data types of FHIR R4 (hl7.org/fhir/R4/datatypes.html), as far as the bundle has them. Names are the standard's.

/// A code of some system, with its display.
struct FHIRCoding: Encodable, Equatable {
    var system: String
    var code: String
    var display: String
}

struct FHIRConcept: Encodable, Equatable {
    var coding: [FHIRCoding]?
    var text: String
}

struct FHIRQuantity: Encodable, Equatable {
    var value: Double
    var unit: String
    var system = "http://unitsofmeasure.org"
    var code: String

    /// A number between 0 and 1 without a unit.
    static func score(_ value: Double) -> FHIRQuantity { FHIRQuantity(value: value, unit: "1", code: "1") }
}

struct FHIRReference: Encodable, Equatable {
    var reference: String?
    var display: String?
}

struct FHIRAnnotation: Encodable, Equatable {
    var text: String
}

struct FHIRIdentifier: Encodable, Equatable {
    var type: FHIRConcept?
    var system: String?
    var value: String
}

struct FHIRMeta: Encodable, Equatable {
    var security: [FHIRCoding]

    /// "Artificial Intelligence asserted", as HL7's AI Transparency guide marks what no person has reviewed.
    static let assertedByAI = FHIRMeta(security: [
        FHIRCoding(
            system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", code: "AIAST",
            display: "Artificial Intelligence asserted")
    ])
}

/// What a person reads where the rest can't be shown.
struct FHIRNarrative: Encodable, Equatable {
    var status = "generated"
    /// XHTML.
    var div: String

    init(_ sentences: [String]) {
        let paragraphs = sentences.map { "<p>\($0)</p>" as HTML }.joined()
        div = "<div xmlns=\"http://www.w3.org/1999/xhtml\">\n\(paragraphs.text)</div>"
    }
}
