import FoundationEssentials
import HTTPTypes
import Model

/// Answers what asks about the server itself: the model card, health, the API's description, the counters.
struct StatusHandler: Sendable {
    let service: Service

    private struct Health: Encodable {
        var status: String
    }

    @Sendable func ensemble(_ request: Request) throws -> Response {
        let engine = try service.readyEngine()
        return try .json(engine.ensemble.card(of: engine.plan, limits: service.settings.limits))
    }

    @Sendable func live(_ request: Request) throws -> Response {
        try .json(Health(status: "live"))
    }

    @Sendable func ready(_ request: Request) throws -> Response {
        guard service.engine != nil else {
            return try .json(
                Health(status: "starting"), status: .serviceUnavailable, headers: Problem.notReady.headers)
        }
        return try .json(Health(status: "ready"))
    }

    @Sendable func openAPI(_ request: Request) throws -> Response {
        Response(status: .ok, type: "application/json", data: Data(PackageResources.openapi_json))
    }

    /// GET /v1/audit/head: what an auditor keeps elsewhere.
    @Sendable func auditHead(_ request: Request) throws -> Response {
        guard let archive = try service.readyArchive() else {
            throw Problem(.notOffered, "This server keeps no audit log.")
        }
        return try .json(archive.store.audit.head())
    }

    @Sendable func metrics(_ request: Request) throws -> Response {
        let text = service.metrics.text(queued: service.queue.count, isReady: service.engine != nil)
        return Response(status: .ok, type: "text/plain; version=0.0.4; charset=utf-8", data: Data(text.utf8))
    }
}
