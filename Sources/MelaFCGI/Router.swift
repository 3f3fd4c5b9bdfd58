import HTTPTypes
import Model

/// Which handler answers which method and path; errors become problems here, and here alone.
struct Router: Sendable {
    /// One path and the methods it takes.
    private struct Route: Sendable {
        var path: String
        var method: HTTPRequest.Method
        var respond: @Sendable (Request) throws -> Response
    }

    private let service: Service
    private let routes: [Route]

    init(service: Service) {
        self.service = service
        let analyses = AnalysisHandler(service: service)
        let status = StatusHandler(service: service)
        routes = [
            Route(path: "/melanoma", method: .post, respond: analyses.respondAsOriginal),
            Route(path: "/v1/analyses", method: .post, respond: analyses.respond),
            Route(path: "/v1/ensemble", method: .get, respond: status.ensemble),
            Route(path: "/v1/health/live", method: .get, respond: status.live),
            Route(path: "/v1/health/ready", method: .get, respond: status.ready),
            Route(path: "/v1/openapi.json", method: .get, respond: status.openAPI),
            Route(path: "/metrics", method: .get, respond: status.metrics),
        ]
    }

    /// Answers any request; never throws.
    func respond(to request: Request) -> Response {
        let watch = Stopwatch()
        let route = routes.first { $0.path == request.path }
        var response: Response
        do {
            response = try respond(to: request, by: route)
        } catch {
            let problem = Problem(error)
            if error as? ModelError == .cancelled {
                service.metrics.abandoned()
            } else if problem.code == .internalError {
                service.logger.error("\(request.id) \(error)")
            }
            Self.drain(request)
            response = .problem(problem, as: request.preference)
        }
        if let name = HTTPField.Name("X-Request-ID") { response.headers[name] = request.id }
        response.headers[.cacheControl] = "no-store"
        allowOrigin(of: request, in: &response)
        service.metrics.answered(route: route?.path ?? "other", status: response.status.code)
        // Health is asked for every second or faster: that would bury the rest.
        service.logger.log(
            level: route?.path.hasPrefix("/v1/health/") == true ? .debug : .info,
            "\(request.id) \(route?.path ?? "other") \(response.status.code) \(watch.milliseconds.decimals(0)) ms")
        return response
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
        response.headers[.accessControlAllowHeaders] = "Accept, Content-Type"
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
