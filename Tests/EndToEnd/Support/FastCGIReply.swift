import Foundation

/// What a worker has answered, as FastCGI and as the HTTP answer that a web server would make of it.
struct FastCGIReply: Sendable {
    let stdout: Data
    let stderr: Data
    let appStatus: UInt32
    let http: HTTPReply

    /// Also reads what a plain CGI program has printed.
    init(stdout: Data, stderr: Data = Data(), appStatus: UInt32 = 0) throws {
        self.stdout = stdout
        self.stderr = stderr
        self.appStatus = appStatus
        guard let end = stdout.range(of: Data("\r\n\r\n".utf8)) else {
            throw HarnessError(
                "the answer has no end of headers: \(String(decoding: stdout.prefix(200), as: UTF8.self))")
        }
        var reply = HTTPReply(status: 200, reason: "", headers: [], body: Data(stdout[end.upperBound...]))
        let head = String(decoding: stdout[stdout.startIndex..<end.lowerBound], as: UTF8.self)
        for line in head.components(separatedBy: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw HarnessError("not a header: \(line)") }
            let value = parts[1].trimmingCharacters(in: .whitespaces)
            if parts[0].lowercased() == "status" {
                reply.status = Int(value.prefix(3)) ?? 0
                reply.reason = String(value.dropFirst(4))
            } else {
                reply.headers.append((parts[0], value))
            }
        }
        http = reply
    }
}
