import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// The machine's processors.
public enum Processor {
    /// How many this process may use, at least one.
    public static var count: Int { max(1, ProcessInfo.processInfo.activeProcessorCount) }

    /// Bytes of one core's second-level cache; 1 MiB where the system does not say.
    static let cacheBytes: Int = {
        let bytes = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
        return bytes > 0 ? bytes : 1 << 20
    }()
}
