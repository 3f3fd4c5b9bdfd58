import Foundation
import Model

/// What a doctor says of a donated photo: the facts that the field's data sets lack. All optional, none inferred.
public struct CaseFacts: Codable, Equatable, Sendable {
    public enum SunExposure: String, Codable, Sendable, CaseIterable { case low, medium, high }

    /// What the photo was taken with.
    public enum Camera: String, Codable, Sendable, CaseIterable {
        case dermatoscope
        case phone
        case camera
        /// A phone through a lens that is held against the skin.
        case phoneWithDermatoscope = "phone with dermatoscope"
    }

    /// The oldest age that is kept: above it people are few enough to be known by it (ISIC's "85+").
    static let oldestAge = 85

    public var sex: Sex?
    /// Years, at most 85.
    public var age: Int?
    public var site: Site?
    /// Fitzpatrick skin type, 1 to 6, as the doctor judges it.
    public var fitzpatrick: Int?
    /// Monk skin tone, 1 to 10, as the doctor judges it (skintone.google).
    public var monk: Int?
    /// Longest diameter, millimetres.
    public var diameter: Double?
    /// Melanoma before.
    public var personalHistory: Bool?
    /// Melanoma in parents, siblings or children.
    public var familyHistory: Bool?
    public var sunExposure: SunExposure?
    /// Changed in the last months.
    public var changed: Bool?
    /// Raised and firm.
    public var nodular: Bool?
    /// Cream, make-up or sunscreen on the skin.
    public var skinCare: Bool?
    public var camera: Camera?
    public var histology: Histology?

    public init() {}

    /// - Throws: `RecordsError.invalid` with the form's field.
    mutating func check() throws(RecordsError) {
        func require(_ field: String, _ isRight: Bool, _ reason: String) throws(RecordsError) {
            guard isRight else { throw .invalid(field: field, reason: reason) }
        }
        try require("age", age.map((0...120).contains) ?? true, "must be from 0 to 120")
        try require("fitzpatrick", fitzpatrick.map((1...6).contains) ?? true, "must be from 1 to 6")
        try require("monk", monk.map((1...10).contains) ?? true, "must be from 1 to 10")
        try require("diameter", diameter.map { $0 > 0 && $0 < 300 } ?? true, "must be millimetres, more than 0 and less than 300")
        age = age.map { min($0, Self.oldestAge) }
        if sex == .unknown { sex = nil }
        if site == .unknown { site = nil }
    }
}

/// What the pathologist found.
public enum Histology: String, Codable, Sendable, CaseIterable {
    case melanoma
    case melanomaInSitu = "melanoma in situ"
    case nevus
    case atypicalNevus = "atypical nevus"
    case basalCellCarcinoma = "basal cell carcinoma"
    case squamousCellCarcinoma = "squamous cell carcinoma"
    case squamousCellCarcinomaInSitu = "squamous cell carcinoma in situ"
    case actinicKeratosis = "actinic keratosis"
    case seborrheicKeratosis = "seborrheic keratosis"
    case solarLentigo = "solar lentigo"
    case lichenoidKeratosis = "lichenoid keratosis"
    case dermatofibroma
    case vascularLesion = "vascular lesion"
    case other
}
