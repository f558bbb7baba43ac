// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import HTTPServer
internal import Identity
internal import JSON
internal import Store

/// What programs wrote.
struct RunLogRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/runs/{run}/logs",
                Contract(
                    "listRunLogs",
                    "What the programs of a run wrote, by attempt, in the order in which these ended.",
                    .runs,
                    .may(.readRuns),
                    query: [
                        .init("node", .word(1...200), "Only of that node.", repeats: true),
                        .init("errors", .flag, "Whether only attempts that failed are listed."),
                    ],
                    .ok(.page(of: .anyObject))
                ),
                list
            )
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let row = try await service.run(call, .readRuns)
        let nodes = Set(call.request.target.query.filter { $0.name == "node" }.map(\.value))
        let (store, onlyErrors) = (service.store, call.flag("errors"))
        let logs = try await service.readRuns { reader throws(EngineError) in
            let graph = try reader.state(ofRun: row.key).graph
            // What undoes a node stands in no document; no other name has a colon.
            if let unknown = nodes.first(where: { graph.index(of: $0) == nil && !$0.contains(":") }) {
                throw EngineError(.notFound, "\(row.id) has no node `\(unknown)`")
            }
            return try AttemptLogs(reader: reader, store: store)
                .logs(ofRun: row.key, nodes: nodes, onlyErrors: onlyErrors)
        }
        return .page(logs, next: nil)
    }
}
