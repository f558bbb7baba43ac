// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What plan documents hold (spec 3.5). How many tasks there are and which sections the rigor asks for has codes of
/// its own, so that ``PlanLinter`` says it.
enum PlanShapes {
    static let document: Shape = Shape(
        "the plan",
        [
            .required("plan", .name, "name of the plan"),
            .optional(
                "version",
                .either([.integer(0...Int.max), .number(0...1e15), .line]),
                "informational; identity is the content hash"
            ),
            .optional("description", .note, "what it is for"),
            .optional(
                "metadata",
                .shape(WorkflowShapes.metadata),
                "description, tags, owner and whatever else you like"
            ),
            .optional("rigor", .choice(PlanRigor.allCases.map(\.rawValue)), "how thorough the plan is", default: "L1"),
            .optional(
                "requirements",
                .table(keys: .id, .either([.text(limit: 50_000), .shape(requirement)])),
                "what has to be met, by its label"
            ),
            .optional("phases", .list(.shape(phase), 0...200), "named groups of tasks"),
            .optional("open_questions", .list(.shape(question), 0...100), "what people have to decide"),
            .optional("risks", .list(.shape(risk), 0...100), "what may go wrong"),
            .optional("test_strategy", .shape(testStrategy), "how the result is tested"),
            .optional(
                "serialize",
                .flag,
                "tasks that write the same paths run one after the other; false: they are refused",
                default: true
            ),
            .optional("limits", .shape(WorkflowShapes.limits), "bounds of one run"),
            .optional("deadline", .duration(.seconds(1)...Span.year), "longest life of a run, paused time included"),
            .optional("budget", .shape(CommonShapes.budget), "cap for one run"),
            .optional(
                "on_failure",
                .choice(["fail_fast", "drain", "continue", "compensate"]),
                "what an unhandled failure does",
                defaultText: "continue"
            ),
            .optional(
                "wave_mode",
                .choice(["free", "barrier"]),
                "whether waves wait for each other",
                defaultText: "free"
            ),
            .optional("tasks", .list(.shape(task)), "what is done: 1 to 200 tasks"),
        ]
    )

    static let requirement: Shape = Shape(
        "a requirement",
        [
            .required("text", .text(limit: 50_000), "what has to be met"),
            .optional("kind", .choice(["functional", "constraint", "quality"]), "what it is about"),
            .optional("priority", .choice(["must", "should", "could"]), "how much it matters", default: "must"),
            .optional("source", .anything, "where it was taken from"),
        ]
    )

    static let phase: Shape = Shape(
        "a phase",
        [
            .required("id", .id, "the id that tasks name"),
            .optional("title", .note, "shown instead of the id"),
            .optional("description", .note, "what it is for"),
        ]
    )

    static let question: Shape = Shape(
        "an open question",
        [
            .optional("id", .id, "names the decision", defaultText: "Q1, Q2, …"),
            .required("question", .text(limit: 2000), "what has to be decided"),
            .optional("proposed_answer", .note, "taken when nobody decides otherwise"),
            .optional("impact", .note, "what depends on it"),
            .optional(
                "blocks",
                .list(.either([.id, .integer(0...Int.max)]), 0...200),
                "tasks that wait for the answer"
            ),
        ]
    )

    static let risk: Shape = Shape(
        "a risk",
        [
            .required("risk", .note, "what may happen"),
            .optional("likelihood", .line, "how likely it is"),
            .optional("impact", .note, "what it would do"),
            .optional("mitigation", .note, "what is done about it"),
        ]
    )

    static let testStrategy: Shape = Shape(
        "`test_strategy`",
        [
            .optional("approach", .note, "how the result is tested"),
            .optional("test_tasks", .list(.either([.id, .integer(0...Int.max)]), 0...200), "tasks that test"),
            .optional("coverage_notes", .note, "what is and what is not covered"),
        ]
    )

    static let task: Shape = Shape(
        "a task",
        [
            .required("key", .id, "unique in the plan; the id of the node"),
            .required("title", .note, "what is done"),
            .optional("intent", .note, "what it is for"),
            .optional("type", .choice(PlanTask.Kind.allCases.map(\.rawValue)), "kind of work", default: "code"),
            .optional("complexity", .choice(PlanTask.complexities), "chooses the tier of the model", default: "medium"),
            .optional("tier", .choice(PlanTask.tiers), "cost class of the model", defaultText: "by complexity"),
            .optional("role", .id, "the agent that does it", defaultText: "by capability, else by type"),
            .optional("capability", .line, "what an agent must be able to do"),
            .optional("requires", .list(.id, 0...1000), "requirements that it serves"),
            .optional("phase", .id, "phase it belongs to"),
            .optional(
                "depends_on",
                .list(.anything, 0...200),
                "tasks before this one: keys, or positions counted from 0"
            ),
            .optional("inputs", .objectTemplate([]), "values for the agent"),
            .optional("outputs", .list(.shape(output), 0...50), "values that the task gives"),
            .optional("tools", .list(.line, 0...200), "tools the agent may call; its own when missing"),
            .optional("writes", .list(.text(limit: 400), 0...50), "paths that it writes, with `*` and `**`"),
            .optional("estimate", .shape(estimate), "what it will take"),
            .optional("verify", .list(.shape(CommonShapes.check), 0...100), "checks that the result must pass"),
            .optional(
                "reversible",
                .flag,
                "false: what it does cannot be taken back, so that it needs `compensate` or a check by a person",
                defaultText: "true"
            ),
            .optional("compensate", CommonShapes.compensate, "tool calls, or a task, that undo what this task did"),
            .optional("priority", .integer(1...10), "10 comes first", defaultText: "5"),
        ]
    )

    private static let output = Shape(
        "an output",
        [
            .required("name", .id, "its name"),
            .optional("schema", .schema, "JSON Schema of the value", default: true),
        ]
    )

    static let estimate: Shape = Shape(
        "`estimate`",
        [
            .optional("llm_tokens", .integer(0...1_000_000_000_000), "LLM tokens"),
            .optional("usd", .money, "money"),
            .optional("minutes", .number(0...1_000_000), "time"),
        ]
    )
}
