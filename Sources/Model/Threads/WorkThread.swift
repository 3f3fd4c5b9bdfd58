#if canImport(Glibc)
    import Glibc
#endif

/// A plain thread with a stack of 1 MiB, for work that blocks or computes for long. pthread_create, pthread_join.
public final class WorkThread: @unchecked Sendable {
    private var handle = pthread_t()

    /// Starts at once. A process that gets no thread can do nothing of what it is for: it ends with a sentence.
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
        if status != 0 {
            box.release()
            fatalError(
                "the system gives no more threads: \(String(cString: strerror(status))); lower MELASCAN_QUEUE or MELASCAN_THREADS"
            )
        }
    }

    /// Waits for its end. To be called once.
    public func join() {
        pthread_join(handle, nil)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
