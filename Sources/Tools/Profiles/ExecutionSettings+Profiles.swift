// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
public import Model
import Text

/// The one place where calls of tools are judged, bounded and made: those of nodes and those of agents.
extension ExecutionSettings {
    /// What is permitted by profiles of these names, which all have to permit a call.
    ///
    /// - Parameter approving: A person approves each call of these tools.
    /// - Throws: `profile.unknown` with the nearest name.
    public func permission(of names: [String?], approving: [String] = []) throws(TaskError) -> ToolPermission {
        let profiles = profiles.all
        var permission = ToolPermission()
        permission.approvals = approving
        for name in names {
            guard let name, !permission.profiles.contains(where: { $0.name == name }) else { continue }
            guard let profile = profiles[name] else {
                var speller = Speller()
                let nearest = speller.nearest(to: name, among: profiles.keys.sorted())
                throw TaskError(
                    code: "profile.unknown",
                    errorClass: .permanent,
                    message: "there is no profile \"\(name)\"" + (nearest.map { "; did you mean \($0)?" } ?? "")
                )
            }
            permission.profiles.append(profile)
        }
        return permission
    }

    /// Whether a call may be made.
    ///
    /// - Throws: `tool.unavailable`, `validation.failed`.
    public func verdict(
        on name: String,
        _ arguments: JSONValue,
        _ permission: ToolPermission,
        of run: RunID
    ) throws(TaskError) -> ToolVerdict {
        let checked = try tools.checkedArguments(for: name, arguments)
        guard let tool = tools.definition(of: name) else { return .allow }
        return permission.verdict(on: tool, checked, workspace: workspace(of: run))
    }

    /// Makes a call, within what is permitted; it waits as long as its profiles want it to.
    ///
    /// - Parameter isApproved: A person agreed to this very call.
    /// - Throws: `tool.denied`, besides what the tool throws.
    public func call(
        _ name: String,
        _ arguments: JSONValue,
        _ permission: ToolPermission,
        isApproved: Bool,
        context: ToolContext
    ) async throws(TaskError) -> ToolResult {
        guard !permission.isEmpty, let tool = tools.definition(of: name) else {
            return try await tools.call(name, arguments, context: context)
        }
        let checked = try tools.checkedArguments(for: name, arguments)
        switch permission.verdict(on: tool, checked, workspace: context.workspace) {
        case .deny(let rule): throw .denied(name, by: rule)
        case .ask(let rule) where !isApproved: throw .denied(name, by: "nobody approved it; \(rule)")
        case .allow, .ask: break
        }
        var context = context
        permission.bound(&context)
        try await gate.enter(permission.profiles, context.cancellation)
        do throws(TaskError) {
            let result = try await tools.call(name, checked, context: context)
            await gate.leave(permission.profiles)
            return result
        } catch {
            await gate.leave(permission.profiles)
            throw error
        }
    }
}
