extension Reading {
    /// The standard deviation of the passes' scores, at most one half, from which on they are said to disagree.
    private static let strongDisagreement = 0.25

    /// What a reader should know about this answer.
    func remarks(of bundle: Manifest) -> [Statement] {
        let available = bundle.passes
        let planned = end?.planned ?? score.count
        let point = answer.operatingPoint
        var remarks: [Statement] = []
        if !answer.isCalibrated { remarks.append(Statement(.notCalibrated)) }
        remarks += metadataRemarks(of: bundle)
        if let end { remarks.append(remark(on: end)) }
        if let shortfall = plan.shortfall {
            remarks.append(
                Statement(
                    .passesLeftOut,
                    [
                        "count": .count(shortfall.asked - shortfall.planned), "asked": .count(shortfall.asked),
                        "seconds": .count(shortfall.seconds),
                    ]))
        }
        if planned < available {
            remarks.append(
                Statement(
                    end == nil ? .fewerPassesMade : .fewerPassesPlanned,
                    ["planned": .count(planned), "available": .count(available)]))
            if point?.sensitivity != nil { remarks.append(Statement(.pointNeedsAllPasses)) }
        }
        if score.count < available, answer.isCalibrated { remarks.append(Statement(.calibrationNeedsAllPasses)) }
        if let point, point.sensitivity == nil { remarks.append(Statement(.pointNotMeasured, ["point": .text(point.name)])) }
        if answer.rawSpread.standardDeviation >= Self.strongDisagreement { remarks.append(Statement(.passesDisagree)) }
        if score.mixesClasses { remarks.append(Statement(.membersDiffer)) }
        let largest = bundle.members.map(\.inputSize).max() ?? 0
        if photo.crop.side < largest {
            remarks.append(Statement(.photoEnlarged, ["side": .count(photo.crop.side), "size": .count(largest)]))
        }
        return remarks
    }

    private func remark(on end: EarlyEnd) -> Statement {
        var values: [String: Statement.Value] = ["passes": .count(score.count), "planned": .count(end.planned)]
        guard let expected = end.expected else { return Statement(.stoppedNotJudged, values) }
        values["lowest"] = .number(expected.lowerBound.rounded6)
        values["highest"] = .number(expected.upperBound.rounded6)
        return Statement(.stoppedSettled, values)
    }

    private func metadataRemarks(of bundle: Manifest) -> [Statement] {
        let given = plan.patient
        let metadata = bundle.metadata(of: order)
        guard metadata.members > 0 else { return given.isEmpty ? [] : [Statement(.metadataUnused)] }
        var remarks = [Statement(.metadataUsed, ["count": .count(metadata.members)])]
        let missing = [("age", given.age == nil), ("sex", given.sex == nil), ("site", given.site == nil)].filter(\.1).map(\.0)
        if !missing.isEmpty { remarks.append(Statement(.metadataMissing, ["missing": .names(missing)])) }
        if !metadata.assumed.isEmpty {
            remarks.append(Statement(.metadataAssumed, ["assumed": .figures(metadata.assumed)]))
        }
        return remarks
    }
}

extension Manifest {
    /// How many members of an order take metadata, and what stands in for that which no clinic can know.
    func metadata(of order: PassOrder) -> (members: Int, assumed: [String: Double]) {
        let taking = Set(order.passes.map(\.member)).compactMap { members[$0].metadata }
        let neutral = (neutralMetadata ?? [:]).filter { MetadataInputs.unknowable.contains($0.key) }
        return (taking.count, neutral.filter { input in taking.contains { $0.contains(input.key) } })
    }
}
