import Model

/// How many donated cases there are of each kind, and what is missing: the balance that the field's data sets lack.
public struct CaseBalance: Codable, Equatable, Sendable {
    public struct Count: Codable, Equatable, Sendable {
        public var value: String
        public var cases: Int
        /// With a histology of melanoma, in situ or not.
        public var melanomas: Int
    }

    public struct Part: Codable, Equatable, Sendable {
        public var name: String
        public var counts: [Count]
    }

    public var cases: Int
    public var withHistology: Int
    /// Skin type, skin tone, sex, age, site: each value, also those that there are none of, and "not given" last.
    public var parts: [Part]

    public init(_ facts: [CaseFacts]) {
        cases = facts.count
        withHistology = facts.filter { $0.histology != nil }.count
        func part(_ name: String, _ values: [String], _ value: (CaseFacts) -> String?) -> Part {
            Part(
                name: name,
                counts: (values + ["not given"]).map { wanted in
                    let found = facts.filter { (value($0) ?? "not given") == wanted }
                    return Count(value: wanted, cases: found.count, melanomas: found.filter(\.isMelanoma).count)
                })
        }
        let decades = stride(from: 0, to: 80, by: 10).map { "\($0)-\($0 + 9)" } + ["80+"]
        parts = [
            part("Fitzpatrick skin type", (1...6).map(CaseFacts.roman)) { $0.fitzpatrick.map(CaseFacts.roman) },
            part("Monk skin tone", (1...10).map(String.init)) { $0.monk.map(String.init) },
            part("Sex", Sex.known.map(\.rawValue)) { $0.sex?.rawValue },
            part("Age", decades) { $0.age.map { decades[min($0 / 10, decades.count - 1)] } },
            part("Site", Site.known.map(\.rawValue)) { $0.site?.rawValue },
        ]
    }
}

extension CaseFacts {
    var isMelanoma: Bool { histology == .melanoma || histology == .melanomaInSitu }

    /// 1 to 6, as skin types are written.
    static func roman(_ number: Int) -> String { ["I", "II", "III", "IV", "V", "VI"][number - 1] }
}
