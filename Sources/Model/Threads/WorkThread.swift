#if canImport(Glibc)
    import Glibc
#endif

/// A plain thread with a stack of 1 MiB, for work that blocks or computes for long. pthread_create, pthread_join.
public final class WorkThread: @unchecked Sendable {
    private var handle = pthread_t()
    private let isRunning: Bool

    /// Starts at once. If the system has no thread to give, `body` runs before `init` returns.
    public init(_ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 1 << 20)
        defer { pthread_attr_destroy(&attributes) }
        let box = Unmanaged.passRetained(Body(run: body))
        let status = pthread_create(
            &handle, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        isRunning = status == 0
        if status != 0 { box.takeRetainedValue().run() }
    }

    /// Waits for its end. To be called once.
    public func join() {
        if isRunning { pthread_join(handle, nil) }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
