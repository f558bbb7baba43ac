// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
public import MCP
public import Model
import Synchronization
public import Threads

/// A tool of an MCP server that somebody has approved, as it was then.
public struct ApprovedTool: Sendable, Equatable {
    /// The name of the server in the settings.
    public var server: String
    /// What was approved.
    public var tool: ToolDescription
    /// The server was seen to have another one since, or none; it is not offered then.
    public var isChanged: Bool

    /// Puts it together.
    public init(server: String, tool: ToolDescription, isChanged: Bool = false) {
        (self.server, self.tool, self.isChanged) = (server, tool, isChanged)
    }
}

/// The MCP servers of the settings, and the approved ones of their tools.
///
/// Servers are started or reached when a tool of theirs is first called. What is offered are the definitions that were
/// approved, never those that a server gives now.
public final class MCPServers: Sendable {
    /// Told that a server has another tool than the approved one; `hash` is `nil` when it has none of that name.
    public typealias ChangeNotice = @Sendable (_ approved: ApprovedTool, _ hash: String?) -> Void

    /// The tools that are offered now.
    public let tools = ChangingTools()
    /// All servers, by name.
    public let settings: [MCPServerSettings]
    private let links: [String: MCPLink]
    private let approved = Mutex<[ApprovedTool]>([])
    private let notice = Mutex<ChangeNotice?>(nil)

    /// Starts and reaches nothing.
    public init(_ settings: [MCPServerSettings], _ surroundings: MCPSurroundings) {
        self.settings = settings.sorted { $0.name < $1.name }
        links = Dictionary(settings.map { ($0.name, MCPLink($0, surroundings)) }) { $1 }
    }

    /// Sets what is approved; tools of servers that are not there, or are switched off, are passed over.
    ///
    /// - Returns: Why some cannot be offered.
    @discardableResult
    public func setApproved(_ tools: [ApprovedTool]) -> [String] {
        approved.withLock { $0 = tools }
        return refresh()
    }

    /// What is approved, changed ones included.
    public var approvedTools: [ApprovedTool] { approved.withLock { $0 } }

    /// Sets who is told of changes.
    public func setNotice(_ notice: @escaping ChangeNotice) { self.notice.withLock { $0 = notice } }

    private func refresh() -> [String] {
        var (offered, problems): ([any Tool], [String]) = ([], [])
        for entry in approvedTools where !entry.isChanged {
            guard let link = links[entry.server], link.settings.isEnabled else { continue }
            do throws(ToolRegistry.Invalid) {
                offered.append(
                    try MCPTool(entry.tool, link) { [weak self] hash in self?.noteChange(entry, hash) }
                )
            } catch {
                problems.append(error.description)
            }
        }
        return problems + tools.replace(offered)
    }

    /// Takes the tool away until it is approved again.
    private func noteChange(_ entry: ApprovedTool, _ hash: String?) {
        let isNew = approved.withLock { tools in
            guard let index = tools.firstIndex(of: entry) else { return false }
            tools[index].isChanged = true
            return true
        }
        guard isNew else { return }
        _ = refresh()
        notice.withLock { $0 }?(entry, hash)
    }

    // MARK: Looking

    /// A tool of a server beside what was approved.
    public struct SeenTool: Sendable {
        /// How it stands with a tool.
        public enum State: String, Sendable, CaseIterable {
            /// It is what was approved, and offered.
            case approved
            /// It was never approved.
            case new
            /// It is another one than was approved.
            case changed
            /// It was approved, and the server has it no more.
            case gone
            /// It cannot be used.
            case unusable
        }

        /// As the server knows it.
        public let name: String
        /// What it is called here; `nil` when it cannot be.
        public let toolName: String?
        /// How it stands with it.
        public let state: State
        /// What the server has now; what was approved when it is gone.
        public let tool: ToolDescription
        /// What was approved; `nil` for nothing.
        public let approved: ToolDescription?

        /// What of it is not as it was approved: `description`, `inputSchema`, …
        public var changes: [String] {
            guard state == .changed, let old = approved?.json.objectValue, let new = tool.json.objectValue else {
                return []
            }
            return Set(old.keys + new.keys).filter { old[$0] != new[$0] }.sorted()
        }
    }

    /// What a server has now.
    public struct Look: Sendable {
        /// What it says of itself.
        public let facts: ServerFacts
        /// By name.
        public let tools: [SeenTool]
        /// Tools that cannot be read.
        public let problems: [String]
    }

    /// Starts or reaches a server and looks at its tools. Those that are not what was approved are not offered from then on.
    ///
    /// - Throws: `tool.unavailable` when there is no such server; whatever keeps it from answering.
    public func look(at server: String, _ cancellation: CancellationSignal = .init()) async throws(TaskError) -> Look {
        guard let link = links[server] else {
            throw TaskError(
                code: "tool.unavailable",
                errorClass: .permanent,
                message: "there is no MCP server \(server) in the settings"
            )
        }
        let (facts, listing) = try await link.look(cancellation)
        let known = approvedTools.filter { $0.server == server }
        var seen = listing.tools.map { tool in
            Self.seen(tool, known.first { $0.tool.name == tool.name }?.tool, server)
        }
        for entry in known {
            let live = listing.tools.first { $0.name == entry.tool.name }
            if live == nil {
                let name = MCPTool.name(server, entry.tool.name)
                seen.append(
                    SeenTool(
                        name: entry.tool.name,
                        toolName: name,
                        state: .gone,
                        tool: entry.tool,
                        approved: entry.tool
                    )
                )
            }
            if live?.hash != entry.tool.hash, !entry.isChanged { noteChange(entry, live?.hash) }
        }
        seen.sort { $0.name < $1.name }
        return Look(facts: facts, tools: seen, problems: listing.problems)
    }

    private static func seen(_ tool: ToolDescription, _ approved: ToolDescription?, _ server: String) -> SeenTool {
        let name = MCPTool.name(server, tool.name)
        let state: SeenTool.State =
            if name == nil || ChangingTools.defect(tool.inputSchema, tool.outputSchema) != nil {
                .unusable
            } else if let approved { approved == tool ? .approved : .changed } else { .new }
        return SeenTool(name: tool.name, toolName: name, state: state, tool: tool, approved: approved)
    }

    /// Whether a server is connected now, and why it could not be the last time.
    public func condition(of server: String) async -> (isConnected: Bool, problem: String?) {
        guard let link = links[server] else { return (false, nil) }
        return (await link.isConnected, await link.problem)
    }

    /// Ends all connections in order.
    public func stop() async {
        await withTaskGroup { group in
            for link in links.values { group.addTask { await link.stop() } }
        }
    }
}
