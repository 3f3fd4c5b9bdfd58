import Foundation

/// One HTTP/1.1 connection, spoken by hand. Use it from one thread.
final class HTTPConnection {
    private let socket: Socket
    private var buffer = Data()
    private var events = Data()
    private var framing = Framing.untilClose

    /// How the body of the answer being read is delimited, and how much of it is still to come.
    private enum Framing {
        case length(Int)
        case chunked
        case untilClose
        case ended
    }

    init(_ socket: Socket) { self.socket = socket }

    // MARK: Sending

    func send(_ bytes: Data) throws { try socket.send(bytes) }

    func send(_ text: String) throws { try socket.send(Data(text.utf8)) }

    /// The head of a request. `length` nil sends no Content-Length; it need not be true.
    func sendHead(
        _ method: String, _ path: String, headers: [(String, String)] = [], length: Int? = nil,
        keepAlive: Bool = false
    ) throws {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        if !keepAlive { head += "Connection: close\r\n" }
        if let length { head += "Content-Length: \(length)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        try send(head + "\r\n")
    }

    func finishSending() { socket.finishSending() }

    /// Leaves properly (FIN).
    func close() { socket.close() }

    /// Leaves without a word (RST).
    func reset() { socket.reset() }

    // MARK: Receiving

    /// The whole answer. `method` matters for HEAD, whose answers have no body.
    func reply(to method: String = "GET") throws -> HTTPReply {
        var reply = try head(to: method)
        while let piece = try bodyPiece() { reply.body += piece }
        return reply
    }

    /// The status and the headers; the body stays to be read. Interim answers (1xx) are skipped.
    func head(to method: String = "GET") throws -> HTTPReply {
        while true {
            let first = try line().split(separator: " ", maxSplits: 2).map(String.init)
            guard first.count >= 2, first[0].hasPrefix("HTTP/"), let status = Int(first[1]) else {
                throw HarnessError("not an HTTP answer: \(first)")
            }
            var headers: [(name: String, value: String)] = []
            while case let text = try line(), !text.isEmpty {
                let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw HarnessError("not a header: \(text)") }
                headers.append((parts[0], parts[1].trimmingCharacters(in: .whitespaces)))
            }
            if status < 200 { continue }
            let reply = HTTPReply(
                status: status, reason: first.count > 2 ? first[2] : "", headers: headers, body: Data())
            if method == "HEAD" || status == 204 || status == 304 {
                framing = .ended
            } else if reply["Transfer-Encoding"]?.lowercased() == "chunked" {
                framing = .chunked
            } else if let length = reply["Content-Length"].flatMap({ Int($0) }) {
                framing = length == 0 ? .ended : .length(length)
            } else {
                framing = .untilClose
            }
            return reply
        }
    }

    /// The next piece of the body as it came; nil at its end.
    func bodyPiece() throws -> Data? {
        switch framing {
        case .ended:
            return nil
        case .length(let left):
            if buffer.isEmpty { try fill() }
            let piece = take(min(left, buffer.count))
            framing = piece.count == left ? .ended : .length(left - piece.count)
            return piece
        case .chunked:
            let size = try line().split(separator: ";").first.flatMap { Int($0, radix: 16) }
            guard let size else { throw HarnessError("not a chunk") }
            while buffer.count < size { try fill() }
            let piece = take(size)
            _ = try line()
            guard size > 0 else {
                framing = .ended
                return nil
            }
            return piece
        case .untilClose:
            if buffer.isEmpty {
                let more = try socket.receive()
                if more.isEmpty {
                    framing = .ended
                    return nil
                }
                buffer = more
            }
            return take(buffer.count)
        }
    }

    /// The next event of an event stream, as soon as it is there; nil at the end of the stream.
    func event() throws -> ServerEvent? {
        let separator = Data("\n\n".utf8)
        while true {
            if let end = events.range(of: separator) {
                let block = String(decoding: events[events.startIndex..<end.lowerBound], as: UTF8.self)
                events = Data(events[end.upperBound...])
                var event = ServerEvent(name: "message", data: "")
                var data: [String] = []
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("event:") {
                        event.name = line.dropFirst(6).trimmingCharacters(in: .whitespaces)
                    } else if line.hasPrefix("data:") {
                        data.append(line.dropFirst(5).trimmingCharacters(in: .whitespaces))
                    }
                }
                // A comment, which keeps the connection open, is no event.
                if data.isEmpty { continue }
                event.data = data.joined(separator: "\n")
                return event
            }
            guard let piece = try bodyPiece() else { return nil }
            events += piece
        }
    }

    private func line() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 0x0A) {
                let bytes = take(buffer.distance(from: buffer.startIndex, to: end) + 1)
                return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
            }
            try fill()
        }
    }

    private func fill() throws {
        let more = try socket.receive()
        if more.isEmpty { throw HarnessError("the connection was closed in the middle of an answer") }
        buffer += more
    }

    private func take(_ count: Int) -> Data {
        let bytes = Data(buffer.prefix(count))
        buffer = Data(buffer.dropFirst(count))
        return bytes
    }
}
