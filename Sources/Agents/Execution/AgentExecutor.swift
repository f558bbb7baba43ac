// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
public import Engine
internal import JSON
public import Model
public import Store
public import Threads
public import Tools

/// Makes the attempts of `agent` nodes.
public struct AgentExecutor: NodeExecutor {
    let settings: ExecutionSettings
    private let agents: AgentRegistry
    private let models: AgentModels
    private let expected: Expectation
    private let pins: PromptPins?

    /// What an execution of the node of an attempt is expected to cost at most; `nil` when nobody knows.
    public typealias Expectation = @Sendable (Assignment) async -> Money?

    /// An executor whose agents call the tools of the settings.
    ///
    /// - Parameters:
    ///   - prompts: Where runs keep what agents and skills were when they first used them; without it each task takes them as
    ///     they are.
    ///   - expected: An attempt that costs more than twice that is stopped.
    public init(
        settings: ExecutionSettings,
        agents: AgentRegistry,
        models: AgentModels,
        prompts: (any PromptStore)? = nil,
        expected: @escaping Expectation = { _ in nil }
    ) {
        (self.settings, self.agents, self.models, self.expected) = (settings, agents, models, expected)
        pins = prompts.map(PromptPins.init)
    }

    /// Goes on where the steps of the task end, until it is done, failed, or short of money.
    public func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
        do throws(TaskError) {
            let task = try await task(of: assignment, try await settings.knowledge(for: assignment))
            try agents.begin(task.record)
            let outcome = await make(task, assignment, cancellation)
            switch outcome {
            case .completed: agents.end(task.record.id, nil)
            case .failed(let error, _, _): agents.end(task.record.id, error)
            case .starved, .awaits, .asks, .checked: agents.stop(task.record.id)
            }
            return outcome
        } catch {
            return .failed(error)
        }
    }

    private func task(of assignment: Assignment, _ knowledge: String?) async throws(TaskError) -> AgentTask {
        guard case .agent(let template) = assignment.node.kind else {
            throw TaskError(code: "internal", errorClass: .permanent, message: "no attempt of an agent")
        }
        let config = try assignment.evaluate(template)
        var (roster, skills) = (agents.roster, agents.skills)
        if let pins { (roster, skills) = try await pins.staff(config, of: assignment.run, roster, skills) }
        return try AgentTask(
            config,
            node: Self.writtenID(assignment.node.id),
            cacheKey: assignment.idempotencyKey,
            context: assignment.forwardedOutputs,
            knowledge: knowledge,
            guidance: assignment.guidance,
            feedback: assignment.feedback,
            roster: roster,
            skills: skills,
            registry: settings.tools,
            permits: { profiles, approvals throws(TaskError) in
                try settings.permission(of: profiles, approving: approvals)
            }
        )
    }

    /// The node as the document has it: of several agents each has a node that stands in none.
    private static func writtenID(_ id: String) -> String { id.hasSuffix(":agent") ? String(id.dropLast(6)) : id }

    private func make(
        _ given: AgentTask,
        _ assignment: Assignment,
        _ cancellation: CancellationSignal
    ) async -> AttemptOutcome {
        guard let control = assignment.control else {
            return .failed(TaskError(code: "internal", errorClass: .permanent, message: "nobody hears the attempt"))
        }
        do throws(TaskError) {
            let setup = try await models.setup()
            var task = given
            let wish = try setup.wish(model: task.model, tier: task.tier)
            task.thread = try await thread(of: task, assignment, window: models.window(of: wish, setup))
            if let program = task.record.program {
                if let rule = task.permission.ruleAboutCalls {
                    throw TaskError(
                        code: "agent.unsupported",
                        errorClass: .permanent,
                        message: "\(rule) cannot be carried out: the agent is a program, whose calls nobody sees"
                    )
                }
                var run = CLIRun(
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
                agents: agents,
                models: models,
                setup: setup,
                wish: wish,
                cancellation: cancellation
            )
            run.expected = await expected(assignment)
            return await run.run()
        } catch {
            return .failed(error)
        }
    }
}
