// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON

/// What calls of tools are permitted (spec 8.6), by the nodes and agents that name it. What is `nil` is not bounded by the
/// profile; other bounds hold all the same.
public struct ToolProfile: Sendable, Hashable {
    /// The name that documents use.
    public var name: String
    /// What may change.
    public var mode = SandboxSettings.Mode.workspace
    /// Which commands `shell.exec` may run.
    public var commands = CommandRules()
    /// Absolute paths that programs see, read-only, besides what they always see; no other ones can be asked for.
    public var readPaths: [String]?
    /// Places in the workspace that may change, relative to it.
    public var writePaths: [String]?
    /// Places that nothing may see: absolute, or relative to the workspace.
    public var forbiddenPaths: [String] = []
    /// The tools; `fs.*` stands for all that begin so.
    public var tools: [String]?
    /// Variables of the server's environment that programs get, and the only ones that a call may set.
    public var environmentNames: [String]?
    /// Where calls may connect to, besides what else they need for that.
    public var network: EgressRules?
    /// The longest a call may take.
    public var timeout: Duration?
    /// Private writable memory of each process.
    public var memoryBytes: Int?
    /// Processes and threads of a program.
    public var processes: Int?
    /// What is kept of each output stream.
    public var outputBytes: Int?
    /// CPU time of each process, in seconds.
    public var cpuSeconds: Int?
    /// Calls at a time, in this process.
    public var concurrentCalls: Int?
    /// Calls a minute, in this process.
    public var callsPerMinute: Int?
    /// A person approves calls of tools of these risks.
    public var approvedRisks: Set<ToolDefinition.Risk> = []

    /// A profile that permits what is permitted without one.
    public init(_ name: String) {
        self.name = name
    }

    /// Those that are always there (spec 8.6).
    public static let presets: [ToolProfile] = {
        var execution = ToolProfile("code-execution")
        execution.tools = ["fs.*", "shell.exec", "git.*", "knowledge.search", "lookup.symbol", "rag.search"]
        execution.timeout = .seconds(600)
        execution.memoryBytes = 2 << 30
        execution.processes = 256
        execution.callsPerMinute = 120
        var analysis = ToolProfile("read-only-analysis")
        analysis.mode = .readOnly
        analysis.tools = [
            "fs.read", "fs.list", "fs.search", "git.*", "shell.exec", "knowledge.search", "lookup.symbol", "rag.search",
        ]
        analysis.callsPerMinute = 30
        var content = ToolProfile("content-generation")
        content.tools = ["fs.read", "fs.list", "fs.search", "fs.write", "knowledge.search", "rag.search"]
        content.callsPerMinute = 30
        var orchestration = ToolProfile("orchestration")
        orchestration.mode = .readOnly
        orchestration.tools = [
            "fs.read", "fs.list", "fs.search", "knowledge.search", "lookup.symbol", "rag.search", "run.patch",
        ]
        orchestration.approvedRisks = [.high, .critical]
        orchestration.callsPerMinute = 30
        return [execution, analysis, content, orchestration]
    }()

    /// All names that a list stands for.
    static func covers(_ names: [String], _ tool: String) -> Bool {
        names.contains { $0.hasSuffix("*") ? tool.hasPrefix($0.dropLast()) : tool == $0 }
    }

    /// What comes of a call, as far as the profile says something about it.
    ///
    /// - Parameter workspace: Where the call works; an absolute path.
    func verdict(on tool: ToolDefinition, _ arguments: JSONValue, workspace: String) -> ToolVerdict {
        if let tools, !Self.covers(tools, tool.name) { return .deny("tools does not have \(tool.name)") }
        if mode == .readOnly, tool.effects != .read, !tool.isConfined, tool.name != "run.patch" {
            return .deny("mode is read_only")
        }
        let reachesOut = tool.isConfined && arguments["network"]?.arrayValue?.isEmpty == false
        if mode == .readOnly, reachesOut { return .deny("mode is read_only, and the call has a network") }
        if let rule = strayVariable(arguments) { return .deny("env_allow does not have \(rule)") }
        if let path = strayPath(arguments, workspace) { return .deny("read_paths does not have \(path)") }
        if let rule = strayRequest(tool, arguments) { return .deny(rule) }
        var verdict = ToolVerdict.allow
        // Whatever a program does with a network, it does outside.
        let risk = reachesOut && tool.risk != .critical ? .high : tool.risk
        if approvedRisks.contains(risk) { verdict = .ask("requires_approval has \(risk.rawValue)") }
        guard tool.name == ShellExec.name else { return verdict }
        if let line = arguments.text("command") { return max(verdict, commands.verdict(onLine: line)) }
        return max(verdict, commands.verdict(on: arguments.texts("argv")))
    }

    private func strayVariable(_ arguments: JSONValue) -> String? {
        guard let environmentNames, let given = arguments["env"]?.objectValue else { return nil }
        return given.keys.first { !environmentNames.contains($0) }
    }

    /// Why a request would not be let out; what a program asks for is seen when it connects.
    private func strayRequest(_ tool: ToolDefinition, _ arguments: JSONValue) -> String? {
        guard let network, tool.name == HTTPRequestTool.name, let url = try? HTTPURL(arguments.text("url") ?? "") else {
            return nil
        }
        return network.refusal(host: url.host, port: url.port, method: arguments.text("method") ?? "GET")
    }

    /// An absolute path that a call wants to read and that is in no place it may read.
    private func strayPath(_ arguments: JSONValue, _ workspace: String) -> String? {
        guard let readPaths else { return nil }
        let wanted = arguments.texts("read") + [arguments.text("repo")].compactMap { $0 }.filter { $0.hasPrefix("/") }
        let places = ([workspace] + readPaths).map { SandboxMounts.real($0) ?? $0 }
        return wanted.first { path in
            guard let real = SandboxMounts.real(path) else { return true }
            return !places.contains { real.isInside($0) }
        }
    }
}

extension String {
    /// The path is that of the folder or of something in it; neither has links or `..`.
    func isInside(_ folder: String) -> Bool {
        self == folder || hasPrefix(folder.hasSuffix("/") ? folder : "\(folder)/")
    }
}
