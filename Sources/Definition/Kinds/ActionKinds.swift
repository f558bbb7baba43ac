// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Kinds that call something outside: `agent`, `tool`, `http`, `function`, `workflow`, `signal`.
extension NodeTypeDescription {
    static let agent = Self(
        label: "Agent",
        category: .action,
        icon: "agent",
        summary: "Lets an agent work on a prompt with its tools",
        timeout: .seconds(600),
        config: Shape(
            "the config of `agent`",
            .config,
            groups: [.init(keys: ["agent", "agents", "match"])],
            [
                .optional("agent", .computed(.id, []), "the agent"),
                .optional("agents", .list(.id, 1...10), "several agents that work by a strategy"),
                .optional(
                    "strategy",
                    .choice(Graph.Team.Strategy.allCases.map(\.rawValue)),
                    "how several agents work together; `sequential` when missing"
                ),
                .optional(
                    "min_succeeded",
                    .integer(1...10),
                    "so many have to succeed under `parallel`; all when missing"
                ),
                .optional("threshold", .number(0...1), "the share that the answer of a `vote` needs; 0.5 when missing"),
                .optional(
                    "rounds",
                    .integer(0...5),
                    "how often they see each other's answers under `consensus`; 2 when missing"
                ),
                .optional("match", .shape(agentMatch), "chooses agents by what they can do"),
                .optional("operation", .id, "an operation of the agent"),
                .optional("prompt", .textTemplate(limit: 50_000, []), "what to do"),
                .optional("arguments", .objectTemplate([]), "arguments of the operation"),
                .optional("context", .shape(agentContext), "outputs that are put before the prompt"),
                .optional("tools", .list(.line, 0...200), "tools the agent may call; its own when missing"),
                .optional("skills", .list(.line, 0...50), "skills that are active for this call"),
                .optional("tier", .choice(["local", "small", "medium", "large"]), "cost class of the model"),
                .optional("model", .line, "a model by name"),
                .optional("temperature", .number(0...2), "sampling temperature; sent only when set"),
                .optional("max_output_tokens", .integer(1...200_000), "most LLM tokens of one answer", default: 4096),
                .optional(
                    "batch",
                    .flag,
                    "true: models may answer within a day, for less; the task waits meanwhile"
                ),
                .optional("max_rounds", .integer(1...200), "most rounds of model and tools", default: 10),
                .optional("history_rounds", .integer(1...50), "rounds that stay whole in the prompt", default: 4),
                .optional("output_schema", .schema, "JSON Schema of the answer; the output is then the value itself"),
                .optional(
                    "claims",
                    .choice(["trust", "verify"]),
                    "verify: what the answer says was done has to have been done by a tool; trust when missing"
                ),
                .optional(
                    "respond",
                    .choice(["text", "tool"]),
                    "tool: the answer is given by calling the tool `respond`; text when missing"
                ),
                .optional("session", .textTemplate(limit: 200, []), "the conversation this call belongs to"),
                .optional(
                    "can_patch",
                    .either([.flag, .shape(patchRight)]),
                    "may the agent patch its own run",
                    default: false
                ),
                .optional(
                    "repository",
                    .textTemplate(limit: 4096, []),
                    "the git repository in whose working tree an agent that is a program works"
                ),
                .optional("base", .textTemplate(limit: 500, []), "the revision it begins from; HEAD when missing"),
                .optional("profile", .line, "what the agent is permitted"),
                .optional("approve_tools", .list(.line, 0...200), "tools that a person approves before each call"),
            ]
        )
    )

    private static let agentMatch = Shape(
        "`match`",
        .config,
        [
            .required("capabilities", .list(.line, 1...50), "what has to be covered"),
            .optional("prefer", .list(.id, 0...50), "agents that are preferred"),
            .optional("max_agents", .integer(1...10), "most agents that are chosen", default: 1),
        ]
    )

    private static let agentContext = Shape(
        "`context`",
        .config,
        [
            .optional("from", .list(.id, 0...1000), "nodes whose outputs are forwarded"),
            .optional("max_chars", .integer(0...50_000), "most characters in all", default: 2000),
        ]
    )

    private static let patchRight = Shape(
        "`can_patch`",
        .config,
        [
            .optional("max_agent_nodes", .integer(0...1000), "most agent nodes one patch may add", default: 5),
            .optional("paths", .list(.line, 0...100), "paths that may change"),
            .optional(
                "ops",
                .list(.choice(["add", "remove", "replace", "test"]), 0...4),
                "operations that are allowed"
            ),
        ]
    )

    static let tool = Self(
        label: "Tool",
        category: .action,
        icon: "tool",
        summary: "Calls a registered tool",
        timeout: .seconds(60),
        config: Shape(
            "the config of `tool`",
            .config,
            [
                .required("tool", .line, "name of the tool"),
                .optional("args", .objectTemplate([]), "its arguments; bounds come from the tool's own schema"),
                .optional("store_as", .id, "the variable that gets the result"),
                .optional("profile", .line, "what the call is permitted"),
            ]
        )
    )

    static let http = Self(
        label: "HTTP",
        category: .action,
        icon: "http",
        summary: "Sends an HTTP request",
        timeout: .seconds(30),
        outputs: ["status", "headers", "body", "url", "duration_ms"],
        config: Shape(
            "the config of `http`",
            .config,
            [
                .optional(
                    "method",
                    .choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
                    "the method",
                    default: "GET"
                ),
                .required("url", .textTemplate(limit: 8192, []), "where to"),
                .optional("query", .objectTemplate([]), "added to the URL"),
                .optional("headers", .objectTemplate([]), "headers of the request"),
                .optional("body", .template([]), "JSON, text, `{blob: HASH}` or `{form: {…}}`"),
                .optional("auth", .shape(auth), "credentials from a secret"),
                .optional("expect", .shape(expect), "what counts as success", default: ["status": ["2xx"]]),
                .optional(
                    "parse",
                    .choice(["auto", "json", "text", "bytes"]),
                    "how the body is read",
                    default: "auto"
                ),
                .optional("redirects", .integer(0...5), "most redirects that are followed", default: 0),
                .optional("max_bytes", .integer(1...1 << 30), "longest body", default: 10_485_760),
                .optional("profile", .line, "permission to reach private hosts"),
            ]
        )
    )

    private static let auth = Shape(
        "`auth`",
        .config,
        [
            .required("secret", .line, "name of the secret"),
            .optional("scheme", .choice(["bearer", "basic", "header"]), "how it is sent", default: "bearer"),
            .optional("header", .line, "the header for `scheme: header`"),
        ]
    )

    private static let status = ValueType.either([
        .integer(100...599), .choice(["1xx", "2xx", "3xx", "4xx", "5xx"]),
    ])

    private static let expect = Shape(
        "`expect`",
        .config,
        [
            .optional("status", .either([.list(status, 1...50), status]), "numbers, or texts such as `2xx`"),
            .optional("schema", .schema, "JSON Schema of the body"),
        ]
    )

    static let function = Self(
        label: "Function",
        category: .action,
        icon: "function",
        summary: "Calls a built-in or registered function",
        timeout: .seconds(60),
        config: Shape(
            "the config of `function`",
            .config,
            [
                .required("function", .line, "name of the function"),
                .optional("args", .objectTemplate([]), "its arguments", default: [:]),
            ]
        )
    )

    static let workflow = Self(
        label: "Workflow",
        category: .action,
        icon: "workflow",
        summary: "Runs another workflow as a child",
        aliases: ["child"],
        timeout: nil,
        config: Shape(
            "the config of `workflow`",
            .config,
            [
                .required(
                    "workflow",
                    .either([.text(limit: 300), .document]),
                    "`NAME@TAG`, a hash, or a whole workflow document"
                ),
                .optional("inputs", .objectTemplate([]), "inputs of the child", default: [:]),
                .optional("detach", .flag, "go on without waiting for the child", default: false),
                .optional("budget", .shape(CommonShapes.budget), "cap for the child"),
                .optional(
                    "on_parent_close",
                    .choice(["cancel", "abandon", "wait"]),
                    "what becomes of the child when this run ends",
                    default: "cancel"
                ),
            ]
        )
    )

    static let signal = Self(
        label: "Signal",
        category: .action,
        icon: "signal",
        summary: "Sends a signal to runs",
        timeout: .seconds(10),
        outputs: ["delivered"],
        config: Shape(
            "the config of `signal`",
            .config,
            [
                .required("type", .line, "type of the signal"),
                .optional(
                    "to",
                    .textTemplate(limit: 400, []),
                    "`run:ID`, `workflow:NAME#KEY`, `project`, `broadcast`",
                    default: "project"
                ),
                .optional("payload", .template([]), "what it carries, at most 256 KiB"),
                .optional("dedupe_key", .textTemplate(limit: 400, []), "a second signal with this key is dropped"),
            ]
        )
    )
}
