import Foundation

/// Speaks FastCGI records straight to the worker's socket, so that a test can do what no web server does: give no
/// length or a wrong one, and leave in the middle. One request a client; use it from one thread.
final class FastCGIClient {
    private let socket: Socket
    private let id: UInt16 = 1

    private enum Kind: UInt8 {
        case begin = 1
        case abort = 2
        case end = 3
        case params = 4
        case stdin = 5
        case stdout = 6
        case stderr = 7
    }

    init(path: String, timeout: Double = Waiting.limit) throws {
        socket = try Socket(path: path, timeout: timeout)
    }

    /// One whole request as nginx would send it. `length` is what CONTENT_LENGTH says: nil takes the body's, an empty
    /// string leaves the parameter out.
    static func call(
        _ path: String, _ method: String, _ target: String, body: Data = Data(), length: String? = nil,
        parameters: [(String, String)] = [], timeout: Double = Waiting.limit
    ) throws -> FastCGIReply {
        let client = try FastCGIClient(path: path, timeout: timeout)
        try client.begin()
        try client.send(
            parameters: FastCGIClient.parameters(
                method, target, length: length ?? String(body.count), adding: parameters))
        try client.send(body: body)
        try client.endBody()
        return try client.reply()
    }

    /// A photo on its way that never comes to its end: the first in the line holds up those behind it.
    static func unfinished(_ path: String) throws -> FastCGIClient {
        let client = try FastCGIClient(path: path)
        try client.begin()
        let type = [("CONTENT_TYPE", "multipart/form-data; boundary=a")]
        try client.send(parameters: parameters("POST", "/v1/analyses", length: "1000", adding: type))
        try client.send(body: Data("--a\r\n".utf8))
        return client
    }

    /// The parameters of a request that the worker reads; those in `adding` replace them.
    static func parameters(
        _ method: String, _ target: String, length: String = "", adding: [(String, String)] = []
    ) -> [(String, String)] {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let usual = [
            ("REQUEST_METHOD", method), ("REQUEST_URI", target), ("DOCUMENT_URI", String(parts[0])),
            ("QUERY_STRING", parts.count > 1 ? String(parts[1]) : ""), ("REMOTE_ADDR", "127.0.0.1"),
            ("SERVER_PROTOCOL", "HTTP/1.1"), ("GATEWAY_INTERFACE", "CGI/1.1"), ("CONTENT_LENGTH", length),
        ]
        let replaced = Set(adding.map(\.0))
        return usual.filter { !replaced.contains($0.0) && !($0.0 == "CONTENT_LENGTH" && $0.1.isEmpty) } + adding
    }

    // MARK: Sending

    func begin() throws {
        // Role 1: responder. Flags 0: the worker closes the connection after its answer.
        try record(.begin, Data([0, 1, 0, 0, 0, 0, 0, 0]))
    }

    /// Sends the parameters and their end.
    func send(parameters: [(String, String)]) throws {
        var bytes = Data()
        for (name, value) in parameters {
            for count in [name.utf8.count, value.utf8.count] {
                if count < 128 {
                    bytes.append(UInt8(count))
                } else {
                    bytes += withUnsafeBytes(of: (UInt32(count) | 0x8000_0000).bigEndian) { Data($0) }
                }
            }
            bytes += Data(name.utf8) + Data(value.utf8)
        }
        try stream(.params, bytes)
        try record(.params, Data())
    }

    /// Sends a piece of the body.
    func send(body: Data) throws { try stream(.stdin, body) }

    /// Says that the body is complete.
    func endBody() throws { try record(.stdin, Data()) }

    /// Asks the worker to give up, as a web server may when its client has left.
    func abort() throws { try record(.abort, Data()) }

    /// Any bytes, FastCGI or not.
    func send(raw bytes: Data) throws { try socket.send(bytes) }

    /// Leaves, as nginx does when its client has left.
    func close() { socket.close() }

    private func stream(_ kind: Kind, _ bytes: Data) throws {
        var rest = bytes
        while !rest.isEmpty {
            try record(kind, Data(rest.prefix(65_528)))
            rest = rest.dropFirst(65_528)
        }
    }

    private func record(_ kind: Kind, _ content: Data) throws {
        let padding = (8 - content.count % 8) % 8
        let head = Data([
            1, kind.rawValue, UInt8(id >> 8), UInt8(id & 255),
            UInt8(content.count >> 8), UInt8(content.count & 255), UInt8(padding), 0,
        ])
        try socket.send(head + content + Data(count: padding))
    }

    // MARK: Receiving

    /// The whole answer. Throws when the worker closes before it has ended the request.
    func reply() throws -> FastCGIReply {
        var stdout = Data()
        var stderr = Data()
        while true {
            let head = try exactly(8)
            let content = try exactly(Int(head[4]) << 8 | Int(head[5]))
            _ = try exactly(Int(head[6]))
            switch Kind(rawValue: head[1]) {
            case .stdout: stdout += content
            case .stderr: stderr += content
            case .end:
                let status = content.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                return try FastCGIReply(stdout: stdout, stderr: stderr, appStatus: status)
            default: throw HarnessError("an unexpected FastCGI record of kind \(head[1])")
            }
        }
    }

    private func exactly(_ count: Int) throws -> Data {
        var bytes = Data()
        while bytes.count < count {
            let more = try socket.receive(atMost: count - bytes.count)
            if more.isEmpty { throw HarnessError("the worker closed in the middle of an answer") }
            bytes += more
        }
        return bytes
    }
}
