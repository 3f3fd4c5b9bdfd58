import Crypto
import Foundation

/// Writes the donated cases as a data set in the form of the ISIC archive: `images/` and `metadata.csv`, whose columns the package
/// isic-metadata knows; further columns hold what ISIC has no name for.
///
/// Pseudonymous: neither the case's number nor the consent's identifier is given out, but the same case has the same name in each export, so
/// that one which was withdrawn can be taken out of an older copy. Ages are rounded to five years, as ISIC does.
public struct CaseExport {
    /// The facts of the cases written.
    public private(set) var facts: [CaseFacts] = []
    private let folder: String
    private let secret: SymmetricKey
    private var lines = [Self.columns.map(\.name).joined(separator: ",")]

    /// - Parameters:
    ///   - folder: must not be there yet.
    ///   - secret: `CaseStore.exportSecret`.
    /// - Throws: `RecordsError.unavailable`.
    public init(folder: String, secret: SymmetricKey) throws(RecordsError) {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw .unavailable("the folder to export into is there already; name a new one")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: folder + "/images", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unavailable("the folder to export into can't be made; check the owner and permissions of the one above")
        }
        self.folder = folder
        self.secret = secret
    }

    public mutating func add(_ found: CaseStore.Case) throws {
        let row = Row(found: found, secret: secret)
        lines.append(Self.columns.map { Self.quoted($0.value(row) ?? "") }.joined(separator: ","))
        facts.append(found.facts)
        try found.photo.write(to: URL(filePath: folder + "/images/" + row.filename))
    }

    /// Writes the table, and the balance as text and picture.
    public func finish() throws {
        let balance = CaseBalance(facts)
        let files = [
            "metadata.csv": lines.map { $0 + "\n" }.joined(), "balance.md": balance.markdown, "balance.svg": balance.svg,
        ]
        for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: folder + "/" + name)) }
    }

    // MARK: - The table

    private struct Row {
        var found: CaseStore.Case
        var secret: SymmetricKey
        var facts: CaseFacts { found.facts }

        var filename: String { "\(pseudonym("case", found.id)).jpg" }
        var patient: String { pseudonym("patient", found.consent) }
        var lesion: String { pseudonym("lesion", found.id) }

        private func pseudonym(_ kind: String, _ id: String) -> String {
            let code = HMAC<SHA256>.authenticationCode(for: Data("\(kind)\n\(id)".utf8), using: secret)
            return kind + "-" + Data(code).prefix(8).hexadecimal
        }
    }

    private static let columns: [(name: String, value: @Sendable (Row) -> String?)] = [
        ("filename", { $0.filename }),
        ("patient_id", { $0.patient }),
        ("lesion_id", { $0.lesion }),
        ("image_type", { $0.facts.camera.map { $0.isDermoscopic ? "dermoscopic" : "clinical: close-up" } }),
        ("age", { $0.facts.age.map { String(min(($0 + 2) / 5 * 5, CaseFacts.oldestAge)) } }),
        ("sex", { $0.facts.sex?.rawValue }),
        ("anatom_site_general", { $0.facts.site.flatMap { $0 == .torso ? nil : $0.rawValue } }),
        ("fitzpatrick_skin_type", { $0.facts.fitzpatrick.map(CaseFacts.roman) }),
        ("clin_size_long_diam_mm", { $0.facts.diameter.map { String(($0 * 10).rounded() / 10) } }),
        ("personal_hx_mm", { $0.facts.personalHistory.map(\.description) }),
        ("family_hx_mm", { $0.facts.familyHistory.map(\.description) }),
        ("diagnosis", { $0.facts.histology?.isicDiagnosis }),
        ("diagnosis_confirm_type", { $0.facts.histology.map { _ in "histopathology" } }),
        ("monk_skin_tone", { $0.facts.monk.map(String.init) }),
        ("site_as_given", { $0.facts.site?.rawValue }),
        ("sun_exposure", { $0.facts.sunExposure?.rawValue }),
        ("changed", { $0.facts.changed.map(\.description) }),
        ("nodular", { $0.facts.nodular.map(\.description) }),
        ("skin_care_products", { $0.facts.skinCare.map(\.description) }),
        ("camera", { $0.facts.camera?.rawValue }),
    ]

    /// RFC 4180.
    private static func quoted(_ text: String) -> String {
        text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline })
            ? "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : text
    }
}

extension CaseFacts.Camera {
    fileprivate var isDermoscopic: Bool { self == .dermatoscope || self == .phoneWithDermatoscope }
}

extension Histology {
    /// The archive's name (isic-metadata 4, DiagnosisEnum); nil where it has none for what we know.
    var isicDiagnosis: String? {
        switch self {
        case .melanoma: "Melanoma, NOS"
        case .melanomaInSitu: "Melanoma in situ"
        case .nevus: "Nevus"
        case .atypicalNevus: "Nevus, Atypical, Dysplastic, or Clark"
        case .basalCellCarcinoma: "Basal cell carcinoma"
        case .squamousCellCarcinoma: "Squamous cell carcinoma, NOS"
        case .squamousCellCarcinomaInSitu: "Squamous cell carcinoma in situ"
        case .actinicKeratosis: "Solar or actinic keratosis"
        case .seborrheicKeratosis: "Seborrheic keratosis"
        case .solarLentigo: "Solar lentigo"
        case .lichenoidKeratosis: "Lichen planus like keratosis"
        case .dermatofibroma: "Dermatofibroma"
        case .vascularLesion: "Benign:Benign soft tissue proliferations - Vascular"
        case .other: nil
        }
    }
}
