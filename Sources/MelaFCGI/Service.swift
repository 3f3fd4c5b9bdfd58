import FoundationEssentials
import Imaging
import Logging
import Model
import Records

/// What all requests share: settings, the loaded ensemble, the line of those who wait, and the counters.
final class Service: Sendable {
    /// A loaded and tested ensemble.
    struct Engine: Sendable {
        var ensemble: Ensemble
        /// What is set here for all analyses.
        var practice: Practice
        /// Of an analysis that asks for nothing.
        var plan: AnalysisPlan
    }

    private struct Loading {
        var engine: Engine?
        /// What is kept: opened before the ensemble is loaded.
        var archive: Archive?
        /// Requests that wait for one of them.
        var waiting = 0
    }

    let settings: Settings
    let queue: AdmissionQueue
    let metrics = Metrics()
    let logger: Logger
    private let loading = Monitor(Loading())
    /// Seconds that a request waits for the start to end.
    private let patience: Int
    /// Measures how long passes take here.
    private let speed: @Sendable (Ensemble) -> Ensemble.Speed
    /// Where photos are decoded and cut to the networks' sizes: a large one takes hundreds of megabytes.
    let decoding: DecodingRoom
    private let decoded = Pulse()

    /// - Parameters:
    ///   - patience: seconds that requests which need the ensemble wait while it is loaded; 0: they are refused.
    ///   - speed: measures how long passes take here.
    init(
        settings: Settings, logger: Logger, patience: Int = 0,
        speed: @escaping @Sendable (Ensemble) -> Ensemble.Speed = { $0.measureSpeed() }
    ) {
        self.settings = settings
        self.logger = logger
        self.patience = patience
        self.speed = speed
        queue = AdmissionQueue(capacity: settings.queue)
        decoding = DecodingRoom(pixels: settings.maxPixels, photos: settings.threads)
    }

    /// nil until the self-test has passed.
    var engine: Engine? { loading.update { $0.engine } }

    /// The ensemble; waits for it while it is loaded.
    /// - Throws: `Problem` with `not-ready` where waiting is over or too many wait.
    func readyEngine() throws(Problem) -> Engine { try waited { $0.engine } }

    /// What is kept; nil where nothing is.
    /// - Throws: as `readyEngine`.
    func readyArchive() throws(Problem) -> Archive? {
        settings.records == nil ? nil : try waited { $0.archive }
    }

    /// Waits for a part of the start, so that a restart turns nobody away. No more than may stand in the line wait: some threads are
    /// left for health checks.
    private func waited<Part: Sendable>(_ part: (Loading) -> Part?) throws(Problem) -> Part {
        let found: (part: Part?, mayWait: Bool) = loading.update { loading in
            if let found = part(loading) { return (found, false) }
            guard loading.waiting <= queue.capacity else { return (nil, false) }
            loading.waiting += 1
            return (nil, true)
        }
        if let part = found.part { return part }
        guard found.mayWait else { throw .notReady }
        defer { loading.update { $0.waiting -= 1 } }
        guard let part = loading.wait(upTo: patience, { part($0) }) else { throw .notReady }
        return part
    }

    /// Milliseconds in which analyses waited and nothing happened: nobody left the line, no photo was decoded, no pass finished. Or those
    /// that one analysis took for what follows its turn: its last pass and the log, whatever happens beside it.
    /// 0 while nobody waits.
    var standstill: Double {
        guard queue.count > 0 else { return 0 }
        return max(queue.longestLeaving, min(queue.pulse.silence, decoded.silence, engine?.ensemble.pulse.silence ?? 0))
    }

    /// Opens the records, loads the ensemble and reproduces its stored result; the service is ready from then on.
    /// - Throws: `ModelError`, `RecordsError`, or `SettingsError` for a setting that the ensemble can't meet.
    func start() throws {
        if let archive = try Archive(settings) {
            let head = try archive.store.audit.head()
            loading.update { $0.archive = archive }
            logger.info("audit log: \(head.sequence) entries, head \(head.hash)")
        }
        try load()
    }

    /// Loads the ensemble that is in its place now, beside the one that answers, and takes it once it has reproduced its stored
    /// result. What runs ends with the ensemble that it began with. An ensemble that is not sound is not taken.
    func reload() {
        do {
            try load()
        } catch {
            logger.error("the ensemble was not changed: \(error)")
        }
    }

    private func load() throws {
        if let cache = settings.cache, !FileManager.default.isWritableFile(atPath: cache) {
            logger.warning("nothing can be written into MELASCAN_CACHE=\(cache): what it lacks is packed anew at each start")
        }
        let watch = Stopwatch()
        let ensemble = try Ensemble(
            directory: settings.ensemble, threads: settings.threads,
            kernels: Kernels.choose(settings.kernels, for: settings.precision),
            precision: settings.precision, cache: settings.cache.map(PackedCache.init(folder:)))
        let loadTime = watch.milliseconds
        var practice = Practice()
        practice.views = settings.views
        practice.members = settings.members
        practice.operatingPoint = settings.operatingPoint
        practice.stopsEarly = settings.earlyStop
        do {
            _ = try AnalysisPlan(under: practice, of: ensemble.manifest)
        } catch {
            guard case .option(let field, let reason) = error else { throw error }
            throw SettingsError(name: "MELASCAN_\(field.uppercased())", reason: "\(reason) for this ensemble")
        }
        let difference = try ensemble.selfTest()
        practice.timeLimit = settings.budgetSeconds.map { TimeLimit(seconds: $0, speed: measuredSpeed(of: ensemble)) }
        let plan = try AnalysisPlan(under: practice, of: ensemble.manifest)
        loading.update { $0.engine = Engine(ensemble: ensemble, practice: practice, plan: plan) }
        let name = "\(ensemble.manifest.name) \(ensemble.manifest.version)"
        logger.info(
            "ready: \(name), \(plan.passes) of \(ensemble.passes) passes, \(ensemble.threads) threads, \(ensemble.kernels.name) kernels, \(ensemble.precision.rawValue); loaded in \(loadTime.decimals(0)) ms, tested and ready in \(watch.milliseconds.decimals(0)) ms"
        )
        if difference == nil { logger.warning("the ensemble stores no result to test itself with") }
        if let left = plan.shortfall {
            logger.warning(
                "\(left.asked - left.planned) of \(left.asked) passes are left out: with them an analysis would take longer than MELASCAN_BUDGET_SECONDS=\(left.seconds) on this machine"
            )
        }
    }

    /// How long passes take; measured in its turn among the analyses, which would slow it down, unless that is long in coming.
    private func measuredSpeed(of ensemble: Ensemble) -> Ensemble.Speed {
        struct TooLong: Error {}
        // At the start those in the line wait for the ensemble.
        let place = engine == nil ? nil : queue.enter()
        let watch = Stopwatch()
        try? place?.waitForTurn(isAlone: true) { _ throws(TooLong) in
            if watch.milliseconds > 30_000 { throw TooLong() }
        }
        return withExtendedLifetime(place) { speed(ensemble) }
    }

    /// Under load each core has work: then what takes the least of it is the quickest.
    var decodingThreads: Int { queue.count > 1 ? 1 : settings.threads }

    private var limits: ImageLimits { ImageLimits(maximumPixels: settings.maxPixels) }

    /// The photo upright and without metadata, to be kept; it is one that the networks can be given.
    func clean(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) -> Data {
        let decoder = JPEGDecoder(limits: limits)
        let header = try decoder.header(of: bytes)
        return try decoding.enter(pixels: header.pixels) { () throws(ImagingError) in
            _ = try decoder.decode(bytes, header: header, threads: 1)
            return Data(try JPEGCleaner(limits: limits).clean(bytes))
        }
    }

    /// The photo in the sizes that the networks take, and how long that took; the large picture is gone on return.
    func prepare(
        _ bytes: UnsafeRawBufferPointer, for ensemble: Ensemble
    ) throws(ImagingError) -> (photo: PreparedPhoto, timing: Analysis.Timing) {
        let decoder = JPEGDecoder(limits: limits)
        let header = try decoder.header(of: bytes)
        return try decoding.enter(pixels: header.pixels) { () throws(ImagingError) in
            var timing = Analysis.Timing()
            var lap = Stopwatch()
            let threads = decodingThreads
            let image = try decoder.decode(bytes, header: header, threads: threads)
            timing.decode = lap.lap()
            let photo = ensemble.prepare(image, threads: threads)
            decoded.beat()
            timing.preprocess = lap.lap()
            return (photo, timing)
        }
    }
}
