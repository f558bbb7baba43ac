// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model

/// What a node or an agent may call, by all that is said about it. It decides for every call, and bounds those that are made.
public struct ToolPermission: Sendable {
    /// All of these have to permit a call.
    public var profiles: [ToolProfile] = []
    /// A person approves each call of these tools; `fs.*` stands for all that begin so.
    public var approvals: [String] = []
    /// Each call of these tools as well, and what says so.
    public var confirmations: [String: String] = [:]

    /// Permits everything.
    public init() {}

    /// Whether it says anything.
    public var isEmpty: Bool { profiles.isEmpty && approvals.isEmpty && confirmations.isEmpty }

    /// A call of the tool may be made, with some arguments at least.
    public func offers(_ tool: String) -> Bool {
        profiles.allSatisfy { profile in profile.tools.map { ToolProfile.covers($0, tool) } ?? true }
    }

    /// Whether a call may be made.
    ///
    /// - Parameter workspace: Where it works; an absolute path.
    public func verdict(on tool: ToolDefinition, _ arguments: JSONValue, workspace: String) -> ToolVerdict {
        var verdict = ToolVerdict.allow
        if let rule = confirmations[tool.name] { verdict = .ask(rule) }
        if ToolProfile.covers(approvals, tool.name) { verdict = .ask("approve_tools has \(tool.name)") }
        for profile in profiles {
            let own = profile.verdict(on: tool, arguments, workspace: workspace).of("profile \(profile.name)")
            if own > verdict { verdict = own }
        }
        return verdict
    }

    /// The first rule about single calls of tools; `nil` when all rules are about what a program uses and reaches. Nobody
    /// sees the calls of an agent that is a program.
    public var ruleAboutCalls: String? {
        if !approvals.isEmpty { return "approve_tools" }
        if let rule = confirmations.values.min() { return rule }
        return profiles.lazy.compactMap { profile in
            profile.fieldAboutCalls.map { "`\($0)` of the profile \(profile.name)" }
        }.first
    }

    /// Bounds what a call, or an agent that is a program, may use and reach.
    public func bound(_ context: inout ToolContext) {
        for profile in profiles { profile.bound(&context) }
        context.limits.memoryBytes = profiles.compactMap(\.memoryBytes).min() ?? context.limits.memoryBytes
        context.limits.processes = profiles.compactMap(\.processes).min() ?? context.limits.processes
        context.limits.cpuSeconds = profiles.compactMap(\.cpuSeconds).min() ?? context.limits.cpuSeconds
        context.outputBytes = profiles.compactMap(\.outputBytes).min()
    }
}

extension ToolProfile {
    fileprivate var fieldAboutCalls: String? {
        if tools != nil { return "tools" }
        if commands != CommandRules() { return "commands" }
        if !approvedRisks.isEmpty { return "requires_approval" }
        if concurrentCalls != nil { return "max_concurrent" }
        return callsPerMinute == nil ? nil : "max_per_minute"
    }

    fileprivate func bound(_ context: inout ToolContext) {
        if mode == .readOnly { context.sandbox.mode = .readOnly }
        func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : path == "." ? context.workspace : "\(context.workspace)/\(path)"
        }
        if let writePaths {
            let own = writePaths.map(absolute)
            let others = context.sandbox.writePaths
            context.sandbox.writePaths =
                others.map { others in
                    own.filter { path in others.contains { path.isInside($0) } }
                        + others.filter { path in own.contains { path.isInside($0) } }
                } ?? own
        }
        context.sandbox.forbiddenPaths += forbiddenPaths.map(absolute)
        context.sandbox.readPaths += readPaths ?? []
        context.sandbox.environmentNames += environmentNames ?? []
        context.timeout = min(context.timeout, timeout ?? context.timeout)
        guard let network else { return }
        context.egress.add(network, of: name)
        // A list says nothing to programs that see the network of the machine.
        context.sandbox.sharesNetwork = false
    }
}

extension TaskError {
    /// A rule speaks against a call; `details.rule` says which.
    public static func denied(_ tool: String, by rule: String) -> TaskError {
        TaskError(
            code: "tool.denied",
            errorClass: .permanent,
            message: "\(tool) may not be called so: \(rule)",
            details: ["rule": .string(rule), "tool": .string(tool)]
        )
    }
}
