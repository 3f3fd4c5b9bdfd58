/// A setting of the server's: a variable of the environment, and what it means.
///
/// All names that begin with `MELASCAN_` are listed here, so that one which is misspelt is noticed (`UnknownSetting`).
public enum SettingName {
    /// The settings, and what `MelaFCGI --help` prints about each, with its default.
    public static let settings: [(name: String, meaning: String)] = [
        ("MELASCAN_ENSEMBLE", "folder of the ensemble (ensembles/default)"),
        ("MELASCAN_SOCKET", "unix socket to make, mode 0660; not needed under systemd or spawn-fcgi"),
        ("MELASCAN_THREADS", "inference threads (one a processor)"),
        ("MELASCAN_QUEUE", "analyses that may wait; more are answered 503 (8)"),
        ("MELASCAN_MAX_BODY_BYTES", "largest upload (20971520); nginx has the same limit"),
        ("MELASCAN_MAX_PIXELS", "largest photo, width times height (50000000)"),
        ("MELASCAN_VIEWS", "views a member, 1 to 8, that an analysis takes unless asked otherwise (as the ensemble says)"),
        ("MELASCAN_MEMBERS", "first members that an analysis takes unless asked otherwise (as the ensemble says)"),
        (
            "MELASCAN_EARLY_STOP",
            "on: an analysis ends once the ensemble's rule says that the rest of its passes can hardly move the verdict; off: all are made (as the ensemble says)"
        ),
        (
            "MELASCAN_BUDGET_SECONDS",
            "what an analysis's passes may take on this machine, whose speed is measured at the start; more are left out, whoever asks for them; 0: no limit (15)"
        ),
        ("MELASCAN_OPERATING_POINT", "operating point of the verdicts (the ensemble's first)"),
        ("MELASCAN_MODE", "clinic, or cloud: every request over TLS, with a token, and every analysis with a consent (clinic)"),
        (
            "MELASCAN_RECORDS",
            "folder, or postgresql:// address, that keeps devices' tokens and an audit log of all analyses (nothing is kept)"
        ),
        ("MELASCAN_KEY", "file with the key that consents and donations are encrypted with (systemd's credential records-key)"),
        ("MELASCAN_CONSENT", "JSON file with the texts that patients consent to; deploy/consent.json is a pattern (no consents)"),
        ("MELASCAN_DONATION", "on: photos may be donated for research, with consent (off)"),
        (
            "MELASCAN_OPEN_NETWORKS",
            "networks whose devices need no token, with commas, or none (clinic: 127.0.0.0/8, ::1; cloud: none)"
        ),
        ("MELASCAN_OPEN_PATHS", "what needs no token, of openapi and metrics, with commas, or none (openapi, metrics)"),
        ("MELASCAN_ALLOWED_ORIGINS", "pages of other origins that may call this server, with commas (none)"),
        ("MELASCAN_LOG_LEVEL", "trace, debug, info, notice, warning, error or critical (info)"),
        ("MELASCAN_PRECISION", "number format of the products, fp32 or bf16 (as the ensemble says)"),
        (
            "MELASCAN_CACHE",
            "folder for the packed weights, which starts are quicker with and workers share (systemd's cache directory, or none)"
        ),
        ("MELASCAN_KERNELS", "forces an instruction set"),
    ]

    /// No settings: what the scripts and the tests read. They hand their environment on to the worker.
    static let others = [
        "MELASCAN_ADDRESS", "MELASCAN_BIN_DIR", "MELASCAN_READY_SECONDS",
        "MELASCAN_ARCHIVE_URL", "MELASCAN_PATIENCE", "MELASCAN_TOKEN", "MELASCAN_URL",
    ]

    static let all = settings.map(\.name) + others
    static let prefix = "MELASCAN_"
}
