extension Ensemble {
    /// The standard deviation of the passes' scores, at most one half, from which on they are said to disagree.
    private static let strongDisagreement = 0.25

    /// What a reader should know about one answer.
    ///
    /// - Parameter deviation: the standard deviation of the passes' scores.
    func remarks(
        photo: PreparedPhoto, order: PassOrder, options: Options, deviation: Double, stop: Analysis.EarlyStop? = nil,
        budget: Analysis.Budget? = nil
    ) -> [String] {
        var remarks: [String] = []
        if manifest.calibration == nil {
            remarks.append("The figure is the model's score. It is not calibrated and is not the patient's risk.")
        }
        remarks += metadataRemarks(order: order, options: options)
        if let stop { remarks.append(Self.words(for: stop, after: order.passes.count)) }
        if let budget {
            remarks.append(
                "\(budget.asked - budget.planned) of \(budget.asked) passes were left out: with them this machine would take longer "
                    + "than the \(budget.seconds) s that an analysis is given.")
        }
        let planned = stop?.planned ?? order.passes.count
        if planned < passes {
            let isMeasured = options.operatingPoint?.sensitivity != nil
            let point = isMeasured ? "; the operating point was measured with all of them." : "."
            remarks.append("Only \(planned) of \(passes) passes were \(stop == nil ? "made" : "planned")\(point)")
        }
        if order.passes.count < passes, manifest.calibration != nil {
            remarks.append("The calibration was made for the mean of all passes.")
        }
        if let point = options.operatingPoint, point.sensitivity == nil {
            remarks.append(
                "Nothing is known of how often the operating point \(point.name) is right: no measured sensitivity came with it.")
        }
        if deviation >= Self.strongDisagreement {
            remarks.append("The passes disagree strongly: their mean is not to be relied on.")
        }
        let classSets = Set(order.passes.map { members[$0.member].classIndices })
        if classSets.count > 1 {
            remarks.append(
                "The members do not tell the same classes apart: each class is the mean of those that know it, "
                    + "so they do not add up to 100 %; a member with fewer classes counts the others as unknown.")
        }
        let largest = manifest.members.map(\.inputSize).max() ?? 0
        if photo.crop.side < largest {
            remarks.append(
                "The analysed square has \(photo.crop.side) pixels a side and was enlarged to the networks' \(largest).")
        }
        return remarks
    }

    private static func words(for stop: Analysis.EarlyStop, after passes: Int) -> String {
        let counts = "Stopped after \(passes) of \(stop.planned) passes: "
        guard let expected = stop.expected else { return counts + "the photo can't be judged, whatever the others give." }
        let range = "\((100 * expected.lowest).decimals(1)) % and \((100 * expected.highest).decimals(1)) %"
        return counts
            + "the others change the verdict for at most 1 in 1,000 photos like those that the rule was measured on. "
            + "The raw score of all passes is expected between \(range)."
    }

    private func metadataRemarks(order: PassOrder, options: Options) -> [String] {
        let count = Set(order.passes.map(\.member)).filter { members[$0].metadata != nil }.count
        guard count > 0 else {
            return options.patient.isEmpty
                ? [] : ["Age, sex and site were not used: this ensemble works from the image alone."]
        }
        let names = ["n_images": "images of the patient", "image_size": "bytes of the photo's file"]
        let assumed = patient(options.patient, order: order).assumed.sorted { $0.key < $1.key }.map {
            "\(names[$0.key] ?? $0.key) \($0.value.decimals(0))"
        }
        var remarks: [String] = []
        let who = count == 1 ? "One member uses" : "\(count) members use"
        let given = options.patient
        let missing = [("age", given.age == nil), ("sex", given.sex == nil), ("site", given.site == nil)].filter(\.1).map(\.0)
        let rest = missing.isEmpty ? "." : "; not given, and counted as missing: \(missing.joined(separator: ", "))."
        remarks.append("\(who) age, sex and site\(rest)")
        if !assumed.isEmpty {
            remarks.append(
                "What a clinic can't know is taken as neutral values of this ensemble: \(assumed.joined(separator: ", "))."
            )
        }
        return remarks
    }
}
