// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// What workflow documents hold (spec 3.2).
enum WorkflowShapes {
    static let document = Shape(
        "the workflow",
        [
            .optional("workflow", .name, "name of the workflow"),
            .optional(
                "version",
                .either([.integer(0...Int.max), .number(0...1e15), .line]),
                "informational; identity is the content hash"
            ),
            .optional("description", .note, "what it is for"),
            .optional("metadata", .shape(metadata), "description, tags, owner and whatever else is useful"),
            .optional(
                "inputs",
                .table(keys: .id, .schema),
                "JSON Schema of each input; required unless it has a default"
            ),
            .optional("outputs", .table(keys: .id, .template([])), "what the run gives, evaluated when it completes"),
            .optional("limits", .shape(limits), "bounds of one run"),
            .optional("concurrency", .shape(concurrency), "runs at a time that share a key"),
            .optional("defaults", .shape(defaults), "for nodes that do not say otherwise"),
            .optional("deadline", .duration(.seconds(1)...Span.year), "longest life of a run, paused time included"),
            .optional("budget", .shape(CommonShapes.budget), "cap for one run"),
            .optional(
                "on_failure",
                .choice(["fail_fast", "drain", "continue", "compensate"]),
                "what an unhandled failure does",
                defaultText: "drain"
            ),
            .optional(
                "wave_mode",
                .choice(["free", "barrier"]),
                "whether waves wait for each other",
                defaultText: "free"
            ),
            .optional("compensation", .shape(compensation), "how completed work is undone"),
            .optional(
                "patch_review",
                .either([.choice(["auto", "human"]), .shape(patchReview)]),
                "whether a person looks at patches that nodes of a run make",
                defaultText: "auto"
            ),
            .required("nodes", .nodes, "what is done"),
            .optional("edges", .edges, "in which order, on which condition"),
            Shape.Field(
                key: "default_timeout",
                type: .number(1...604_800),
                summary: "older spelling of `defaults.timeout`, in seconds",
                isDeprecated: true
            ),
        ]
    )

    static let metadata = Shape(
        "`metadata`",
        .document,
        isOpen: true,
        [
            .optional("name", .name, "name of the workflow, if `workflow` is not the first key"),
            .optional("description", .note, "what it is for"),
        ]
    )

    static let limits = Shape(
        "`limits`",
        [
            .optional("max_parallel", .integer(1...10_000), "tasks in flight at a time"),
            .optional("max_nodes", .integer(1...CommonShapes.nodeLimit), "nodes of the graph, patches included"),
            .optional("max_agent_nodes", .integer(0...CommonShapes.nodeLimit), "agent nodes, patches included"),
            .optional("max_events", .integer(1...10_000_000), "records of history", defaultText: "1000000"),
        ]
    )

    static let concurrency = Shape(
        "`concurrency`",
        [
            .required("key", .textTemplate(limit: 400, []), "what shares the limit"),
            .optional("max", .integer(1...10_000), "runs at a time", default: 1),
            .optional(
                "when_full",
                .choice(["queue", "reject", "cancel_oldest", "cancel_newest"]),
                "what a further run does",
                default: "queue"
            ),
        ]
    )

    static let defaults = Shape(
        "`defaults`",
        [
            .optional(
                "timeout",
                .duration(CommonShapes.timeoutBounds),
                "for kinds that have a limit at all",
                aliases: CommonShapes.timeoutAliases + [.init(key: "default_timeout", unit: .seconds(1))]
            ),
            .optional("retry", .shape(CommonShapes.retry), "how failed attempts are repeated"),
        ]
    )

    static let compensation = Shape(
        "`compensation`",
        [
            .optional("parallel", .flag, "undo siblings of one wave in parallel", default: false)
        ]
    )

    static let patchReview = Shape(
        "`patch_review`",
        [.required("auto_below", .shape(patchBounds), "patches below all of these bounds apply at once")]
    )

    private static let patchBounds = Shape(
        "`auto_below`",
        [
            .optional("usd", .number(0...1_000_000), "what the patch makes the run cost more, at most"),
            .optional("nodes", .integer(1...CommonShapes.nodeLimit), "nodes that the patch adds"),
        ]
    )

    static let edge = Shape(
        "an edge",
        [
            .required("from", .end, "id of the source, or `ID.PORT`"),
            .required("to", .end, "id of the target, or `ID.PORT`"),
            .optional("when", .condition(["output"]), "taken only if this holds, over `output` of the source"),
            .optional("case", .id, "taken only if the branch chose this case"),
            .optional("port", .choice(["break", "limit"]), "taken only if the loop ended for this reason"),
        ]
    )

    /// A JSON Schema with `required` as a flag.
    static let port = Shape(
        "a port",
        .document,
        isOpen: true,
        [.optional("required", .anything, "it must be bound or have a default")]
    )

    static let node = Shape(
        "a node",
        [
            .required("id", .id, "unique in the document"),
            .required("type", .line, "kind of node, or the name of a tool"),
            .optional("name", .note, "shown instead of the id"),
            .optional("description", .note, "what it is for"),
            .optional("config", .anything, "what the kind needs"),
            .optional("inputs", .anything, "other name of the arguments of a tool node"),
            .optional("depends_on", .list(.id), "nodes before this one"),
            .optional("join", CommonShapes.join, "what it waits for", defaultText: "all"),
            .optional("when", .condition([]), "evaluated once when the join is satisfied; false skips the node"),
            .optional("retry", .shape(CommonShapes.retry), "how failed attempts are repeated"),
            .optional(
                "on_exhausted",
                .choice(["fail", "escalate", "pause", "skip", "compensate"]),
                "what the last failed attempt does",
                defaultText: "fail"
            ),
            .optional(
                "timeout",
                .duration(CommonShapes.timeoutBounds),
                "longest one attempt",
                defaultText: "by kind",
                aliases: CommonShapes.timeoutAliases
            ),
            .optional("schedule_timeout", .duration(CommonShapes.timeoutBounds), "longest time from ready to start"),
            .optional("total_timeout", .duration(CommonShapes.timeoutBounds), "longest time of all attempts"),
            .optional("continue_on_failure", .flag, "a failure does not break outgoing edges", defaultText: "false"),
            .optional("compensate", CommonShapes.compensate, "tool calls, or a node, that undo what this node did"),
            .optional(
                "reversible",
                .flag,
                "false: listed as left in place when the run is rolled back",
                defaultText: "true"
            ),
            .optional("group", .id, "transactional group"),
            .optional("phase", .id, "phase the node belongs to"),
            .optional("budget", .shape(CommonShapes.budget), "cap for all attempts"),
            .optional("priority", .integer(0...1000), "lower runs first", defaultText: "500"),
            .optional("concurrency", .shape(CommonShapes.concurrency), "tasks at a time that share a key"),
            .optional(
                "cache",
                .either([.choice(["off"]), .shape(CommonShapes.cache)]),
                "use results again",
                defaultText: "off"
            ),
            .optional("verify", .list(.shape(CommonShapes.check), 0...100), "checks that the output must pass"),
            .optional("queue", .line, "queue that workers serve", defaultText: "by kind"),
            .optional("labels", .table(keys: .text(limit: 32), .text(limit: 128)), "labels that workers must have"),
            .optional("resources", .list(.line, 0...100), "dispatch waits while one of these is offline"),
            .optional(
                "idempotency",
                .choice(["auto", "none"]),
                "none: the effect takes no idempotency key",
                defaultText: "auto"
            ),
            .optional(
                "on_unsupported",
                .choice(["reject", "skip"]),
                "what a missing executor does",
                defaultText: "reject"
            ),
            .optional(
                "ports",
                .table(keys: .id, .shape(port)),
                "typed inputs: a JSON Schema each, with `required`, `default`"
            ),
            .optional("outputs", .table(keys: .id, .schema), "typed outputs that edges can bind"),
        ]
    )
}
