// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What workstack documents hold (spec 3.3).
enum WorkstackShapes {
    static let document: Shape = Shape(
        "the workstack",
        [
            .required("workstack", .name, "name of the workstack"),
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
            .optional(
                "inputs",
                .table(keys: .id, .schema),
                "JSON Schema of each input; required unless it has a default",
                aliases: ["variables"]
            ),
            .optional(
                "outputs",
                .table(keys: .id, .template([])),
                "what the run gives",
                defaultText: "the result of each phase, by its id"
            ),
            .optional("required_agents", .list(.id, 0...100), "agents that must exist"),
            .optional("required_skills", .list(.line, 0...100), "skills that must exist"),
            .optional(
                "timeout",
                .duration(.seconds(1)...Span.year),
                "longest life of a run, paused time included",
                aliases: CommonShapes.timeoutAliases
            ),
            .optional("limits", .shape(WorkflowShapes.limits), "bounds of one run"),
            .optional("concurrency", .shape(WorkflowShapes.concurrency), "runs at a time that share a key"),
            .optional("budget", .shape(CommonShapes.budget), "cap for one run"),
            .optional("parallel_phases", .list(.id, 0...phaseLimit), "phases that may start together"),
            .optional(
                "order",
                .choice(["sequence", "graph"]),
                "graph: phases without `depends_on` start at once",
                defaultText: "sequence"
            ),
            .required("phases", .list(.shape(phase), 1...phaseLimit), "what is done"),
        ]
    )

    /// The most phases.
    static let phaseLimit = 200

    static let phase: Shape = Shape(
        "a phase",
        [
            .required("id", .id, "unique in the workstack"),
            .optional("title", .note, "shown instead of the id", aliases: ["name"]),
            .optional("description", .note, "what it is for"),
            .optional("tools", .list(.shape(toolCall), 0...100), "tools that are called first, one after the other"),
            .optional("agents", .list(.id, 0...10), "agents that work after the tools"),
            .optional(
                "strategy",
                .choice(Graph.Team.Strategy.allCases.map(\.rawValue)),
                "how the agents work together",
                defaultText: "sequential"
            ),
            .optional("parallel", .flag, "short for `strategy: parallel`"),
            .optional("operation", .id, "operation of the agents", aliases: ["agent_operation"]),
            .optional("arguments", .objectTemplate([]), "arguments of the operation", aliases: ["agent_arguments"]),
            .optional(
                "depends_on",
                .list(.id, 0...phaseLimit),
                "phases before this one",
                defaultText: "the phase written before"
            ),
            .optional("condition", .condition([]), "false skips the phase; those that depend on it go on"),
            .optional(
                "rollback",
                .list(.shape(rollbackCall), 0...20),
                "calls that are made in order when the phase fails"
            ),
            .optional(
                "timeout",
                .duration(CommonShapes.timeoutBounds),
                "longest time of the phase",
                aliases: CommonShapes.timeoutAliases
            ),
            .optional("continue_on_failure", .flag, "a failure ends the phase, but not the run", defaultText: "false"),
        ]
    )

    static let toolCall: Shape = Shape(
        "a tool call",
        [
            .required("tool", .line, "name of the tool"),
            .optional("args", .objectTemplate([]), "its arguments"),
            .optional("store_as", .id, "the variable that gets the result"),
            .optional("retries", .integer(0...99), "attempts after the first", defaultText: "by error class"),
            .optional(
                "timeout",
                .duration(CommonShapes.timeoutBounds),
                "longest one attempt",
                defaultText: "60s",
                aliases: CommonShapes.timeoutAliases
            ),
            .optional("compensate", CommonShapes.compensatingCalls, "tool calls that undo what this one did"),
        ]
    )

    private static let rollbackCall = Shape(
        "a tool call",
        [
            .required("tool", .line, "name of the tool"),
            .optional("args", .objectTemplate([]), "its arguments", default: [:]),
        ]
    )

    static let rollback = ValueType.list(.shape(rollbackCall), 0...20)
}
