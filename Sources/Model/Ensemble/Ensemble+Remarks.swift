extension Ensemble {
    /// What a reader should know about one answer.
    func remarks(photo: PreparedPhoto, order: PassOrder, options: Options) -> [String] {
        var remarks: [String] = []
        if manifest.calibration == nil {
            remarks.append("The figure is the model's score. It is not calibrated and is not the patient's risk.")
        }
        remarks += metadataRemarks(order: order, options: options)
        if order.passes.count < passes {
            let point = options.operatingPoint == nil ? "." : "; the operating point was measured with all of them."
            remarks.append("Only \(order.passes.count) of \(passes) passes were made\(point)")
        }
        let classSets = Set(order.passes.map { members[$0.member].classIndices })
        if classSets.count > 1 {
            remarks.append(
                "The members do not tell the same classes apart: each class but \(manifest.target) is the mean of those that know it, "
                    + "and a member with fewer classes counts the others as unknown.")
        }
        let largest = manifest.members.map(\.inputSize).max() ?? 0
        if photo.crop.side < largest {
            remarks.append(
                "The analysed square has \(photo.crop.side) pixels a side and was enlarged to the networks' \(largest).")
        }
        return remarks
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
        if options.patient.isEmpty {
            remarks.append("\(who) age, sex and site, which were not given and count as missing.")
        } else {
            remarks.append("\(who) age, sex and site.")
        }
        if !assumed.isEmpty {
            remarks.append(
                "What a clinic can't know, those members are given as neutral values of this ensemble: \(assumed.joined(separator: ", "))."
            )
        }
        return remarks
    }
}
