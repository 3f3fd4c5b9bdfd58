import Imaging

extension Ensemble {
    /// What a request may ask for.
    public struct Options: Sendable, Equatable {
        /// Views a member, at most the manifest's; nil for the manifest's default.
        public var views: Int?
        /// The first so many members; nil for the manifest's default.
        public var members: Int?
        public var patient = PatientInformation()
        public var operatingPoint: OperatingPoint?
        /// Ends where the bundle's rule allows it (`EarlyStop`).
        public var stopsEarly = false
        /// Leaves out what takes longer; nil: nothing.
        public var budget: Budget?
        /// The answer lists each pass's score.
        public var listsPasses = false

        public init() {}
    }

    /// An estimate on the way, from the first passes.
    public struct Progress: Codable, Sendable, Equatable {
        public var done: Int
        /// Those that are planned; an analysis that ends early makes fewer.
        public var of: Int
        /// Of the target class, calibrated where the ensemble has a calibration.
        public var probability: Double
    }

    /// Whether the limits of a request can be met.
    /// - Throws: `ModelError.option` with the field's name.
    public func check(_ options: Options) throws(ModelError) {
        if let views = options.views, !(1...manifest.views).contains(views) {
            throw .option(field: "views", reason: "must be a whole number from 1 to \(manifest.views)")
        }
        if let members = options.members, !(1...manifest.members.count).contains(members) {
            throw .option(field: "members", reason: "must be a whole number from 1 to \(manifest.members.count)")
        }
    }

    /// Runs the passes and reads their mean softmax.
    ///
    /// - Parameters:
    ///   - isCancelled: asked between passes; once true the rest is dropped.
    ///   - begun: called on this thread once, when no pass is left to begin: another analysis may follow.
    ///   - progress: called on this thread for each pass, in their order.
    /// - Returns: the analysis, with `timingMs.inference` filled in; the caller knows the other times.
    /// - Throws: `ModelError.option` or `.cancelled`.
    public func analyze(
        _ photo: PreparedPhoto, options: Options, isCancelled: () -> Bool = { false }, begun: () -> Void = {},
        progress: (Progress) -> Void = { _ in }
    ) throws(ModelError) -> Analysis {
        try check(options)
        let order = order(for: options)
        let rule = options.stopsEarly ? EarlyStop(order, photo: photo, of: manifest, at: options.operatingPoint) : nil
        var results = [[Double]](repeating: [], count: order.passes.count)
        // Passes count in their order: which thread was quicker must not decide anything.
        var means = ProbabilityMean(classes: manifest.classes.count)
        var counted = 0
        var isSettled = false
        let watch = Stopwatch()
        let finished = run(
            order.passes, photo: photo, patient: options.patient, isCancelled: { isSettled || isCancelled() }, begun: begun
        ) { index, probabilities in
            results[index] = probabilities
            while !isSettled, counted < results.count, !results[counted].isEmpty {
                means.add(results[counted], of: members[order.passes[counted].member])
                counted += 1
                let mean = means.mean(of: target) ?? 0
                progress(Progress(done: counted, of: order.passes.count, probability: calibrated(mean).rounded6))
                isSettled = rule?.settles(mean: mean, after: counted) ?? false
            }
        }
        guard finished || isSettled else { throw .cancelled }
        return analysis(
            of: photo, order: order.prefix(rounds: counted / order.members), results: [[Double]](results.prefix(counted)),
            options: options, rule: isSettled ? rule : nil, inference: watch.milliseconds)
    }

    /// The target class's place among the classes.
    private var target: Int { manifest.classes.firstIndex(of: manifest.target) ?? 0 }

    /// How many passes an analysis makes.
    public func passes(for options: Options) -> Int { order(for: options).passes.count }

    /// The passes that an analysis makes: those that are asked for, as far as the budget goes.
    func order(for options: Options) -> PassOrder {
        let asked = order(asked: options)
        return options.budget?.fitting(asked) ?? asked
    }

    /// What the budget leaves out; nil where it leaves out nothing.
    public func shortfall(of options: Options) -> Analysis.Budget? {
        let (planned, asked) = (order(for: options).passes.count, order(asked: options).passes.count)
        guard let budget = options.budget, planned < asked else { return nil }
        return Analysis.Budget(seconds: budget.seconds, planned: planned, asked: asked)
    }

    private func order(asked options: Options) -> PassOrder {
        PassOrder(
            members: options.members ?? manifest.defaults?.members ?? manifest.members.count,
            views: options.views ?? manifest.defaults?.views ?? manifest.views)
    }

    private func calibrated(_ raw: Double) -> Double {
        manifest.calibration?.calibrated(raw) ?? raw
    }

    /// - Parameter rule: what ended it early; nil where nothing did.
    private func analysis(
        of photo: PreparedPhoto, order: PassOrder, results: [[Double]], options: Options, rule: EarlyStop?, inference: Double
    ) -> Analysis {
        var means = ProbabilityMean(classes: manifest.classes.count)
        for (pass, probabilities) in zip(order.passes, results) { means.add(probabilities, of: members[pass.member]) }
        let raw = means.mean(of: target) ?? 0
        // Every member knows the target.
        let scores = zip(order.passes, results).map { pass, probabilities in
            probabilities[members[pass.member].classIndices.firstIndex(of: target) ?? 0]
        }
        let (verdict, reasons) = Verdict.reached(
            probability: raw, at: options.operatingPoint, photo: photo, smallestCrop: manifest.smallestCrop)
        let classes = manifest.classes.enumerated().compactMap { index, name in means.mean(of: index).map { (name, $0.rounded6) }
        }
        let stop = rule?.ending(mean: raw, after: order)
        let budget = shortfall(of: options)
        let variance = scores.map { ($0 - raw) * ($0 - raw) }.mean
        var timing = Analysis.Timing()
        timing.inference = inference
        return Analysis(
            id: Identifier.next(),
            probability: calibrated(raw).rounded6,
            calibrated: manifest.calibration != nil,
            rawProbability: raw.rounded6,
            spread: .init(
                lowest: (scores.min() ?? raw).rounded6, highest: (scores.max() ?? raw).rounded6,
                standardDeviation: variance.squareRoot().rounded6),
            classes: Dictionary(uniqueKeysWithValues: classes),
            verdict: verdict,
            reasons: reasons,
            operatingPoint: options.operatingPoint,
            members: members(order: order, scores: scores),
            passScores: options.listsPasses ? scores.map(\.rounded6) : nil,
            passes: order.passes.count,
            passesAvailable: passes,
            precision: precision,
            earlyStop: stop,
            budget: budget,
            image: .init(
                width: photo.width, height: photo.height,
                crop: .init(x: photo.crop.x, y: photo.crop.y, side: photo.crop.side)),
            patient: patient(options.patient, order: order),
            ensemble: .init(name: manifest.name, version: manifest.version, sha256: sha256),
            timingMs: timing,
            remarks: remarks(
                photo: photo, order: order, options: options, deviation: variance.squareRoot(), stop: stop, budget: budget),
            notice: Analysis.notice)
    }

    private func members(order: PassOrder, scores: [Double]) -> [Analysis.Member] {
        manifest.members.enumerated().compactMap { index, member in
            let own = zip(order.passes, scores).filter { $0.0.member == index }.map(\.1)
            guard !own.isEmpty else { return nil }
            return Analysis.Member(
                file: member.file, architecture: member.architecture, inputSize: member.inputSize, passes: own.count,
                probability: own.mean.rounded6)
        }
    }

    /// The members of an order that take metadata.
    private func metadata(in order: PassOrder) -> [Member.Metadata] {
        Set(order.passes.map(\.member)).compactMap { members[$0].metadata }
    }

    func patient(_ patient: PatientInformation, order: PassOrder) -> Analysis.Patient {
        let metadata = metadata(in: order)
        let assumed = metadata.reduce(into: [:]) { $0.merge($1.inputs.assumed) { one, _ in one } }
        return Analysis.Patient(
            age: patient.age, sex: patient.sex, site: patient.site, used: !metadata.isEmpty && !patient.isEmpty, assumed: assumed)
    }
}

extension [Double] {
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}
