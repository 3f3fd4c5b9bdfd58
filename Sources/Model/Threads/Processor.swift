import FoundationEssentials

/// The machine's processors.
public enum Processor {
    /// How many this process may use, at least one.
    public static var count: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }
}
