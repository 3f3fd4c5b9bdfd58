import HTTPTypes
import Model

/// Which handler answers which method and path; errors become problems here, and here alone.
struct Router: Sendable {
    /// One path and the methods it takes.
    private struct Route: Sendable {
        var path: String
        var method: HTTPRequest.Method
        var access: Gate.Access
        var respond: @Sendable (Request) throws -> Response
    }

    private let service: Service
    private let gate: Gate
    private let routes: [Route]

    init(service: Service) {
        self.service = service
        gate = Gate(service: service)
        let analyses = AnalysisHandler(service: service)
        let consents = ConsentHandler(service: service)
        let cases = CaseHandler(service: service)
        let status = StatusHandler(service: service)
        func opened(_ path: Settings.OpenPath, else access: Gate.Access) -> Gate.Access {
            service.settings.openPaths.contains(path) ? .everyone : access
        }
        routes = [
            Route(path: "/melanoma", method: .post, access: .doctors, respond: analyses.respondAsOriginal),
            Route(path: "/v1/analyses", method: .post, access: .doctors, respond: analyses.respond),
            Route(path: "/v1/consent-texts", method: .get, access: .everyone, respond: consents.texts),
            Route(path: "/v1/consents", method: .post, access: .doctors, respond: consents.record),
            Route(path: "/v1/consents/lookup", method: .post, access: .everyone, respond: consents.lookUp),
            Route(path: "/v1/withdrawals", method: .post, access: .everyone, respond: consents.withdraw),
            Route(path: "/v1/cases", method: .post, access: .doctors, respond: cases.donate),
            Route(path: "/v1/cases/histology", method: .post, access: .doctors, respond: cases.addHistology),
            Route(path: "/v1/cases/balance", method: .get, access: .admins, respond: cases.balance),
            Route(path: "/v1/audit/head", method: .get, access: .auditors, respond: status.auditHead),
            Route(path: "/v1/ensemble", method: .get, access: .devices, respond: status.ensemble),
            Route(path: "/v1/health/live", method: .get, access: .health, respond: status.live),
            Route(path: "/v1/health/ready", method: .get, access: .health, respond: status.ready),
            Route(
                path: "/v1/openapi.json", method: .get, access: opened(.openAPI, else: .devices), respond: status.openAPI),
            Route(path: "/metrics", method: .get, access: opened(.metrics, else: .admins), respond: status.metrics),
        ]
    }

    /// Answers any request; never throws.
    ///
    /// An answer is noted when it is complete: one that is streamed, at the stream's end, with the time that the whole took.
    func respond(to request: Request) -> Response {
        let watch = Stopwatch()
        let route = routes.first { $0.path == request.path }
        var outcome: Outcome
        var response: Response
        do {
            response = try respond(to: request, by: route)
            outcome = .answered(response.status.code)
        } catch {
            let problem = Problem(error)
            outcome = Outcome(of: error)
            Self.drain(request)
            response = .problem(problem, for: request)
        }
        if let name = HTTPField.Name("X-Request-ID") { response.headers[name] = request.id }
        response.headers[.cacheControl] = "no-store"
        allowOrigin(of: request, in: &response)
        guard case .stream(let stream) = response.body else {
            note(outcome, of: request, at: route, after: watch)
            return response
        }
        response.body = .stream { send in
            do {
                try stream(send)
            } catch {
                outcome = Outcome(of: error)
                if let event = try? ServerEvent.encode("problem", Problem(error).document) { _ = send(event) }
            }
            note(outcome, of: request, at: route, after: watch)
        }
        return response
    }

    /// What became of a request.
    private enum Outcome {
        case answered(Int)
        /// An error, and the status that says so.
        case failed(any Error, Int)
        /// The client left before its answer.
        case abandoned

        init(of error: any Error) {
            self = error as? ModelError == .cancelled ? .abandoned : .failed(error, Problem(error).code.status.code)
        }

        /// 499 is nginx's for a client that left.
        var status: Int {
            switch self {
            case .answered(let status), .failed(_, let status): status
            case .abandoned: 499
            }
        }
    }

    /// Counts and logs what became of a request; in full where it is the server's fault.
    private func note(_ outcome: Outcome, of request: Request, at route: Route?, after watch: Stopwatch) {
        switch outcome {
        case .answered: break
        case .abandoned: service.metrics.abandoned()
        case .failed(let error, _):
            if [.internalError, .notRecorded, .recordsUnavailable].contains(Problem(error).code) {
                service.logger.error("\(request.id) \(error)")
            }
        }
        service.metrics.answered(route: route?.path ?? "other", status: outcome.status)
        // Health is asked for every second or faster: that would bury the rest.
        service.logger.log(
            level: route?.path.hasPrefix("/v1/health/") == true ? .debug : .info,
            "\(request.id) \(route?.path ?? "other") \(outcome.status) \(watch.milliseconds.decimals(0)) ms")
    }

    private func respond(to request: Request, by route: Route?) throws -> Response {
        guard let route else {
            throw Problem(.pathUnknown, "There is nothing at this address. GET /v1/openapi.json lists what there is.")
        }
        if request.method == .options, request.origin != nil { return preflight(route) }
        let methods: [HTTPRequest.Method] = route.method == .get ? [.get, .head] : [route.method]
        guard methods.contains(request.method) else {
            let names = methods.map(\.rawValue)
            throw Problem(
                .methodNotAllowed, "This address takes \(names.joined(separator: " and ")) only.",
                headers: [.allow: names.joined(separator: ", ")])
        }
        var request = request
        request.caller = try gate.caller(of: request, for: route.access)
        var response = try route.respond(request)
        if request.method == .head, case .complete = response.body { response.body = .complete(.init()) }
        return response
    }

    /// What is left of the body is read and thrown away, up to the limit: a peer that is still writing could not read the answer.
    private static func drain(_ request: Request) {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
            var left = 64 * 1024 * 1024
            while left > 0 {
                let count = request.body.read(into: buffer)
                if count < buffer.count { break }
                left -= count
            }
        }
    }

    // MARK: - Pages of other origins (Fetch standard, CORS)

    private func preflight(_ route: Route) -> Response {
        var response = Response(status: .noContent, type: "text/plain", data: .init())
        response.headers[.contentType] = nil
        response.headers[.contentLength] = nil
        response.headers[.accessControlAllowMethods] = route.method.rawValue
        response.headers[.accessControlAllowHeaders] = "Accept, Authorization, Content-Type, Idempotency-Key"
        response.headers[.accessControlMaxAge] = "600"
        return response
    }

    private func allowOrigin(of request: Request, in response: inout Response) {
        guard let origin = request.origin, service.settings.allowedOrigins.contains(origin) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "Retry-After"
        response.headers[.vary] = "Origin"
    }
}
