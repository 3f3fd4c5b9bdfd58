import Foundation

/// Times as they are kept: UTC, ISO 8601 with milliseconds. As text they sort as they follow one another.
public enum Timestamp {
    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    public static func text(_ date: Date) -> String { date.formatted(style) }

    /// nil if the text is no such time.
    public static func date(_ text: String) -> Date? { try? style.parse(text) }
}
