import Foundation

/// What a test asks about the worker, past nginx.
extension Stack {
    /// One of the worker's counters by its name, labels included; 0 where it is not there.
    func metric(_ name: String) throws -> Int {
        let text = try FastCGIClient.call(socket, "GET", "/metrics").http.text
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.count + 1)) } ?? 0
    }

    /// Analyses that run or wait.
    func queueLength() throws -> Int { try metric("melascan_queue_length") }

    /// Clients that left before their answer.
    func abandoned() throws -> Int { try metric("melascan_abandoned_total") }

    /// What is wrong with the worker: it has ended (nothing starts it again, so a running one is the same process),
    /// it is not ready, or its queue does not empty. Nil if it is well.
    func fault() -> String? {
        guard let worker, worker.isRunning else { return "the worker has ended: \(workerLog.suffix(1000))" }
        do {
            let ready = try FastCGIClient.call(socket, "GET", "/v1/health/ready").http
            guard ready.status == 200 else { return "the worker is not ready: \(ready.status)" }
            guard waitUntil({ (try? queueLength()) == 0 }) else {
                return "the queue still holds \(try queueLength())"
            }
        } catch {
            return "the worker does not answer: \(error)"
        }
        return nil
    }

    /// The most memory that the worker has held, in megabytes (VmHWM).
    func peakMegabytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(worker?.pid ?? 0)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw HarnessError("no VmHWM in \(status)")
        }
        return kilobytes / 1024
    }
}
