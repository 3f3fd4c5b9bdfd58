/// What a doctor may say about the patient. All of it optional; echoed, and used only by ensembles that have inputs for it.
public struct PatientInformation: Codable, Sendable, Equatable {
    /// Years, 0...120.
    public var age: Int?
    public var sex: Sex?
    public var site: Site?

    public init() {}

    public var isEmpty: Bool { age == nil && sex == nil && site == nil }

    /// Reads the fields as a form or a command line gives them; nil and the empty text mean "not given".
    /// - Throws: `ModelError.option` with the field's name and what it takes.
    public init(age: String?, sex: String?, site: String?) throws(ModelError) {
        if let age, !age.isEmpty {
            guard let years = Int(age), (0...120).contains(years), age.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw .option(field: "age", reason: "must be a whole number of years from 0 to 120")
            }
            self.age = years
        }
        self.sex = try Self.choice(sex, field: "sex")
        self.site = try Self.choice(site, field: "site")
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String?, field: String
    ) throws(ModelError) -> Choice? where Choice.RawValue == String {
        guard let text, !text.isEmpty else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .option(field: field, reason: "must be one of: \(choices)")
        }
        return choice
    }
}
