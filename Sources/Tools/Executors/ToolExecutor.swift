// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import Engine
internal import Glibc
internal import JSON
internal import Model
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
        return ["tool.unavailable", "sandbox.failed", "expression.failed", "expression.cost"].contains(error.code)
            ? CallUsage.none : nil
    }

    func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        guard case .tool(let name, let arguments, _) = assignment.node.kind else {
            return .failed(.wrongKind(assignment.node.kind.name))
        }
        do throws(TaskError) {
            let values = try assignment.evaluate(arguments)
            let context = try settings.context(for: assignment, cancellation)
            let result = try await settings.tools.call(name, values, context: context)
            return .completed(result.output, log: result.log, usage: usage(of: assignment))
        } catch {
            return .failed(error, usage: usage(of: assignment, error))
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
            let values = try assignment.evaluate(config)
            let call = try HTTPCall(values)
            let credential = try await RequestCredential.open(values["auth"], for: assignment.run, settings.secrets)
            return try await send(call, credential, assignment, cancellation)
        } catch {
            return .failed(error)
        }
    }

    private func send(
        _ call: HTTPCall,
        _ credential: RequestCredential?,
        _ assignment: Assignment,
        _ cancellation: CancellationSignal
    ) async throws(TaskError) -> AttemptOutcome {
        var call = call
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

    fileprivate func evaluate(_ template: ValueTemplate) throws(TaskError) -> JSONValue {
        do {
            return try template.evaluate(in: scope)
        } catch {
            let code = error.cause.code == .cost ? "expression.cost" : "expression.failed"
            throw TaskError(
                code: code,
                errorClass: .permanent,
                message: "`config\(error.pointer)`: \(error.cause.message)"
            )
        }
    }
}

extension ExecutionSettings {
    /// The surroundings of one attempt; makes the run's workspace if it is not there.
    fileprivate func context(
        for assignment: Assignment,
        _ cancellation: CancellationSignal
    ) throws(TaskError) -> ToolContext {
        let folder = workspace(of: assignment.run)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            let reason = String(cString: strerror(errno))
            throw TaskError(
                code: "tool.failed",
                errorClass: errno == ENOSPC ? .transient : .permanent,
                message: "the workspace \(folder) cannot be made: \(reason)"
            )
        }
        return ToolContext(
            workspace: folder,
            http: http,
            idempotencyKey: assignment.key,
            timeout: assignment.timeout ?? .seconds(60),
            cancellation: cancellation,
            sandbox: sandbox
        )
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
