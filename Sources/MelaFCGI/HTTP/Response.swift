import FoundationEssentials
import HTTPTypes
import Model

/// An answer: complete, or a stream of events that is written while the work goes on.
struct Response {
    enum Body {
        case complete(Data)
        /// Called once with a function that sends a piece and tells whether the client still listens. What it throws is told by a last
        /// event (`Router`).
        case stream((_ send: (Data) -> Bool) throws -> Void)
    }

    var status: HTTPResponse.Status
    var headers: HTTPFields
    var body: Body

    /// JSON of a value.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json", headers: HTTPFields = [:]
    ) throws -> Response {
        var data = try AnswerJSON.encode(value)
        data.append(0x0A)
        return Response(status: status, type: type, headers: headers, data: data)
    }

    /// A FHIR resource, whose names are the standard's.
    static func fhir(_ resource: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(resource)
        data.append(0x0A)
        return Response(status: status, type: "application/fhir+json", data: data)
    }

    static func html(_ page: HTML, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        Response(status: status, type: "text/html; charset=utf-8", headers: headers, data: Data(page.text.utf8))
    }

    /// A problem, as a page for people or as JSON for programs.
    static func problem(_ problem: Problem, for request: Request) -> Response {
        if request.preference == .html {
            return .html(ProblemPage.page(problem, at: request.path), status: problem.code.status, headers: problem.headers)
        }
        let json = try? Response.json(
            problem.document, status: problem.code.status, type: "application/problem+json", headers: problem.headers)
        return json ?? Response(status: .internalServerError, type: "text/plain", headers: [:], data: Data())
    }

    init(status: HTTPResponse.Status, type: String, headers: HTTPFields = [:], data: Data) {
        self.status = status
        self.headers = headers
        self.headers[.contentType] = type
        self.headers[.contentLength] = String(data.count)
        body = .complete(data)
    }

    /// An event stream; nginx is told not to hold it back.
    static func events(_ stream: @escaping (_ send: (Data) -> Bool) throws -> Void) -> Response {
        var response = Response(status: .ok, type: "text/event-stream", data: Data())
        response.headers[.contentLength] = nil
        if let name = HTTPField.Name("X-Accel-Buffering") { response.headers[name] = "no" }
        response.body = .stream(stream)
        return response
    }
}

/// One event of a stream (WHATWG HTML, section 9.2).
enum ServerEvent {
    static func encode(_ name: String, _ value: some Encodable) throws -> Data {
        var data = Data("event: \(name)\ndata: ".utf8)
        data.append(try AnswerJSON.encode(value))
        data.append(contentsOf: [0x0A, 0x0A])
        return data
    }
}
