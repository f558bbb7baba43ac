// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Kinds that decide the way: `branch`, `loop`, `map`, `join`, `wait`; and `human`.
extension NodeTypeDescription {
    static let branch = Self(
        label: "Branch",
        category: .control,
        icon: "branch",
        summary: "Chooses one way: the first case that holds",
        aliases: ["conditional"],
        timeout: .seconds(5),
        outputs: ["case", "index"],
        config: Shape(
            "the config of `branch`",
            .config,
            [
                .required("cases", .list(.shape(branchCase), 1...1000), "the ways, in order"),
                .optional("default", .either([.id, .null]), "the case that is chosen when none holds"),
                .optional(
                    "on_error",
                    .choice(["fail", "default", "next"]),
                    "what an error in a condition does",
                    default: "fail"
                ),
            ]
        )
    )

    private static let branchCase = Shape(
        "a case",
        .config,
        [
            .required("name", .id, "the name that edges use"),
            .required("when", .condition([]), "first true one wins"),
        ]
    )

    static let loop = Self(
        label: "Loop",
        category: .control,
        icon: "loop",
        summary: "Repeats a body while or until a condition holds",
        timeout: .seconds(3600),
        outputs: ["iterations", "last", "results", "reason"],
        config: Shape(
            "the config of `loop`",
            .config,
            groups: [.init(keys: ["body", "back_to"]), .init(keys: ["while", "until"], isRequired: false)],
            [
                .optional("body", .shape(body), "what is repeated"),
                .optional("back_to", .id, "the node where the repeated region begins", aliases: ["loop_back_to"]),
                .optional("while", .condition(passVariables), "goes on as long as it holds", aliases: ["condition"]),
                .optional("until", .condition(passVariables), "ends when it holds"),
                Shape.Field(
                    key: "max_iterations",
                    type: .integer(1...10_000),
                    summary: "most passes",
                    isRequired: true,
                    missingCode: .unboundedLoop
                ),
                .optional("delay", .duration(.zero...Span.day), "wait between passes", default: 0),
                .optional(
                    "on_limit",
                    .choice(["fail", "continue"]),
                    "what the last allowed pass does",
                    default: "fail"
                ),
                .optional("collect", .flag, "keep the output of every pass in `results`", default: false),
                .optional("break_path", .id, "node that follows when the condition ended the loop"),
                .optional("timeout_path", .id, "node that follows when the limit ended it"),
            ]
        )
    )

    /// What the condition of a loop can see beside the rest: the pass and the body.
    static let passVariables = ["iteration", "last"]

    /// A graph inside a node.
    static let body = Shape(
        "`body`",
        .config,
        [
            .required("nodes", .nodes, "nodes of the body"),
            .optional("edges", .edges, "edges of the body"),
            .optional("output", .template([]), "what one pass gives; the output of the last node when missing"),
        ]
    )

    static let map = Self(
        label: "Map",
        category: .control,
        icon: "map",
        summary: "Runs a body or a workflow for every item of a list",
        timeout: .seconds(3600),
        outputs: ["results", "failed"],
        config: Shape(
            "the config of `map`",
            .config,
            groups: [.init(keys: ["body", "workflow"])],
            [
                .required(
                    "items",
                    .computed(.either([.list(.template([]), 0...1_000_000), .shape(blob)]), []),
                    "a list, or a blob of JSON lines"
                ),
                .optional("as", .id, "the variable that holds the item", default: "item"),
                .optional("body", .shape(body), "what runs for each item"),
                .optional("workflow", .either([.text(limit: 300), .document]), "the workflow that runs for each item"),
                .optional("inputs", .objectTemplate(["item", "index"]), "inputs of that workflow"),
                .optional("max_parallel", .integer(1...1000), "most items at a time", default: 10),
                .optional("batch", .integer(1...1000), "items that one task takes", default: 1),
                .optional(
                    "on_item_failure",
                    .choice(["fail", "collect", "ignore"]),
                    "what a failed item does",
                    default: "fail"
                ),
                .optional("max_failed", .integer(0...1_000_000), "failed items that are borne", default: 0),
            ]
        )
    )

    private static let blob = Shape(
        "a blob",
        .config,
        [
            .required("blob", .textTemplate(limit: 200, []), "its hash: `sha256:…`")
        ]
    )

    static let join = Self(
        label: "Join",
        category: .control,
        icon: "join",
        summary: "Waits for others and gives a map of their outputs",
        aliases: ["parallel", "gate"],
        timeout: nil,
        config: Shape(
            "the config of `join`",
            .config,
            [
                .optional("mode", .choice(["all", "any", "done", "quorum"]), "what it waits for; the node's `join`"),
                .optional("n", .integer(1...100_000), "edges of a quorum"),
                .optional("cancel_rest", .flag, "cancels tasks that feed only this join once it ran", default: false),
            ]
        )
    )

    static let wait = Self(
        label: "Wait",
        category: .control,
        icon: "wait",
        summary: "Waits for a span, a point in time or a signal",
        timeout: nil,
        outputs: ["fired_at", "signal"],
        config: Shape(
            "the config of `wait`",
            .config,
            groups: [.init(keys: ["for", "until", "signal"])],
            [
                .optional("for", .textTemplate(limit: 2000, []), "a duration"),
                .optional("until", .textTemplate(limit: 2000, []), "a point in time: RFC 3339"),
                .optional("signal", .shape(awaitedSignal), "a signal"),
                .optional("timeout", .duration(.seconds(1)...Span.year), "how long a signal is waited for"),
                .optional("on_timeout", .choice(["fail", "continue"]), "what happens then", default: "fail"),
            ]
        )
    )

    private static let awaitedSignal = Shape(
        "`signal`",
        .config,
        [
            .required("type", .line, "type of the signal"),
            .optional("key", .textTemplate(limit: 400, []), "only signals with this key"),
            .optional("where", .condition(["signal"]), "only signals for which this holds"),
        ]
    )

    static let human = Self(
        label: "Human",
        category: .human,
        icon: "human",
        summary: "Asks a person and holds nothing while it waits",
        aliases: ["hitl", "approval"],
        timeout: nil,
        outputs: ["approved", "choice", "values", "comment", "by", "at"],
        config: Shape(
            "the config of `human`",
            .config,
            [
                .optional(
                    "kind",
                    .choice(["approval", "decision", "review", "escalation"]),
                    "what is asked for",
                    default: "approval"
                ),
                .optional("title", .textTemplate(limit: 2000, []), "one line; the id of the node when missing"),
                .optional("message", .textTemplate(limit: 8192, []), "the question", default: ""),
                .optional("choices", .list(.either([.id, .shape(choice)]), 1...50), "what can be answered"),
                .optional("form", .schema, "JSON Schema of values that are asked for"),
                .optional("assignees", .list(.line, 0...50), "`user:ID`, `role:NAME` or `owner`", default: []),
                .optional("quorum", .integer(1...50), "people who must agree", default: 1),
                .optional(
                    "deadline",
                    .duration(.seconds(60)...Span.year),
                    "how long people have",
                    default: 86_400_000,
                    defaultText: "24h"
                ),
                .optional(
                    "remind",
                    .list(.duration(.seconds(1)...Span.year), 0...20),
                    "spans after which people are reminded"
                ),
                .optional("evidence", .list(.template([]), 0...100), "what people should see"),
                .optional(
                    "on_expire",
                    .line,
                    "`fail`, `approve`, `reject`, `skip`, `choice:ID` or `escalate:ROLE`",
                    default: "fail"
                ),
            ]
        )
    )

    private static let choice = Shape(
        "a choice",
        .config,
        [
            .required("id", .id, "what the output holds"),
            .optional("label", .line, "shown to people"),
            .optional(
                "effect",
                .line,
                "what it does, shown to people; `approve` and `reject` decide the output's `approved`"
            ),
        ]
    )
}
