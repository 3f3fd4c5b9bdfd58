import FoundationEssentials
import HTTPTypes
import Imaging
import Model
import Records

/// Answers an uploaded photo: for the original app with one number, for all others with the whole analysis.
struct AnalysisHandler: Sendable {
    let service: Service

    /// An upload that was read, decoded and found good: all that is left is inference.
    private struct Job {
        var engine: Service.Engine
        var place: AdmissionQueue.Place
        var photo: PreparedPhoto
        var plan: AnalysisPlan
        var timing: Analysis.Timing
        var total: Stopwatch
        /// Where it is noted; nil where nothing is kept.
        var archive: Archive?
        /// The code of the patient's consent, as it was typed.
        var consent: String?
    }

    /// The data of the event `waiting`: how many photos are analysed before this one.
    private struct Waiting: Encodable {
        var ahead: Int
    }

    /// `{"confidence": p}`, the original app's answer: the mean softmax, uncalibrated.
    private struct Confidence: Encodable {
        var confidence: Double
    }

    /// POST /melanoma
    @Sendable func respondAsOriginal(_ request: Request) throws -> Response {
        let job = try job(for: request, asOriginal: true)
        return try .json(Confidence(confidence: analyze(job, request: request).rawProbability))
    }

    /// POST /v1/analyses, as JSON, as FHIR, as a page, or as a stream of events.
    @Sendable func respond(_ request: Request) throws -> Response {
        let job = try job(for: request, asOriginal: false)
        switch request.preference {
        case .json: return try .json(analyze(job, request: request))
        case .fhir:
            return try .fhir(FHIRBundle(try analyze(job, request: request), of: job.engine.ensemble.manifest, at: Date()))
        case .html: return .html(AnalysisPage.page(try analyze(job, request: request), of: job.engine.ensemble.manifest))
        case .eventStream: return .events { send in try stream(job, request: request, send: send) }
        }
    }

    /// Everything before inference: the form is read and the photo decoded and cut to the networks' sizes.
    ///
    /// - Parameter asOriginal: the original app's call: unknown fields are passed over, and all passes are made.
    private func job(for request: Request, asOriginal: Bool) throws -> Job {
        let total = Stopwatch()
        let engine = try service.readyEngine()
        let limit = service.settings.maxBodyBytes
        let archive = try service.readyArchive()
        _ = try UploadForm.length(of: request, limit: limit)
        guard let place = service.queue.enter() else { throw Problem.busy }
        let form = try AnalysisForm(request, limit: limit, isStrict: !asOriginal)
        _ = try requireConsent(form.consent, in: archive)
        var wishes = form.wishes
        wishes.neverEndsEarly = asOriginal
        let plan = try AnalysisPlan(wishes, under: engine.practice, of: engine.ensemble.manifest)
        let (photo, timing) = try form.withImage { bytes throws(ImagingError) in
            try service.prepare(bytes, for: engine.ensemble)
        }
        return Job(
            engine: engine, place: place, photo: photo, plan: plan, timing: timing, total: total, archive: archive,
            consent: form.consent)
    }

    /// The consent that an analysis is covered by; nil where none is needed and none was named.
    private func requireConsent(_ typed: String?, in archive: Archive?) throws -> Consent? {
        guard let typed else {
            guard service.settings.mode == .clinic else {
                throw Problem(
                    .consentRequired,
                    "The photo leaves the clinic, so the patient must consent first. Record it (POST /v1/consents) and send its code in the field consent.",
                    field: "consent")
            }
            return nil
        }
        guard let consents = archive?.consents?.store else {
            throw Problem(
                .fieldInvalid, "consent can't be given: this server keeps no consents, and needs none.", field: "consent")
        }
        do {
            return try consents.require(.processing, ConsentHandler.code(typed, field: "consent"))
        } catch let error as RecordsError {
            switch error {
            case .unknown(let what): throw Problem(.consentRequired, "There is no \(what).", field: "consent")
            case .invalid(_, let reason):
                throw Problem(.consentRequired, "This consent \(reason). Ask the patient again.", field: "consent")
            default: throw error
            }
        }
    }

    /// Waits for its turn, makes the passes, and notes what will be answered.
    private func analyze(
        _ job: Job, request: Request, waiting: (Waiting) -> Void = { _ in }, progress: (Ensemble.Progress) -> Void = { _ in }
    ) throws -> Analysis {
        var timing = job.timing
        var lap = Stopwatch()
        // One who leaves while waiting gives the place up, and costs those behind no pass.
        try job.place.waitForTurn { ahead throws(ModelError) in
            guard !request.client.isGone else { throw .cancelled }
            waiting(Waiting(ahead: ahead))
        }
        timing.queue = lap.lap()
        // The patient may have withdrawn meanwhile.
        let consent = try requireConsent(job.consent, in: job.archive)
        guard !request.client.isGone else { throw ModelError.cancelled }
        _ = lap.lap()
        let reading = try withoutActuallyEscaping(progress) { progress in
            try job.engine.ensemble.read(
                job.photo, by: job.plan,
                for: .init(
                    isGone: { request.client.isGone },
                    // A thread that finds no pass here begins the next one's, while this one is finished, noted and sent.
                    begun: job.place.endTurn,
                    progress: {
                        service.metrics.passed()
                        progress($0)
                    }))
        }
        timing.inference = lap.lap()
        timing.total = job.total.milliseconds
        let analysis = Analysis(reading, id: request.id, timing: timing, by: job.engine.ensemble)
        // Before the answer is given: nothing is answered that is not in the log.
        try job.archive?.store.audit.append(
            .analysis,
            AnalysisRecord(analysis, storage: job.engine.ensemble.storage, for: request, consent: consent?.id))
        service.metrics.analysed(analysis)
        return analysis
    }

    /// The events `waiting` and `progress` while it goes on, and `analysis` at the end.
    private func stream(_ job: Job, request: Request, send: (Data) -> Bool) throws {
        let analysis = try analyze(
            job, request: request,
            waiting: { waiting in
                if let event = try? ServerEvent.encode("waiting", waiting) { _ = send(event) }
            },
            progress: { progress in
                if let event = try? ServerEvent.encode("progress", progress) { _ = send(event) }
            })
        guard send(try ServerEvent.encode("analysis", analysis)) else { throw ModelError.cancelled }
    }
}
