import Records

/// The opened records, and what is kept in them by the settings.
struct Archive: Sendable {
    let store: RecordsStore
    /// Consents and the words in force; nil where no consent text is set.
    let consents: (store: ConsentStore, texts: ConsentTexts)?
    /// Donated cases; nil where donation is not switched on.
    let cases: CaseStore?

    /// Opens what the settings ask for; nil if they ask for nothing.
    ///
    /// - Throws: `SettingsError` for settings that do not go together; `RecordsError`.
    init?(_ settings: Settings) throws {
        func require<Value>(_ value: Value?, _ name: String, for what: String) throws(SettingsError) -> Value {
            guard let value else { throw SettingsError(name: name, reason: "must be set: \(what)") }
            return value
        }
        if settings.mode == .cloud {
            _ = try require(settings.records, "MELASCAN_RECORDS", for: "the cloud mode needs tokens and consents")
            _ = try require(settings.consent, "MELASCAN_CONSENT", for: "in the cloud mode each analysis needs a consent")
        }
        if settings.donation { _ = try require(settings.consent, "MELASCAN_CONSENT", for: "a donation needs a consent") }
        if settings.consent != nil { _ = try require(settings.records, "MELASCAN_RECORDS", for: "consents are kept there") }
        guard let place = settings.records else { return nil }
        store = try RecordsStore(place, patience: 10)
        if let consent = settings.consent {
            let key = try require(settings.key, "MELASCAN_KEY", for: "consents are kept encrypted")
            let texts: ConsentTexts
            do { texts = try ConsentTexts(file: consent) } catch {
                throw SettingsError(name: "MELASCAN_CONSENT", reason: "\(error)")
            }
            let keys = try KeyRing(file: key)
            try store.check(keys)
            consents = (store.consents(keys: keys), texts)
            cases = settings.donation ? store.cases(keys: keys) : nil
        } else {
            consents = nil
            cases = nil
        }
        if settings.mode == .cloud, try !store.devices.hasValid() {
            throw SettingsError(
                name: "MELASCAN_MODE", reason: "is cloud, but there is no token yet; make one with `melascan token add`")
        }
    }
}
