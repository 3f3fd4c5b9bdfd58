import HTTPTypes

/// One request: what its header says, and a body that has not been read yet.
struct Request {
    var id: String
    var method: HTTPRequest.Method
    /// Without the query, percent-decoding not applied: no path of ours needs it.
    var path: String
    var contentType: String?
    /// nil if none was sent or it is no number.
    var contentLength: Int?
    var accept: String
    var origin: String?
    /// The host that was asked for, without a port, as the web server understood it.
    var host: String?
    /// The client's address, as the web server saw it.
    var remoteAddress: String?
    /// It came over TLS.
    var isSecure = false
    /// What the browser says of the page that sent it (Fetch Metadata): "same-origin", "same-site", "cross-site", "none"; nil from other
    /// clients, and from browsers at open connections.
    var fetchSite: String?
    var authorization: String?
    /// The subject of the client's certificate, if the web server asked for one and verified it.
    var certificateSubject: String?
    var idempotencyKey: String?
    /// Who sends it: known once the `Gate` has let it in.
    var caller = Caller.anyone
    var body: any BodySource
    /// Whoever waits for the answer.
    var client: any Client

    /// The token of an Authorization header after RFC 6750; nil if there is none, or it is of another kind.
    var bearerToken: String? {
        let parts = (authorization ?? "").utf8.split(separator: 0x20)
        guard parts.count == 2, String(parts[0])?.lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    /// What the client wants to see.
    enum Preference: Equatable {
        case json
        case eventStream
        case fhir
        case html
    }

    /// Event streams, FHIR and pages are given only where they are named: `*/*` means JSON.
    var preference: Preference {
        // By scalar, not by character: a combining mark must not hide the comma before it.
        let types = accept.unicodeScalars.split(separator: ",").map { type in
            String(type.prefix { $0 != ";" }).filter { $0 != " " }.lowercased()
        }
        if types.contains("text/event-stream") { return .eventStream }
        if types.contains("application/fhir+json") { return .fhir }
        if types.contains("application/json") { return .json }
        return types.contains("text/html") ? .html : .json
    }
}

/// Where a request's body comes from.
protocol BodySource {
    /// Fills a buffer as far as the body reaches.
    ///
    /// - Returns: the bytes read; fewer than the buffer holds only at the body's end.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int
}

/// Whoever waits for an answer.
protocol Client {
    /// True once the client has gone away and no answer is of use any more.
    var isGone: Bool { get }
}
