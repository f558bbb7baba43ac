// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import JSON
internal import Store

/// Whether the server is there and can work (spec 12.5), and what it offers.
struct ProbeRoutes: Sendable {
    let service: Service
    /// The OpenAPI document.
    let openAPI: [UInt8]

    var routes: [Route] {
        Self.contracts.map { path, contract in
            Route("GET", path, contract) { call throws(Problem) in
                switch contract.id {
                case "isAlive": return .json(["status": "ok"])
                case "isReady": return try await ready()
                case "showHealth": return await health()
                case "showVersion":
                    return .json(["version": .string(service.version), "api": "v1", "limits": Self.limits])
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
                .problem(503, "The store cannot be read.")
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
            "/v1/openapi.json",
            Contract("showOpenAPI", "This document.", .probes, .everyone, .ok(.anyObject))
        ),
    ]

    private func ready() async throws(Problem) -> HTTPResponse {
        _ = try await service.read { store throws(StoreError) in try store.lastSequence() }
        return .json(["status": "ok"])
    }

    private func health() async -> HTTPResponse {
        let start = ContinuousClock.now
        var check: JSONObject = ["name": "store"]
        do throws(Problem) {
            _ = try await service.read { store throws(StoreError) in try store.lastSequence() }
            check["state"] = "ok"
        } catch {
            check["state"] = "failed"
            check["message"] = .string(error.detail)
        }
        check["latency_ms"] = .int(Int64((ContinuousClock.now - start) / .milliseconds(1)))
        let isWell = check["state"] == "ok"
        let body: JSONObject = [
            "status": isWell ? "ok" : "failed", "version": .string(service.version), "checks": [.object(check)],
        ]
        return .json(.object(body), status: isWell ? 200 : 503)
    }

    private static let limits: JSONValue = [
        "body_bytes": .int(Int64(APICall.bodyLimit)), "document_bytes": .int(4 << 20), "page_items": 500,
        "wait_seconds": 60, "bulk_items": 100, "labels": 32, "label_characters": 128, "signal_bytes": .int(256 << 10),
        "graph_nodes": 100_000, "map_items": 1_000_000,
    ]
}
