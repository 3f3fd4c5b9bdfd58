import FoundationEssentials
import Imaging
import Logging
import Model
import Records
import Synchronization

/// What all requests share: settings, the loaded ensemble, the line of those who wait, and the counters.
final class Service: Sendable {
    /// A loaded and tested ensemble.
    struct Engine: Sendable {
        var ensemble: Ensemble
        /// What an analysis takes unless it is asked otherwise, with the operating point that its verdict is given at.
        var defaults: Ensemble.Options
    }

    let settings: Settings
    let queue: AdmissionQueue
    let metrics = Metrics()
    let logger: Logger
    /// nil until the records are open, and where nothing is kept.
    private let openedArchive = Mutex<Archive?>(nil)
    private let loaded = Mutex<Engine?>(nil)
    /// One photo is decoded and cut to the networks' sizes at a time: a large one takes hundreds of megabytes.
    private let decoding = Mutex(())

    init(settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        queue = AdmissionQueue(capacity: settings.queue)
    }

    /// nil until the self-test has passed.
    var engine: Engine? { loaded.withLock { $0 } }

    /// - Throws: `Problem` with `not-ready` until the self-test has passed.
    func readyEngine() throws(Problem) -> Engine {
        guard let engine else { throw .notReady }
        return engine
    }

    /// What is kept; nil where nothing is.
    /// - Throws: `Problem` with `not-ready` until it is open.
    func readyArchive() throws(Problem) -> Archive? {
        guard settings.records != nil else { return nil }
        guard let archive = openedArchive.withLock({ $0 }) else { throw .notReady }
        return archive
    }

    /// Loads the ensemble and reproduces its stored result; the service is ready from then on.
    /// - Throws: `ModelError`, `RecordsError`, or `SettingsError` for a setting that the ensemble can't meet.
    func start() throws {
        let watch = Stopwatch()
        if let archive = try Archive(settings) {
            let head = try archive.store.audit.head()
            openedArchive.withLock { $0 = archive }
            logger.info("audit log: \(head.sequence) entries, head \(head.hash)")
        }
        let ensemble = try Ensemble(
            directory: settings.ensemble, threads: settings.threads, kernels: Kernels.choose(settings.kernels))
        let loadTime = watch.milliseconds
        var defaults = Ensemble.Options()
        defaults.views = settings.views
        defaults.members = settings.members
        defaults.operatingPoint = try ensemble.operatingPoint(named: settings.operatingPoint)
        do {
            try ensemble.check(defaults)
        } catch {
            guard case .option(let field, let reason) = error else { throw error }
            throw SettingsError(name: "MELASCAN_\(field.uppercased())", reason: "\(reason) for this ensemble")
        }
        let difference = try ensemble.selfTest()
        loaded.withLock { $0 = Engine(ensemble: ensemble, defaults: defaults) }
        let name = "\(ensemble.manifest.name) \(ensemble.manifest.version)"
        logger.info(
            "ready: \(name), \(ensemble.passes(for: defaults)) of \(ensemble.passes) passes, \(ensemble.threads) threads, \(ensemble.kernels.name) kernels; loaded in \(loadTime.decimals(0)) ms, with the self-test in \(watch.milliseconds.decimals(0)) ms"
        )
        if difference == nil { logger.warning("the ensemble stores no result to test itself with") }
    }

    /// The photo upright and without metadata, to be kept; it is one that the networks can be given.
    func clean(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> Data {
        let limits = ImageLimits(maximumPixels: settings.maxPixels)
        return try decoding.withLock { _ throws(ImagingError) in
            _ = try JPEGDecoder(limits: limits).decode(bytes)
            return Data(try JPEGCleaner(limits: limits).clean(bytes))
        }
    }

    /// The photo in the sizes that the networks take, and how long that took; the large picture is gone on return.
    func prepare(
        _ bytes: UnsafeRawBufferPointer, for ensemble: Ensemble
    ) throws(ImagingError) -> (photo: PreparedPhoto, timing: Analysis.Timing) {
        let decoder = JPEGDecoder(limits: ImageLimits(maximumPixels: settings.maxPixels))
        return try decoding.withLock { _ throws(ImagingError) in
            var timing = Analysis.Timing()
            var lap = Stopwatch()
            let image = try decoder.decode(bytes)
            timing.decode = lap.lap()
            let photo = ensemble.prepare(image)
            timing.preprocess = lap.lap()
            return (photo, timing)
        }
    }
}
