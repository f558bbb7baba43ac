// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Identity
internal import JSON

/// MCP servers of the settings, and which of their tools may be called.
struct ToolServerRoutes: Sendable {
    let service: Service
    /// `nil` when the settings name none.
    let access: ToolServerAccess?

    var routes: [Route] { [list, look, approve, revoke] }

    private var list: Route {
        let contract = Contract(
            "listToolServers",
            "MCP servers of the settings, with how many of their tools are approved.",
            .tools,
            .may(.readCatalog),
            .page("ToolServer")
        )
        return Route("GET", "/v1/mcp/servers", contract) { _ throws(Problem) in
            .page(await access?.list() ?? [], next: nil)
        }
    }

    private var look: Route {
        let contract = Contract(
            "showToolServer",
            "Asks an MCP server for its tools, and compares them with what was approved.",
            .tools,
            .may(.administer),
            .ok(.named("ToolServerTools")),
            .problem(503, "It cannot be started or reached, or is no MCP server."),
            .problem(504, "It does not answer.")
        )
        return Route("GET", "/v1/mcp/servers/{server}", contract) { call throws(Problem) in
            .json(try await needed(call).look(call.parameter("server")))
        }
    }

    private var approve: Route {
        let contract = Contract(
            "approveTools",
            "Permits tools of an MCP server as they are now: they can be called from then on, until they change.",
            .tools,
            .may(.administer),
            body: .json(
                .object(
                    .required(
                        "tools",
                        .list(
                            .object(
                                .required("name", .text(1...128), "As the server names it."),
                                .optional(
                                    "hash",
                                    .text(64...64, pattern: "^[0-9a-f]{64}$"),
                                    "What was seen; with another one now nothing is approved."
                                )
                            ),
                            1...1000
                        )
                    ),
                    .optional("reason", .reason)
                )
            ),
            .ok(.answer(.required("server", .text), .required("approved", .list(.text)))),
            .problem(412, "`etag.mismatch`: a tool is not the one that was seen."),
            .problem(503, "It cannot be started or reached, or is no MCP server."),
            .problem(504, "It does not answer.")
        ).checkingFurther()
        return Route("POST", "/v1/mcp/servers/{server}/approve", contract) { call throws(Problem) in
            let tools = (call.fields["tools"]?.arrayValue ?? []).map { item in
                (name: item["name"]?.stringValue ?? "", hash: item["hash"]?.stringValue)
            }
            return .json(try await needed(call).approve(change(tools, call)))
        }
    }

    private var revoke: Route {
        let contract = Contract(
            "revokeTools",
            "Takes the permission of tools of an MCP server back: they cannot be called from then on.",
            .tools,
            .may(.administer),
            body: .json(
                .object(
                    .required("tools", .list(.text(1...128), 1...1000), "As the server names them."),
                    .optional("reason", .reason)
                )
            ),
            .ok(.answer(.required("server", .text), .required("revoked", .list(.text))))
        )
        return Route("POST", "/v1/mcp/servers/{server}/revoke", contract) { call throws(Problem) in
            let tools = (call.fields.texts("tools") ?? []).map { (name: $0, hash: String?.none) }
            return .json(try await needed(call).revoke(change(tools, call)))
        }
    }

    private func needed(_ call: APICall) throws(Problem) -> ToolServerAccess {
        guard let access else { throw .notFound("MCP server `\(call.parameter("server"))`") }
        return access
    }

    private func change(_ tools: [(name: String, hash: String?)], _ call: APICall) -> ToolServerAccess.Change {
        .init(
            server: call.parameter("server"),
            tools: tools,
            actor: call.actor,
            tenant: call.caller.tenant,
            address: call.address,
            reason: call.fields.text("reason")
        )
    }
}
