import Foundation

// What a consent is for and until when, a row for each purpose: what can be looked up without a key. The words are sealed, in the
// consent's own row.
extension ConsentStore {
    /// Writes a row for each purpose that is granted, over the one that there is.
    static func writePurposes(of consent: Consent, in session: any SQLSession) throws {
        for purpose in consent.grants.purposes {
            try session.execute(
                """
                INSERT INTO consent_purposes (consent, purpose, until) VALUES ($1, $2, $3)
                ON CONFLICT (consent, purpose) DO UPDATE SET until = excluded.until
                """, [.text(consent.id), .text(purpose.rawValue), SQLValue(consent[purpose]?.until)])
        }
    }

    /// Until when a consent holds, by the purposes as they are written: a later version's may be among them.
    static func ends(of id: String, in session: any SQLSession) throws -> [String: String] {
        let rows = try session.rows("SELECT purpose, until FROM consent_purposes WHERE consent = $1", [.text(id)]) { row in
            (try row.text("purpose"), try row.text("until"))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    static func deletePurpose(_ purpose: String, of id: String, in session: any SQLSession) throws {
        try session.execute("DELETE FROM consent_purposes WHERE consent = $1 AND purpose = $2", [.text(id), .text(purpose)])
    }
}
