/// The software's version, as in CHANGELOG.md.
public enum Release {
    public static let version = "0.1.0"
}
