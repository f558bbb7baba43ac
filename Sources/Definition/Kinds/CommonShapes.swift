// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model

/// Spans that serve as bounds.
enum Span {
    static let day = Duration.seconds(86_400)
    static let year = Duration.seconds(366 * 86_400)
}

/// Shapes that several documents share (spec 3.2, 3.8, 9.7).
enum CommonShapes {
    static let timeoutBounds = Duration.seconds(1)...(Span.day * 7)
    static let timeoutAliases: [Shape.Alias] = [
        .init(key: "timeout_ms", unit: .milliseconds(1)), .init(key: "timeout_secs", unit: .seconds(1)),
    ]
    /// The most nodes of a graph.
    static let nodeLimit = 100_000
    /// The most edges of a graph.
    static let edgeLimit = 1_000_000

    static let budget = Shape(
        "`budget`",
        [
            .optional("usd", .money, "most that may be spent"),
            .optional("llm_tokens", .integer(1...1_000_000_000_000), "most LLM tokens that may be used"),
        ]
    )

    static let retry = Shape(
        "`retry`",
        [
            .optional(
                "max_attempts",
                .integer(1...100),
                "all attempts, the first included",
                defaultText: "by error class"
            ),
            .optional(
                "delay",
                .duration(.zero...Span.day / 24),
                "wait after the first failed attempt",
                defaultText: "by error class",
                aliases: [.init(key: "backoff_ms", unit: .milliseconds(1))]
            ),
            .optional(
                "multiplier",
                .number(1...10),
                "factor from wait to wait",
                defaultText: "2",
                aliases: ["backoff_multiplier"]
            ),
            .optional("max_delay", .duration(.zero...Span.day), "longest wait", defaultText: "by error class"),
            .optional("jitter", .number(0...1), "largest random part of a wait", defaultText: "0.1"),
            .optional(
                "on",
                .list(.choice(["transient", "upstream", "permanent"]), 0...3),
                "classes that are tried again",
                defaultText: "transient, upstream"
            ),
            .optional("when", .condition(["error", "attempt"]), "try again only if this holds"),
            .optional("max_elapsed", .duration(.zero...Span.year), "no attempt starts later than this"),
        ]
    )

    static let toolCall = Shape(
        "a tool call",
        [
            .required("tool", .line, "name of the tool"),
            .optional("args", .objectTemplate(["output"]), "its arguments"),
        ]
    )

    static let compensate = ValueType.either([
        .shape(toolCall), .list(.shape(toolCall), 1...20), .id,
    ])

    /// Where nodes have no ids of their own.
    static let compensatingCalls = ValueType.either([.shape(toolCall), .list(.shape(toolCall), 1...20)])

    static let concurrency = Shape(
        "`concurrency`",
        [
            .required("key", .textTemplate(limit: 400, []), "what shares the limit"),
            .optional("max", .integer(1...10_000), "most at a time", default: 1),
        ]
    )

    static let cache = Shape(
        "`cache`",
        [
            .required("ttl", .duration(.seconds(1)...Span.year), "how long a result is used again"),
            .optional("scope", .choice(["run", "workflow", "project"]), "who shares it", default: "project"),
        ]
    )

    static let join = ValueType.either([
        .choice(["all", "any", "done"]),
        .shape(Shape("`join`", [.required("quorum", .integer(1...nodeLimit), "edges that must be taken")])),
    ])

    /// A check of spec 9.7.
    static let check = Shape(
        "a check",
        .document,
        variants: .init(
            key: "kind",
            words: [
                ("command", ["run!"]), ("file", ["path!", "hash", "size", "pattern"]),
                ("http", ["url!", "method", "headers", "body", "expect"]), ("schema", ["schema!"]),
                ("expr", ["expr!"]), ("diff", ["writes!"]), ("judge", ["criteria!", "tier"]),
                ("human", ["message", "assignees"]),
            ]
        ),
        [
            .required(
                "kind",
                .choice(["command", "file", "http", "schema", "expr", "diff", "judge", "human"]),
                "what is checked"
            ),
            .optional("name", .line, "shown to people"),
            .optional("run", .list(.textTemplate(limit: 4096, ["output"]), 1...256), "command: program and arguments"),
            .optional("path", .textTemplate(limit: 4096, ["output"]), "file: where"),
            .optional("hash", .line, "file: `sha256:…`"),
            .optional("size", .integer(0...Int.max), "file: least size in bytes"),
            .optional("pattern", .note, "file: regular expression that the content matches"),
            .optional(
                "method",
                .choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
                "http: the method"
            ),
            .optional("url", .textTemplate(limit: 8192, ["output"]), "http: where"),
            .optional("headers", .objectTemplate(["output"]), "http: headers"),
            .optional("body", .template(["output"]), "http: body"),
            .optional("expect", .shape(checkExpect), "http: what counts as success"),
            .optional("schema", .schema, "schema: JSON Schema of the output"),
            .optional("expr", .condition(["output"]), "expr: over `output`"),
            .optional("writes", .list(.line, 1...100), "diff: paths that may change"),
            .optional("criteria", .textTemplate(limit: 8192, ["output"]), "judge: what must hold"),
            .optional("tier", .choice(["local", "small", "medium", "large"]), "judge: cost class of the model"),
            .optional("message", .textTemplate(limit: 8192, ["output"]), "human: the question"),
            .optional("assignees", .list(.line, 0...50), "human: who is asked"),
            .optional("timeout", .duration(timeoutBounds), "how long the check may take"),
        ]
    )

    private static let checkExpect = Shape(
        "`expect`",
        [
            .optional(
                "status",
                .either([.integer(100...599), .choice(["1xx", "2xx", "3xx", "4xx", "5xx"])]),
                "the status"
            ),
            .optional("schema", .schema, "JSON Schema of the body"),
            .optional("expr", .condition(["body", "status", "headers"]), "over `status`, `headers` and `body`"),
        ]
    )
}
