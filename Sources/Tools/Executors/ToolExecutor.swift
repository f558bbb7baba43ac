// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Engine
internal import HTTP
internal import JSON
internal import Model
internal import Secrets
internal import Threads

/// Makes the attempts of `tool` nodes.
struct ToolExecutor: NodeExecutor {
    let settings: ExecutionSettings

    /// A tool has no version of its own; what it says about itself stands for it.
    func traits(of node: Graph.Node) -> ExecutorTraits {
        guard case .tool(let name, _, _) = node.kind, let tool = settings.tools.definition(of: name) else {
            return ExecutorTraits()
        }
        let cost = tool.cost.map { CallCost(most: Charge(money: $0), provider: name) }
        return ExecutorTraits(isRead: tool.effects == .read, version: tool.json.text, cost: cost)
    }

    /// A call costs what its tool says. When it fails nobody knows, unless it cannot have begun.
    private func usage(of assignment: Assignment, _ error: TaskError? = nil) -> CallUsage? {
        guard let allowance = assignment.allowance else { return nil }
        guard let error else { return CallUsage(charge: allowance) }
        return Self.before.contains(error.code)
            ? CallUsage.none : nil
    }

    /// Errors of calls that cannot have begun.
    private static let before: Set<String> = [
        "tool.unavailable", "tool.denied", "human_task.rejected", "sandbox.failed", "profile.unknown",
        "expression.failed", "expression.cost",
    ]

    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        guard case .tool(let name, let arguments, _) = assignment.node.kind else {
            return .failed(.wrongKind(assignment.node.kind.name))
        }
        do throws(TaskError) {
            let handles = SecretHandles(assignment.scope)
            let values = try assignment.evaluate(arguments, in: handles)
            let secrets = try await handles.open(in: values, for: assignment.run, settings.secrets)
            let permission = try settings.permission(of: [assignment.node.profile])
            let consent = try consent(to: name, secrets.shown(values), permission, assignment)
            if case .ask(let approval) = consent { return .asks(approval) }
            let isApproved = consent == .given
            return try await call(name, values, secrets, permission, isApproved: isApproved, assignment, cancellation)
        } catch {
            return .failed(error, usage: usage(of: assignment, error))
        }
    }

    private enum Consent: Equatable {
        case notNeeded
        case given
        case ask(CallApproval)
    }

    /// Whether a person has to approve the call, or has.
    ///
    /// - Throws: `human_task.rejected`, `tool.denied`, `validation.failed`, `tool.unavailable`.
    private func consent(
        to name: String,
        _ arguments: JSONValue,
        _ permission: ToolPermission,
        _ assignment: Assignment
    ) throws(TaskError) -> Consent {
        guard !permission.isEmpty else { return .notNeeded }
        switch try settings.verdict(on: name, arguments, permission, of: assignment.run) {
        case .allow: return .notNeeded
        case .deny(let rule): throw .denied(name, by: rule)
        case .ask(let rule):
            let exact = try settings.tools.checkedArguments(for: name, arguments)
            let approval = CallApproval(tool: name, arguments: exact, rule: rule)
            guard let consent = approval.consent(in: assignment.consents) else { return .ask(approval) }
            guard consent.isApproved else { throw consent.refusal }
            return .given
        }
    }

    private func call(
        _ name: String,
        _ values: JSONValue,
        _ secrets: OpenedSecrets,
        _ permission: ToolPermission,
        isApproved: Bool,
        _ assignment: Assignment,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> AttemptOutcome {
        do throws(TaskError) {
            var context = try settings.context(
                for: assignment,
                key: assignment.key,
                timeout: assignment.timeout,
                cancellation
            )
            if !secrets.isEmpty { context.masker = secrets.masker }
            let arguments = try secrets.filled(values)
            let result = try await settings.call(name, arguments, permission, isApproved: isApproved, context: context)
            return .completed(
                secrets.masker.mask(result.output),
                log: result.log.map { secrets.masker.mask($0) },
                usage: usage(of: assignment)
            )
        } catch {
            throw secrets.mask(error)
        }
    }
}

/// Makes the attempts of `http` nodes.
struct HTTPExecutor: NodeExecutor {
    let settings: ExecutionSettings

    func traits(of node: Graph.Node) -> ExecutorTraits {
        guard case .http(let config) = node.kind else { return ExecutorTraits() }
        let method = config.source["method"] ?? "GET"
        return ExecutorTraits(isRead: ["GET", "HEAD", "OPTIONS"].contains(method))
    }

    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        guard case .http(let config) = assignment.node.kind else {
            return .failed(.wrongKind(assignment.node.kind.name))
        }
        do throws(TaskError) {
            let handles = SecretHandles(assignment.scope)
            let values = try assignment.evaluate(config, in: handles)
            let secrets = try await handles.open(in: values, for: assignment.run, settings.secrets)
            do throws(TaskError) {
                return try await send(values, secrets, assignment, cancellation).masked(by: secrets.masker)
            } catch {
                throw secrets.mask(error)
            }
        } catch {
            return .failed(error)
        }
    }

    private func send(
        _ values: JSONValue,
        _ secrets: OpenedSecrets,
        _ assignment: Assignment,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> AttemptOutcome {
        let filled = try secrets.filled(values)
        var call = try HTTPCall(filled)
        // Redirects to other origins go without them.
        for member in values["headers"]?.objectValue ?? [:] where secrets.stands(in: member.value.stringValue ?? "") {
            call.request.credentialHeaders.insert(member.key.lowercased())
        }
        let credential = try await RequestCredential.open(filled["auth"], for: assignment.run, settings.secrets)
        credential?.add(to: &call.request)
        do throws(TaskError) {
            let output = try await call.send(
                by: settings.http,
                idempotencyKey: assignment.key,
                timeout: assignment.timeout ?? .seconds(30),
                cancellation: cancellation
            )
            return .completed(credential?.mask(output) ?? output)
        } catch {
            throw credential?.mask(error) ?? error
        }
    }
}

extension Assignment {
    /// What the other side can recognise a repeat by; `nil` where the node says it takes none.
    fileprivate var key: String? { node.isNonIdempotent ? nil : idempotencyKey }
}

extension AttemptOutcome {
    /// The same without what a masker finds.
    fileprivate func masked(by masker: Masker) -> AttemptOutcome {
        guard !masker.isEmpty, case .completed(let output, let log, let usage) = self else { return self }
        return .completed(masker.mask(output), log: log.map { masker.mask($0) }, usage: usage)
    }
}

extension TaskError {
    fileprivate static func wrongKind(_ kind: String) -> TaskError {
        TaskError(
            code: "internal",
            errorClass: .permanent,
            message: "a node of kind `\(kind)` came to another executor"
        )
    }
}
