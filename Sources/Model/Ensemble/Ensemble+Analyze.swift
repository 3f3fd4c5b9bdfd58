import Imaging

extension Ensemble {
    /// What a request may ask for.
    public struct Options: Sendable, Equatable {
        /// Views a member, at most the manifest's; nil for all.
        public var views: Int?
        /// The first so many members; nil for all.
        public var members: Int?
        public var patient = PatientInformation()
        public var operatingPoint: OperatingPoint?

        public init() {}
    }

    /// An estimate on the way, from the passes that are done.
    public struct Progress: Codable, Sendable, Equatable {
        public var done: Int
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
    ///   - progress: called on this thread after each pass.
    /// - Returns: the analysis, with `timingMs.inference` filled in; the caller knows the other times.
    /// - Throws: `ModelError.option` or `.cancelled`.
    public func analyze(
        _ photo: PreparedPhoto, options: Options, isCancelled: () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
    ) throws(ModelError) -> Analysis {
        try check(options)
        let order = PassOrder(
            members: options.members ?? manifest.members.count, views: options.views ?? manifest.views)
        let target = manifest.classes.firstIndex(of: manifest.target) ?? 0
        var results = [[Double]](repeating: [], count: order.passes.count)
        var done = 0
        var sum = 0.0
        let watch = Stopwatch()
        let finished = run(order.passes, photo: photo, isCancelled: isCancelled) { index, probabilities in
            results[index] = probabilities
            done += 1
            sum += probabilities[target]
            let estimate = calibrated(sum / Double(done))
            progress(Progress(done: done, of: order.passes.count, probability: estimate.rounded6))
        }
        guard finished else { throw .cancelled }
        return analysis(
            of: photo, order: order, results: results, target: target, options: options, inference: watch.milliseconds)
    }

    private func calibrated(_ raw: Double) -> Double {
        manifest.calibration?.calibrated(raw) ?? raw
    }

    private func analysis(
        of photo: PreparedPhoto, order: PassOrder, results: [[Double]], target: Int, options: Options, inference: Double
    ) -> Analysis {
        let scores = results.map { $0[target] }
        let raw = scores.mean
        let (verdict, reasons) = Verdict.reached(
            probability: raw, at: options.operatingPoint, photo: photo, smallestCrop: manifest.smallestCrop)
        let classes = manifest.classes.enumerated().map { index, name in
            (name, results.map { $0[index] }.mean.rounded6)
        }
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
            passes: order.passes.count,
            passesAvailable: passes,
            image: .init(
                width: photo.width, height: photo.height,
                crop: .init(x: photo.crop.x, y: photo.crop.y, side: photo.crop.side)),
            patient: .init(age: options.patient.age, sex: options.patient.sex, site: options.patient.site, used: false),
            ensemble: .init(name: manifest.name, version: manifest.version, sha256: sha256),
            timingMs: timing,
            remarks: remarks(photo: photo, order: order, options: options),
            notice: Analysis.notice)
    }

    private func members(order: PassOrder, scores: [Double]) -> [Analysis.Member] {
        manifest.members.enumerated().compactMap { index, member in
            let own = zip(order.passes, scores).filter { $0.0.member == index }.map(\.1)
            guard !own.isEmpty else { return nil }
            return Analysis.Member(
                architecture: member.architecture, inputSize: member.inputSize, passes: own.count, probability: own.mean.rounded6)
        }
    }

    private func remarks(photo: PreparedPhoto, order: PassOrder, options: Options) -> [String] {
        var remarks: [String] = []
        if manifest.calibration == nil {
            remarks.append("The figure is the model's score. It is not calibrated and is not the patient's risk.")
        }
        if !options.patient.isEmpty {
            remarks.append("Age, sex and site were not used: this ensemble works from the image alone.")
        }
        if order.passes.count < passes {
            remarks.append(
                "Only \(order.passes.count) of \(passes) passes were made; the operating point was measured with all of them.")
        }
        let largest = manifest.members.map(\.inputSize).max() ?? 0
        if photo.crop.side < largest {
            remarks.append(
                "The analysed square has \(photo.crop.side) pixels a side and was enlarged to the networks' \(largest).")
        }
        return remarks
    }
}

extension [Double] {
    var mean: Double { isEmpty ? 0 : reduce(0, +) / Double(count) }
}
