import FoundationEssentials
import HTTPTypes
import Model

/// A request as a gateway passes it on: CGI parameters (RFC 3875), a body to read, and an answer to write.
protocol Connection: BodySource, Client, AnyObject {
    func parameter(_ name: String) -> String?
    /// False once nobody listens.
    func write(_ data: Data) -> Bool
    func flush() -> Bool
}

extension Connection {
    /// The request's header. `PATH_INFO` goes first, for servers that run the worker as a CGI program under a name of its own.
    func request() -> Request {
        func filled(_ name: String) -> String? { parameter(name).flatMap { $0.isEmpty ? nil : $0 } }
        let path = filled("PATH_INFO") ?? filled("DOCUMENT_URI") ?? filled("REQUEST_URI") ?? filled("SCRIPT_NAME") ?? "/"
        return Request(
            id: Identifier.next(),
            method: HTTPRequest.Method(rawValue: filled("REQUEST_METHOD") ?? "GET") ?? .trace,  // which no route takes
            path: String(path.unicodeScalars.prefix { $0 != "?" && $0 != "#" }),
            contentType: filled("CONTENT_TYPE"),
            contentLength: filled("CONTENT_LENGTH").flatMap { text in
                text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
            },
            accept: filled("HTTP_ACCEPT") ?? "*/*",
            origin: filled("HTTP_ORIGIN"),
            host: filled("HTTP_HOST"),
            remoteAddress: filled("REMOTE_ADDR"),
            isSecure: filled("HTTPS")?.lowercased() == "on",
            fetchSite: filled("HTTP_SEC_FETCH_SITE"),
            authorization: filled("HTTP_AUTHORIZATION"),
            certificateSubject: filled("SSL_CLIENT_S_DN"),
            idempotencyKey: filled("HTTP_IDEMPOTENCY_KEY"),
            body: self, client: self)
    }

    /// Writes an answer: a CGI header block, then the body.
    func send(_ response: Response) {
        var head = "Status: \(response.status.code) \(response.status.reasonPhrase)\r\n"
        for field in response.headers { head += "\(field.name.rawName): \(field.value)\r\n" }
        let isHeard = write(Data((head + "\r\n").utf8))
        switch response.body {
        case .complete(let data):
            _ = isHeard && write(data) && flush()
        case .stream(let stream):
            _ = flush()
            // The router tells the client of errors, and notes what became of the request: also where nobody listens any more.
            try? stream { [unowned self] piece in isHeard && write(piece) && flush() }
        }
    }
}
