// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import MCP
import Model
import Server
import Store
import Threads
import Tools

/// The approved tools of MCP servers: in the store for good, and in the servers' set while the program works.
struct ToolPins: Sendable {
    private static let threads = BlockingThreads(named: "tool-pins", count: 1)

    let store: any SecurityStore
    let servers: MCPServers

    /// Who does something, for the audit trail.
    struct Actor: Sendable {
        let name: String
        let tenant: String
        var address: String?
        var reason: String?
    }

    /// Of the data folder of a command.
    static func read(_ context: CommandContext) throws(CommandFailure) -> [ApprovedTool] {
        try SecuritySession.reading(context) { store throws(CommandFailure) in
            try storeCall { () throws(StoreError) in try store.toolPins() }.compactMap(ApprovedTool.init)
        }
    }

    /// Approves tools as they were seen. Blocks.
    func approve(_ tools: [ToolDescription], of server: String, by actor: Actor) throws(StoreError) {
        let known = Dictionary(try store.toolPins().map { ($0.key, $0.hash) }) { $1 }
        var change = SecurityChange()
        for tool in tools {
            let key = ToolPinRow.Key(server: server, tool: tool.name)
            change.toolPins.append(
                ToolPinRow(
                    key: key,
                    hash: tool.hash,
                    definition: tool.json.bytes(),
                    approvedAt: SystemClock().wall(),
                    approvedBy: actor.name
                )
            )
            change.audit.append(entry("mcp.approve", key, actor, before: known[key], after: tool.hash))
        }
        try store.apply(change)
        try load()
    }

    /// Takes approvals back; gives the names of the tools that had one. Blocks.
    func revoke(_ tools: [String]?, of server: String, by actor: Actor) throws(StoreError) -> [String] {
        let rows = try store.toolPins().filter { $0.key.server == server && tools?.contains($0.key.tool) != false }
        var change = SecurityChange()
        change.removedToolPins = rows.map(\.key)
        change.audit = rows.map { entry("mcp.revoke", $0.key, actor, before: $0.hash, after: nil) }
        try store.apply(change)
        try load()
        return rows.map(\.key.tool)
    }

    /// Writes down, from now on, that a server has another tool than the approved one.
    func writeDownChanges() {
        let store = store
        servers.setNotice { approved, hash in
            // Whoever noticed it goes on; when it is not written, the next one notices it again.
            Task {
                _ = try? await Self.threads.run {
                    Result { () throws(StoreError) in try Self.writeDown(approved, hash, store) }
                }
            }
        }
    }

    private static func writeDown(
        _ approved: ApprovedTool,
        _ hash: String?,
        _ store: any SecurityStore
    ) throws(StoreError) {
        let key = ToolPinRow.Key(server: approved.server, tool: approved.tool.name)
        let now = SystemClock().wall()
        var change = SecurityChange()
        change.toolPinChanges = [(key, approved.tool.hash, now)]
        change.audit = [
            AuditDraft(
                tenant: SecuritySession.tenant,
                at: now,
                actor: "system",
                action: "mcp.tool_changed",
                object: "mcp:\(key.server)/\(key.tool)",
                before: approved.tool.hash,
                after: hash
            )
        ]
        try store.apply(change)
    }

    private func load() throws(StoreError) { servers.setApproved(try store.toolPins().compactMap(ApprovedTool.init)) }

    private func entry(
        _ action: String,
        _ key: ToolPinRow.Key,
        _ actor: Actor,
        before: String?,
        after: String?
    ) -> AuditDraft {
        AuditDraft(
            tenant: actor.tenant,
            at: SystemClock().wall(),
            actor: actor.name,
            action: action,
            object: "mcp:\(key.server)/\(key.tool)",
            before: before,
            after: after,
            reason: actor.reason,
            address: actor.address
        )
    }
}

extension ApprovedTool {
    /// `nil` for a row that cannot be read, whose tool is as good as not approved.
    init?(_ row: ToolPinRow) {
        guard let json = try? JSONValue(parsing: row.definition), let tool = try? ToolDescription(json),
            tool.hash == row.hash
        else { return nil }
        self.init(server: row.key.server, tool: tool, isChanged: row.changedAt != nil)
    }
}

// MARK: For the API

extension ToolPins {
    /// What the server's routes do.
    var access: ToolServerAccess? {
        guard !servers.settings.isEmpty else { return nil }
        let pins = self
        return ToolServerAccess(
            list: { await MCPView.list(pins.servers) },
            look: { (server) throws(Problem) in
                MCPView.json(try await pins.look(server), of: try pins.settings(server))
            },
            approve: { (change) throws(Problem) in try await pins.approve(change) },
            revoke: { (change) throws(Problem) in try await pins.revoke(change) }
        )
    }

    private func settings(_ name: String) throws(Problem) -> MCPServerSettings {
        guard let found = servers.settings.first(where: { $0.name == name }) else {
            throw Problem(404, "not_found", "there is no MCP server `\(name)`")
        }
        return found
    }

    private func look(_ server: String) async throws(Problem) -> MCPServers.Look {
        _ = try settings(server)
        do throws(TaskError) {
            return try await servers.look(at: server)
        } catch {
            throw Problem(error.code == "timeout" ? 504 : 503, error.code, error.message)
        }
    }

    /// Approves what the client has seen, if it is still so.
    private func approve(_ change: ToolServerAccess.Change) async throws(Problem) -> JSONValue {
        let look = try await look(change.server)
        var tools: [ToolDescription] = []
        for wanted in change.tools {
            guard let seen = look.tools.first(where: { $0.name == wanted.name }), seen.state != .gone else {
                throw Problem(404, "not_found", "`\(change.server)` has no tool `\(wanted.name)`")
            }
            guard seen.state != .unusable else {
                throw Problem(422, "validation.failed", "the tool `\(wanted.name)` cannot be used")
            }
            guard wanted.hash == nil || wanted.hash == seen.tool.hash else {
                throw Problem(412, "etag.mismatch", "the tool `\(wanted.name)` is not the one that was seen")
            }
            tools.append(seen.tool)
        }
        let (pins, wanted) = (self, tools)
        try await Self.blocking { () throws(StoreError) in
            try pins.approve(wanted, of: change.server, by: Actor(change))
        }
        return ["server": .string(change.server), "approved": .array(tools.map { .string($0.name) })]
    }

    private func revoke(_ change: ToolServerAccess.Change) async throws(Problem) -> JSONValue {
        _ = try settings(change.server)
        let (pins, names) = (self, change.tools.map(\.name))
        let revoked = try await Self.blocking { () throws(StoreError) in
            try pins.revoke(names, of: change.server, by: Actor(change))
        }
        return ["server": .string(change.server), "revoked": .array(revoked.map(JSONValue.string))]
    }

    private static func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> Value
    ) async throws(Problem) -> Value {
        let result: Result<Value, StoreError>
        do {
            result = try await threads.run { Result { () throws(StoreError) in try body() } }
        } catch {
            throw Problem(503, "store.unavailable", "the request was cancelled")
        }
        do throws(StoreError) {
            return try result.get()
        } catch {
            throw Problem(503, "store.unavailable", error.message)
        }
    }
}

extension ToolPins.Actor {
    init(_ change: ToolServerAccess.Change) {
        self.init(name: change.actor, tenant: change.tenant, address: change.address, reason: change.reason)
    }
}
