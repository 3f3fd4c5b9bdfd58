extension Ensemble {
    /// How long passes take on this machine.
    public struct Speed: Sendable, Equatable {
        /// Wall time of one pass of each member while every thread makes one, over the number of threads; a pass that all threads share
        /// takes as long.
        public var msPerPass: [Double]

        public init(msPerPass: [Double]) {
            self.msPerPass = msPerPass
        }

        /// What an order takes.
        func seconds(for order: PassOrder) -> Double { order.passes.reduce(0) { $0 + msPerPass[$1.member] } / 1000 }
    }

    /// Each kind of member is measured twice, and a third time where that took no longer than so many milliseconds.
    private static let enoughMilliseconds = 500.0

    /// Times passes of each kind of member on a synthetic photo: the quickest of a few, as whatever else runs only slows them down.
    /// The self-test has warmed the weights before.
    public func measureSpeed() -> Speed {
        struct Kind: Hashable {
            var architecture: String
            var inputSize: Int
        }
        let photo = prepare(SyntheticLesion.image(width: 320, height: 240))
        var known: [Kind: Double] = [:]
        let times = manifest.members.enumerated().map { index, member in
            let kind = Kind(architecture: member.architecture, inputSize: member.inputSize)
            if let time = known[kind] { return time }
            let passes = [Pass](repeating: .init(member: index, view: 0), count: threads)
            var quickest = Double.infinity
            var spent = 0.0
            for round in 0..<3 where round < 2 || spent < Self.enoughMilliseconds {
                let watch = Stopwatch()
                _ = run(passes, photo: photo, completed: { _, _ in })
                let time = watch.milliseconds
                quickest = min(quickest, time)
                spent += time
            }
            known[kind] = quickest / Double(threads)
            return quickest / Double(threads)
        }
        return Speed(msPerPass: times)
    }
}
