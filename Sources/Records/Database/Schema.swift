import Foundation

/// The tables, in steps that are never changed once released: a store of any age is brought up to date when it is opened.
enum Schema {
    struct Step {
        var name: String
        var tables: String
        /// Triggers, which the two databases write differently.
        var sqliteTriggers = ""
        var postgreSQLTriggers = ""

        var sqlite: String { tables + sqliteTriggers }

        /// The same tables in PostgreSQL's words.
        var postgreSQL: String {
            tables.replacingOccurrences(of: " BLOB", with: " BYTEA")
                .replacingOccurrences(of: " INTEGER", with: " BIGINT")
                .replacingOccurrences(of: ") STRICT;", with: ");") + postgreSQLTriggers
        }
    }

    static let steps = [audit, devices, consents, cases, answers, secrets, purposes]

    private static let audit = Step(
        name: "audit",
        tables: """
            CREATE TABLE audit (
                sequence INTEGER PRIMARY KEY NOT NULL,
                time TEXT NOT NULL,
                kind TEXT NOT NULL,
                content TEXT NOT NULL,
                hash TEXT NOT NULL UNIQUE
            ) STRICT;
            """,
        sqliteTriggers: """
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
            CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
            """,
        postgreSQLTriggers: """
            CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RAISE EXCEPTION ''the audit log is append-only''; END';
            CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
            CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
            """)

    /// `hash`: HMAC-SHA256 of the secret, the salt its key. Times as everywhere: UTC, ISO 8601 with milliseconds.
    private static let devices = Step(
        name: "devices",
        tables: """
            CREATE TABLE devices (
                id TEXT PRIMARY KEY NOT NULL,
                name TEXT NOT NULL,
                role TEXT NOT NULL,
                salt BLOB NOT NULL,
                hash BLOB NOT NULL,
                created TEXT NOT NULL,
                expires TEXT,
                revoked TEXT,
                last_use TEXT
            ) STRICT;
            """)

    /// `code_hash`: SHA-256 of the withdrawal code. `proof`: the number of the log's entry of the last withdrawal.
    /// `key` and `content`: what was said, sealed; gone after a withdrawal of all.
    private static let consents = Step(
        name: "consents",
        tables: """
            CREATE TABLE consents (
                id TEXT PRIMARY KEY NOT NULL,
                code_hash TEXT NOT NULL UNIQUE,
                recorded TEXT NOT NULL,
                processing_until TEXT,
                donation_until TEXT,
                withdrawn TEXT,
                proof INTEGER,
                key BLOB,
                content BLOB
            ) STRICT;
            """)

    /// A row is there for as long as its consent holds.
    private static let cases = Step(
        name: "cases",
        tables: """
            CREATE TABLE cases (
                id TEXT PRIMARY KEY NOT NULL,
                consent TEXT NOT NULL REFERENCES consents (id),
                donated TEXT NOT NULL,
                key BLOB NOT NULL,
                facts BLOB NOT NULL,
                photo BLOB NOT NULL
            ) STRICT;
            CREATE INDEX cases_by_consent ON cases (consent);
            """)

    /// Answers to requests with an Idempotency-Key, kept for a day, so that a request that is sent again is not done again. Without
    /// content once what was done is withdrawn: then the request is refused.
    private static let answers = Step(
        name: "answers",
        tables: """
            CREATE TABLE answers (
                request TEXT PRIMARY KEY NOT NULL,
                fingerprint TEXT NOT NULL,
                consent TEXT NOT NULL REFERENCES consents (id),
                answered TEXT NOT NULL,
                key BLOB,
                content BLOB
            ) STRICT;
            CREATE INDEX answers_by_consent ON answers (consent);
            """)

    /// Random secrets of the store's own, sealed as all else is.
    private static let secrets = Step(
        name: "secrets",
        tables: """
            CREATE TABLE secrets (
                name TEXT PRIMARY KEY NOT NULL,
                key BLOB NOT NULL,
                content BLOB NOT NULL
            ) STRICT;
            """)

    /// What a consent is for and until when: a row for each purpose, no longer a column. What was withdrawn or is over has none.
    private static let purposes = Step(
        name: "purposes",
        tables: """
            CREATE TABLE consent_purposes (
                consent TEXT NOT NULL REFERENCES consents (id),
                purpose TEXT NOT NULL,
                until TEXT NOT NULL,
                PRIMARY KEY (consent, purpose)
            ) STRICT;
            INSERT INTO consent_purposes (consent, purpose, until)
                SELECT id, 'processing', processing_until FROM consents WHERE processing_until IS NOT NULL
                UNION ALL SELECT id, 'donation', donation_until FROM consents WHERE donation_until IS NOT NULL;
            ALTER TABLE consents DROP COLUMN processing_until;
            ALTER TABLE consents DROP COLUMN donation_until;
            """)
}
