// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON
internal import Model
internal import Telemetry

/// Whether the server is there and can work (spec 12.5), and what it offers.
struct ProbeRoutes: Sendable {
    let service: Service
    let settings: APISettings
    let health: HealthMonitor
    let metrics: MetricsRegistry
    /// The OpenAPI document.
    let openAPI: [UInt8]

    var routes: [Route] {
        // What never changes is encoded once.
        let alive = JSONValue.object(["status": "ok"]).bytes()
        let version: JSONObject = ["version": .string(service.version), "api": "v1", "limits": limits]
        let versionBytes = JSONValue.object(version).bytes()
        return Self.contracts.map { path, contract in
            Route("GET", path, contract) { call throws(Problem) in
                switch contract.id {
                case "isAlive", "isAliveCompatibly": return .json(alive)
                case "isReady": return try await ready()
                case "showHealth": return try await showHealth()
                case "showVersion": return .json(versionBytes)
                case "showMetrics", "showMetricsCompatibly": return try await showMetrics(call)
                default: return .json(openAPI)
                }
            }
        }
    }

    /// The same for the document, which is made before there is anything to answer with.
    static var documented: [Route] {
        contracts.map { path, contract in Route("GET", path, contract) { _ throws(Problem) in .json([]) } }
    }

    private static let contracts: [(String, Contract)] = [
        (
            "/livez",
            Contract(
                "isAlive",
                "Whether the process works.",
                .probes,
                .everyone,
                .ok(.answer(.required("status", .text)))
            )
        ),
        (
            "/readyz",
            Contract(
                "isReady",
                "Whether requests can be carried out.",
                .probes,
                .everyone,
                .ok(.answer(.required("status", .text))),
                .problem(503, "Something it needs does not work, or the server stops.")
            )
        ),
        (
            "/health",
            Contract(
                "showHealth",
                "How what the server needs is.",
                .probes,
                .everyone,
                .ok(
                    .answer(
                        .required("status", .text),
                        .required("version", .text),
                        .required("checks", .list(.anyObject))
                    )
                ),
                Contract.Answer(503, "Something it needs does not work.", .anyObject)
            )
        ),
        (
            "/v1/version",
            Contract(
                "showVersion",
                "The version and the limits of the server.",
                .probes,
                .everyone,
                .ok(.answer(.required("version", .text), .required("api", .text), .required("limits", .anyObject)))
            )
        ),
        (
            "/metrics",
            Contract(
                "showMetrics",
                "Numbers of the whole server for Prometheus; for administrators.",
                .probes,
                .may(.readUsage),
                Contract.Answer(200, "Text, or OpenMetrics for those who ask for it.", .text, mediaType: "text/plain")
            )
        ),
        (
            "/api/health",
            Contract(
                "isAliveCompatibly",
                "Whether the process works.",
                .compatibility,
                .everyone,
                .ok(.answer(.required("status", .text)))
            )
        ),
        (
            "/api/metrics",
            Contract(
                "showMetricsCompatibly",
                "The same as `GET /metrics`.",
                .compatibility,
                .may(.readUsage),
                Contract.Answer(200, "Text.", .text, mediaType: "text/plain")
            )
        ),
        (
            "/v1/openapi.json",
            Contract("showOpenAPI", "This document.", .probes, .everyone, .ok(.anyObject))
        ),
    ]

    private func ready() async throws(Problem) -> HTTPResponse {
        guard !health.isDraining else { throw .draining }
        let failures = try await health.findings().compactMap { finding in
            finding.problem.map { Problem.Item(path: finding.name, code: "store.unavailable", message: $0) }
        }
        guard let first = failures.first else { return .json(["status": "ok"]) }
        var problem = Problem(503, "store.unavailable", "\(first.path): \(first.message)", items: failures)
        problem.headers["retry-after"] = "5"
        throw problem
    }

    private func showHealth() async throws(Problem) -> HTTPResponse {
        let (findings, status) = (try await health.findings(), try await health.status())
        let body: JSONObject = [
            "status": .string(status), "version": .string(service.version), "checks": .array(findings.map(\.json)),
        ]
        return .json(.object(body), status: status == "ok" ? 200 : 503)
    }

    /// Of all tenants, so nothing for their users.
    private func showMetrics(_ call: APICall) async throws(Problem) -> HTTPResponse {
        guard call.caller.role == .admin else {
            throw Problem(403, "permission.denied", "the metrics of the whole server are for administrators")
        }
        let (metrics, format) = (metrics, MetricsFormat(accept: call.request.header("accept")))
        let text = try await service.blocking { () throws(Problem) in metrics.text(format) }
        return .bytes(text, type: format.contentType)
    }

    private var limits: JSONValue {
        [
            "body_bytes": .int(Int64(settings.bodyLimit)), "blob_bytes": .int(Int64(settings.blobLimit)),
            "document_bytes": .int(4 << 20), "page_items": 500, "wait_seconds": 60, "bulk_items": 100, "labels": 32,
            "label_characters": 128, "signal_bytes": .int(256 << 10), "graph_nodes": 100_000, "map_items": 1_000_000,
        ]
    }
}
