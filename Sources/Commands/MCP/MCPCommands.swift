// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import MCP
import Model
import Store
import Threads
import Tools

/// `baton mcp …`: servers of others that have tools.
enum MCPCommands {
    static let group: CommandDescription = .init(
        name: "mcp",
        summary: "Say which tools of MCP servers may be called, and serve MCP clients",
        discussion: """
            The setting `mcp.servers` names them. A tool can be called as `mcp.SERVER.TOOL` once somebody has approved it, and as
            long as the server describes it just as it did then. The other way round, `serve` lets programs that speak the
            protocol use Baton.
            """,
        children: [list, show, approve, revoke, MCPServe.command]
    )

    private static let server = ArgumentDescription(name: "SERVER", summary: "its name in `mcp.servers`")
    private static let reason = OptionDescription(
        name: "reason",
        kind: .text("TEXT"),
        summary: "why, for the audit trail"
    )

    // MARK: Looking

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List the servers, with how many of their tools are approved; starts and reaches none",
        examples: [.init(line: "baton mcp list", comment: "what is set up")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let rows: [JSONValue]
        if let server = try context.server() {
            rows = try server.items("/v1/mcp/servers")
        } else {
            let servers = try Toolbox(try SettingsReader.read(context), context).servers
            rows = AsyncWork { await MCPView.list(servers) }.wait()
        }
        var table = Table([
            .init(title: "SERVER"), .init(title: "BY"), .init(title: "ENABLED"),
            .init(title: "APPROVED", isNumber: true), .init(title: "CHANGED", isNumber: true), .init(title: "PROBLEM"),
        ])
        for row in rows {
            let cells = ["name", "transport", "enabled", "approved", "changed", "problem"].map {
                row[$0].map(cell) ?? ""
            }
            table.add(cells)
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Ask a server for its tools, and compare them with what was approved",
        discussion: """
            STATE is `approved`, `new`, `changed` (with what is not as it was), `gone`, or `unusable`. EFFECTS is what the server
            says of itself: nobody has checked it.
            """,
        arguments: [server],
        examples: [
            .init(line: "baton mcp show github", comment: "what can it do?"),
            .init(line: "baton mcp show github -o json", comment: "with descriptions and schemas, before approving"),
        ],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let look = try look(context)
        var table = Table([
            .init(title: "TOOL"), .init(title: "STATE", paint: .status), .init(title: "EFFECTS"),
            .init(title: "WHAT IT SAYS IT DOES"),
        ])
        for tool in look["tools"]?.arrayValue ?? [] {
            let changes = (tool["changes"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
            table.add([
                text(tool, "name"), text(tool, "state") + (changes.isEmpty ? "" : ": \(changes)"),
                text(tool, "effects"),
                TextWidth.oneLine(text(tool, "description")),
            ])
        }
        guard context.console.settings.format == .table else {
            context.console.show(look) { "" }
            return .ok
        }
        let facts = look["server"] ?? .null
        context.console.note(
            TextWidth.printable(
                "\(text(facts, "name")) \(text(facts, "version")), MCP \(text(look, "protocol")) over \(text(look, "transport"))"
            )
        )
        for problem in look["problems"]?.arrayValue ?? [] {
            context.console.note(TextWidth.printable("left out: \(problem.stringValue ?? "")"))
        }
        context.console.show(look["tools"]?.arrayValue ?? [], table)
        return .ok
    }

    // MARK: Approving

    private static let approve: CommandDescription = .init(
        name: "approve",
        summary: "Permit tools of a server as they are now",
        discussion: """
            Look at them with `baton mcp show SERVER -o json` first: descriptions are read by models and may try to make them do
            something, and what a tool says of its effects decides whether a call may be repeated.
            """,
        arguments: [
            server, .init(name: "TOOL", summary: "as the server names it", count: .any),
        ],
        options: [OptionDescription(name: "all", kind: .flag, summary: "all that are new or changed"), reason],
        examples: [
            .init(line: "baton mcp approve github get_issue list_issues", comment: "two of them"),
            .init(line: "baton mcp approve files --all", comment: "every tool of a server that you trust"),
        ],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let names = context.invocation.words["TOOL"] ?? []
        guard names.isEmpty == context.invocation.isOn("all") else { throw .usage("say which tools, or `--all`") }
        let approved: [String]
        if let server = try context.server() {
            approved = try approve(names, context, server)
        } else {
            approved = try approveHere(names, context)
        }
        let shown: JSONValue = [
            "server": .string(context.invocation.word("SERVER")), "approved": .array(approved.map(JSONValue.string)),
        ]
        context.console.show(shown) {
            approved.isEmpty ? "nothing is new or changed\n" : "approved: \(approved.joined(separator: ", "))\n"
        }
        return .ok
    }

    private static func approve(
        _ names: [String],
        _ context: CommandContext,
        _ server: RemoteServer
    ) throws(CommandFailure) -> [String] {
        let tools = try look(context)["tools"]?.arrayValue ?? []
        let wanted = try wanted(names, tools.map { (text($0, "name"), text($0, "state")) })
        guard !wanted.isEmpty else { return [] }
        var body: JSONObject = [
            "tools": .array(
                tools.filter { wanted.contains(text($0, "name")) }.map {
                    ["name": $0["name"] ?? .null, "hash": $0["hash"] ?? .null]
                }
            )
        ]
        body["reason"] = context.invocation.text("reason").map(JSONValue.string)
        let answer = try server.post(path(context) + "/approve", body)
        return (answer["approved"]?.arrayValue ?? []).compactMap(\.stringValue)
    }

    private static func approveHere(_ names: [String], _ context: CommandContext) throws(CommandFailure) -> [String] {
        let server = context.invocation.word("SERVER")
        return try withServers(context) { toolbox throws(CommandFailure) in
            let look = try look(at: server, toolbox)
            let wanted = try wanted(names, look.tools.map { ($0.name, $0.state.rawValue) })
            let tools = look.tools.filter { wanted.contains($0.name) }.map(\.tool)
            guard !tools.isEmpty else { return [] }
            try SecuritySession.writing(context) { store throws(CommandFailure) in
                try storeCall { () throws(StoreError) in
                    try ToolPins(store: store, servers: toolbox.servers).approve(tools, of: server, by: actor(context))
                }
            }
            return tools.map(\.name)
        }
    }

    /// Of all tools with their states, those that are to be approved.
    private static func wanted(
        _ names: [String],
        _ tools: [(name: String, state: String)]
    ) throws(CommandFailure) -> Set<String> {
        guard !names.isEmpty else { return Set(tools.filter { ["new", "changed"].contains($0.state) }.map(\.name)) }
        for name in names {
            guard let tool = tools.first(where: { $0.name == name }), tool.state != "gone" else {
                let guess = NearestName.find(name, among: tools.map(\.name)).map { "did you mean `\($0)`?" }
                throw .notFound("the server has no tool `\(name)`", hint: guess)
            }
            guard tool.state != "unusable" else { throw .invalid("the tool `\(name)` cannot be used") }
        }
        return Set(names)
    }

    private static let revoke: CommandDescription = .init(
        name: "revoke",
        summary: "Take the permission of tools back",
        arguments: [server, .init(name: "TOOL", summary: "as the server names it", count: .many)],
        options: [reason],
        examples: [.init(line: "baton mcp revoke github delete_repo", comment: "not that one after all")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, tools) = (context.invocation.word("SERVER"), context.invocation.words["TOOL"] ?? [])
        let revoked: [String]
        if let server = try context.server() {
            var body: JSONObject = ["tools": .array(tools.map(JSONValue.string))]
            body["reason"] = context.invocation.text("reason").map(JSONValue.string)
            let answer = try server.post(path(context) + "/revoke", body)
            revoked = (answer["revoked"]?.arrayValue ?? []).compactMap(\.stringValue)
        } else {
            let servers = try Toolbox(try SettingsReader.read(context), context).servers
            guard servers.settings.contains(where: { $0.name == name }) else { throw unknown(name) }
            revoked = try SecuritySession.writing(context) { store throws(CommandFailure) in
                try storeCall { () throws(StoreError) in
                    try ToolPins(store: store, servers: servers).revoke(tools, of: name, by: actor(context))
                }
            }
        }
        context.console.show(["server": .string(name), "revoked": .array(revoked.map(JSONValue.string))]) {
            revoked.isEmpty ? "none of them was approved\n" : "revoked: \(revoked.joined(separator: ", "))\n"
        }
        return .ok
    }

    // MARK: Both

    /// What the server that the command names has now, as the API says it.
    private static func look(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() { return try server.get(path(context)) }
        let name = context.invocation.word("SERVER")
        return try withServers(context) { toolbox throws(CommandFailure) in
            let look = try look(at: name, toolbox)
            guard let settings = toolbox.servers.settings.first(where: { $0.name == name }) else { throw unknown(name) }
            return MCPView.json(look, of: settings)
        }
    }

    private static func look(at name: String, _ toolbox: Toolbox) throws(CommandFailure) -> MCPServers.Look {
        guard toolbox.servers.settings.contains(where: { $0.name == name }) else { throw unknown(name) }
        let cancellation = CancellationSignal()
        Interruption.watch { _ in cancellation.cancel() }
        let result = AsyncWork { () async -> Result<MCPServers.Look, TaskError> in
            do throws(TaskError) {
                return .success(try await toolbox.servers.look(at: name, cancellation))
            } catch {
                return .failure(error)
            }
        }.wait()
        do throws(TaskError) {
            return try result.get()
        } catch {
            throw CommandFailure(error.code == "cancelled" ? .interrupted : .unavailable, error.code, error.message)
        }
    }

    /// Servers that are started here work in a folder that goes away again.
    private static func withServers<Value>(
        _ context: CommandContext,
        _ body: (Toolbox) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let folder = try ScratchFolder(nil)
        defer { folder.remove() }
        let toolbox = try Toolbox(try SettingsReader.read(context), context, serverFolder: folder.path)
        defer { AsyncWork { await toolbox.servers.stop() }.wait() }
        return try body(toolbox)
    }

    private static func unknown(_ name: String) -> CommandFailure {
        .notFound("there is no MCP server `\(name)`", hint: "`baton mcp list` shows those of the setting `mcp.servers`")
    }

    private static func actor(_ context: CommandContext) -> ToolPins.Actor {
        ToolPins.Actor(
            name: context.actor,
            tenant: SecuritySession.tenant,
            reason: context.invocation.text("reason")
        )
    }

    private static func path(_ context: CommandContext) -> String {
        APIRequest.path("v1", "mcp", "servers", context.invocation.word("SERVER"))
    }

    private static func text(_ json: JSONValue, _ key: String) -> String { json[key]?.stringValue ?? "" }

    private static func cell(_ json: JSONValue) -> String { TextWidth.oneLine(json.stringValue ?? json.text) }
}
