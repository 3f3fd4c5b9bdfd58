import FoundationEssentials
import Model
import Synchronization

/// Counts what the worker did, for `GET /metrics` in Prometheus' text format. Numbers only: no address, no patient.
final class Metrics: Sendable {
    private struct Counts {
        var requests: [String: Int] = [:]
        var verdicts: [String: Int] = [:]
        var passes = 0
        var abandoned = 0
        var seconds = Histogram()
    }

    /// Whole analyses' times, in seconds.
    private struct Histogram {
        static let bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60]
        var buckets = [Int](repeating: 0, count: bounds.count)
        var count = 0
        var sum = 0.0

        mutating func add(_ value: Double) {
            count += 1
            sum += value
            for (index, bound) in Self.bounds.enumerated() where value <= bound { buckets[index] += 1 }
        }
    }

    private let counts = Mutex(Counts())

    func answered(route: String, status: Int) {
        counts.withLock { $0.requests["route=\"\(route)\",status=\"\(status)\"", default: 0] += 1 }
    }

    func analysed(_ analysis: Analysis) {
        counts.withLock { counts in
            counts.verdicts["verdict=\"\(analysis.verdict.rawValue)\"", default: 0] += 1
            counts.seconds.add(analysis.timingMs.total / 1000)
        }
    }

    /// A pass of a network counts towards an answer, be it given or not.
    func passed() {
        counts.withLock { $0.passes += 1 }
    }

    /// A client left before its answer.
    func abandoned() {
        counts.withLock { $0.abandoned += 1 }
    }

    /// The text, with what is true at this moment.
    func text(queued: Int, isReady: Bool) -> String {
        let counts = counts.withLock { $0 }
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for sample in samples {
                text += sample.labels.isEmpty ? "\(name) \(sample.value)\n" : "\(name){\(sample.labels)} \(sample.value)\n"
            }
        }
        func labelled(_ values: [String: Int]) -> [(labels: String, value: String)] {
            values.sorted { $0.key < $1.key }.map { ($0.key, String($0.value)) }
        }
        family("melascan_ready", "gauge", "1 once the self-test has passed.", [("", isReady ? "1" : "0")])
        family("melascan_queue_length", "gauge", "Analyses that run, wait or are being answered.", [("", String(queued))])
        family("melascan_requests_total", "counter", "Answers by route and status.", labelled(counts.requests))
        family("melascan_analyses_total", "counter", "Analyses by verdict.", labelled(counts.verdicts))
        family(
            "melascan_passes_total", "counter", "Passes of networks counted towards answers, also of clients that left.",
            [("", String(counts.passes))])
        family("melascan_abandoned_total", "counter", "Clients that left before their answer.", [("", String(counts.abandoned))])
        let name = "melascan_analysis_seconds"
        text += "# HELP \(name) Analyses, from the request in the worker to the answer.\n# TYPE \(name) histogram\n"
        for (bound, count) in zip(Histogram.bounds, counts.seconds.buckets) {
            text += "\(name)_bucket{le=\"\(bound)\"} \(count)\n"
        }
        text += "\(name)_bucket{le=\"+Inf\"} \(counts.seconds.count)\n"
        text += "\(name)_sum \(counts.seconds.sum)\n\(name)_count \(counts.seconds.count)\n"
        return text
    }
}
