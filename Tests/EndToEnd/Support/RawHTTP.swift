import Foundation

/// A small blocking HTTP/1.1 client over the loopback that can also misbehave: send any bytes, leave early, lie.
struct RawHTTP: Sendable {
    let port: UInt16
    /// The address to come from: another than 127.0.0.1 is still this machine.
    var source: String?
    /// Seconds without a byte after which a call throws.
    var timeout: Double = Waiting.limit

    init(port: UInt16, source: String? = nil, timeout: Double = Waiting.limit) {
        self.port = port
        self.source = source
        self.timeout = timeout
    }

    func open() throws -> HTTPConnection {
        HTTPConnection(try Socket(port: port, from: source, timeout: timeout))
    }

    /// One request on a connection of its own, with Content-Length where there is a body.
    func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: Data? = nil
    ) throws -> HTTPReply {
        let connection = try open()
        try connection.sendHead(method, path, headers: headers, length: body?.count)
        // A server that refuses by the head alone answers and closes while the body is still on its way.
        if let body { try? connection.send(body) }
        return try connection.reply(to: method)
    }

    func get(_ path: String, headers: [(String, String)] = []) throws -> HTTPReply {
        try request("GET", path, headers: headers)
    }

    /// Posts a form as a browser does.
    func post(_ path: String, _ parts: [FormPart], headers: [(String, String)] = []) throws -> HTTPReply {
        let form = FormPart.encoded(parts)
        return try request(
            "POST", path, headers: headers + [("Content-Type", form.contentType)], body: form.body)
    }

    /// Sends exactly these bytes and reads what comes back.
    func exchange(_ bytes: Data) throws -> HTTPReply {
        let connection = try open()
        try connection.send(bytes)
        return try connection.reply()
    }
}
