// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON

/// The operations that clients of the Model Context Protocol are offered (spec 10.5).
extension ServedTool {
    static let operations: [ServedTool] = runs + tasks + people + [workflowValidate]

    // MARK: Runs

    private static let run: JSONValue = [
        "type": "string", "pattern": "^run_[0-9a-hjkmnp-tv-z]{26}$", "description": "The id of a run.",
    ]
    private static let wait: JSONValue = [
        "type": "integer", "minimum": 0, "maximum": 60,
        "description": "Seconds in which the end of the run is waited for.",
    ]

    private static let runs: [ServedTool] = [
        ServedTool(
            name: "run_start",
            description: "Starts a published workflow or workstack by its name, or a document that is given.",
            inputSchema: object(
                [
                    "workflow": ["type": "string", "minLength": 1, "description": "The name of what is published."],
                    "document": ["type": "string", "description": "A workflow in YAML or JSON, instead of a name."],
                    "inputs": ["type": "object", "description": "Values of its inputs."],
                    "project": ["type": "string", "description": "The project that it belongs to."], "wait": wait,
                ],
                oneOf: ["workflow", "document"]
            ),
            isRead: false
        ) { arguments in
            var body = only(["document", "inputs", "project"], of: arguments)
            var path = "/v1/runs"
            if let name = arguments["workflow"]?.stringValue {
                path = ServedTool.path("v1", "workflows", name, "runs")
                body["document"] = nil
            }
            return Request(
                path: path,
                body: JSONValue.object(body).bytes(),
                patience: arguments["wait"]?.intValue
            )
        },
        ServedTool(
            name: "run_status",
            description: "How a run is: its status, outputs, and why it failed.",
            inputSchema: object(["run": run, "wait": wait], required: ["run"]),
            isRead: true
        ) { arguments in
            Request(
                method: "GET",
                path: path("v1", "runs", text("run", arguments), "details"),
                patience: arguments["wait"]?.intValue
            )
        },
        ServedTool(
            name: "run_explain",
            description: "Why a run is where it is, what it waits for, and what can be done.",
            inputSchema: object(["run": run], required: ["run"]),
            isRead: true
        ) { Request(method: "GET", path: path("v1", "runs", text("run", $0), "explain")) },
        ServedTool(
            name: "run_cancel",
            description: "Stops a run for good; what is in flight gets time to stop.",
            inputSchema: object(["run": run, "reason": ["type": "string", "maxLength": 500]], required: ["run"]),
            isRead: false
        ) { arguments in
            Request(
                path: path("v1", "runs", text("run", arguments), "cancel"),
                body: JSONValue.object(only(["reason"], of: arguments)).bytes()
            )
        },
    ]

    // MARK: Tasks

    private static let task: JSONValue = [
        "type": "string", "pattern": .string(TaskID.pattern), "description": "The id of a task.",
    ]
    private static let fence: JSONValue = ["type": "integer", "minimum": 1, "description": "What the claim gave."]

    private static let tasks: [ServedTool] = [
        ServedTool(
            name: "task_list",
            description: "Tasks of runs; with `claimable` only those that may be claimed and done outside.",
            inputSchema: object([
                "run": run, "status": ["type": "string"], "claimable": ["type": "boolean"],
                "limit": ["type": "integer", "minimum": 1, "maximum": 500],
            ]),
            isRead: true
        ) { arguments in
            let limit = arguments["limit"]?.intValue.map { String($0) }
            guard arguments["claimable"] != true else {
                return Request(method: "GET", path: path("/v1/tasks/claimable", [("limit", limit)]))
            }
            let query = [
                ("run", arguments["run"]?.stringValue), ("status", arguments["status"]?.stringValue), ("limit", limit),
            ]
            return Request(method: "GET", path: path("/v1/tasks", query))
        },
        ServedTool(
            name: "task_claim",
            description: "Takes a task; the answer has all that is needed to do it, and the `fence` for what follows.",
            inputSchema: object(
                [
                    "task": task, "worker": ["type": "string"],
                    "ttl": ["type": "string", "description": "How long it lasts, such as 10m."],
                ],
                required: ["task"]
            ),
            isRead: false
        ) { arguments in
            Request(
                path: path("v1", "tasks", text("task", arguments), "claim"),
                body: JSONValue.object(only(["worker", "ttl"], of: arguments)).bytes()
            )
        },
        ServedTool(
            name: "task_detail",
            description: "What a task is, how it is, and what came of it.",
            inputSchema: object(["task": task], required: ["task"]),
            isRead: true
        ) { Request(method: "GET", path: path("v1", "tasks", text("task", $0))) },
        ServedTool(
            name: "task_submit",
            description:
                "Hands in the result of a task that was claimed: its `output`, or the `error` why there is none.",
            inputSchema: object(
                [
                    "task": task, "fence": fence, "output": ["description": "What it gives."],
                    "error": [
                        "type": "object", "description": "`code`, `message`, and `class` for whether to try again.",
                    ],
                ],
                required: ["task", "fence"]
            ),
            isRead: false
        ) { arguments in
            Request(
                path: path("v1", "tasks", text("task", arguments), "result"),
                body: JSONValue.object(only(["fence", "output", "error"], of: arguments)).bytes()
            )
        },
        ServedTool(
            name: "task_release",
            description: "Gives a claimed task back; somebody else may do it.",
            inputSchema: object(["task": task, "fence": fence], required: ["task", "fence"]),
            isRead: false
        ) { arguments in
            Request(
                path: path("v1", "tasks", text("task", arguments), "release"),
                body: JSONValue.object(only(["fence"], of: arguments)).bytes()
            )
        },
    ]

    // MARK: People, documents

    private static let people: [ServedTool] = [
        ServedTool(
            name: "inbox_list",
            description: "What runs ask people and wait for.",
            inputSchema: object(["run": run]),
            isRead: true
        ) { Request(method: "GET", path: path("/v1/human-tasks", [("run", $0["run"]?.stringValue)])) },
        ServedTool(
            name: "inbox_resolve",
            description: "Answers what a run asks, once, in the name of whoever is logged in.",
            inputSchema: object(
                [
                    "request": [
                        "type": "string", "pattern": "^ht_[0-9a-hjkmnp-tv-z]{26}$",
                        "description": "The id of the request.",
                    ], "choice": ["type": "string", "description": "One of its choices, such as approve or reject."],
                    "values": ["type": "object", "description": "Its form."], "comment": ["type": "string"],
                ],
                required: ["request", "choice"]
            ),
            isRead: false
        ) { arguments in
            Request(
                path: path("v1", "human-tasks", text("request", arguments), "resolve"),
                body: JSONValue.object(only(["choice", "values", "comment"], of: arguments)).bytes()
            )
        },
    ]

    private static let workflowValidate = ServedTool(
        name: "workflow_validate",
        description:
            "Says what is wrong with a workflow or workstack, where, and how to repair it. Stores and runs nothing.",
        inputSchema: object(
            ["document": ["type": "string", "minLength": 1, "description": "The document in YAML or JSON."]],
            required: ["document"]
        ),
        isRead: true
    ) { Request(path: "/v1/validate", body: Array(text("document", $0).utf8), type: "application/yaml") }

    // MARK: Parts

    private static func object(
        _ properties: JSONObject,
        required: [String] = [],
        oneOf: [String] = []
    ) -> JSONValue {
        var schema: JSONObject = ["type": "object", "properties": .object(properties), "additionalProperties": false]
        if !required.isEmpty { schema["required"] = .array(required.map(JSONValue.string)) }
        if !oneOf.isEmpty { schema["oneOf"] = .array(oneOf.map { ["required": [.string($0)]] }) }
        return .object(schema)
    }

    private static func text(_ name: String, _ arguments: JSONObject) -> String { arguments[name]?.stringValue ?? "" }

    private static func only(_ names: [String], of arguments: JSONObject) -> JSONObject {
        var result = JSONObject()
        for name in names { result[name] = arguments[name] }
        return result
    }
}
