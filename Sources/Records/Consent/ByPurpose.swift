/// What there is for each purpose, such as the days for which a consent holds: `[.processing: 30, .donation: 3650]`.
///
/// In JSON a key for each purpose that has a value, so that a further purpose needs nothing here. Whoever hands on its own coder
/// (`words.encode(to: encoder)`) has these keys beside its own. Keys that are no purpose are passed over.
public struct ByPurpose<Value> {
    private var values: [ConsentTexts.Purpose: Value] = [:]

    public init() {}

    public subscript(purpose: ConsentTexts.Purpose) -> Value? {
        get { values[purpose] }
        set { values[purpose] = newValue }
    }

    public var isEmpty: Bool { values.isEmpty }

    /// Those that have a value, in the order in which they are always named.
    public var purposes: [ConsentTexts.Purpose] { ConsentTexts.Purpose.allCases.filter { values[$0] != nil } }

    /// The values, in the order of their purposes.
    public var all: [Value] { purposes.compactMap { values[$0] } }

    public func map<Other>(_ transform: (Value) -> Other) -> ByPurpose<Other> {
        var others = ByPurpose<Other>()
        for (purpose, value) in values { others[purpose] = transform(value) }
        return others
    }
}

extension ByPurpose: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (ConsentTexts.Purpose, Value)...) {
        for (purpose, value) in elements { values[purpose] = value }
    }
}

extension ByPurpose: Equatable where Value: Equatable {}
extension ByPurpose: Sendable where Value: Sendable {}

extension ByPurpose: Encodable where Value: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: ConsentTexts.Purpose.self)
        for purpose in purposes { try container.encodeIfPresent(values[purpose], forKey: purpose) }
    }
}

extension ByPurpose: Decodable where Value: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: ConsentTexts.Purpose.self)
        for purpose in ConsentTexts.Purpose.allCases {
            values[purpose] = try container.decodeIfPresent(Value.self, forKey: purpose)
        }
    }
}
