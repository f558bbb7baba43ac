// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
public import Engine
internal import JSON
internal import Model
public import Threads
public import Tools

/// Makes the attempts of `agent` nodes.
public struct AgentExecutor: NodeExecutor {
    private let settings: ExecutionSettings
    private let roster: AgentRoster
    private let models: AgentModels

    /// An executor whose agents call the tools of the settings.
    public init(settings: ExecutionSettings, roster: AgentRoster, models: AgentModels) {
        (self.settings, self.roster, self.models) = (settings, roster, models)
    }

    /// Goes on where the steps of the task end, until it is done, failed, or short of money.
    public func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        guard case .agent(let template) = assignment.node.kind, let control = assignment.control else {
            return .failed(TaskError(code: "internal", errorClass: .permanent, message: "no attempt of an agent"))
        }
        do throws(TaskError) {
            let task = try AgentTask(
                try assignment.evaluate(template),
                node: assignment.node.id,
                cacheKey: assignment.idempotencyKey,
                context: assignment.forwardedOutputs.map { AgentContext.Block(node: $0.node, value: $0.output) },
                guidance: assignment.guidance,
                roster: roster,
                registry: settings.tools
            )
            let setup = try await models.setup()
            let wish = try setup.wish(model: task.model, tier: task.tier)
            if let program = task.record.program {
                let run = CLIRun(
                    task: task,
                    program: program,
                    assignment: assignment,
                    control: control,
                    settings: settings,
                    models: models,
                    setup: setup,
                    wish: wish,
                    cancellation: cancellation
                )
                return await run.run()
            }
            var run = AgentRun(
                task: task,
                assignment: assignment,
                control: control,
                settings: settings,
                models: models,
                setup: setup,
                wish: wish,
                cancellation: cancellation
            )
            return await run.run()
        } catch {
            return .failed(error)
        }
    }
}
