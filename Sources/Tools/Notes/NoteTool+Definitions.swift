// Baton
// SPDX-License-Identifier: Apache-2.0

internal import AgentMemory
internal import JSON

extension NoteTool {
    /// All of them.
    static let all: [NoteTool] = memory + contexts + thinking

    private static let scope = Schema.choice(
        ["session", "project", "agent"],
        "Whose memory: that of this session or run, of the project, or your own in all of them",
        default: "session"
    )
    private static let ttl = Schema.text(
        "How long it is kept, such as 30m or 7d; for as long as the session by default"
    )
    private static let key = Schema.text("What it is called, such as user/language")
    private static let tags = Schema.texts("Words to list it by")

    private static func tool(
        _ name: String,
        _ description: String,
        _ properties: JSONObject,
        required: [JSONValue] = [],
        isRead: Bool = false
    ) -> NoteTool {
        NoteTool(
            definition: ToolDefinition(
                name: name,
                description: description,
                inputSchema: Schema.object(properties, required: required),
                effects: isRead ? .read : .write,
                isIdempotent: true,
                category: String(name.prefix { $0 != "." }),
                risk: .low
            )
        )
    }

    private static let memory = [
        tool(
            "memory.remember",
            "Keeps a value under a key, to be recalled later.",
            [
                "key": key, "value": ["description": "Any JSON, up to 64 KiB"], "tags": tags, "ttl": ttl,
                "overwrite": ["type": "boolean", "default": true, "description": "Replace what the key has"],
                "scope": scope,
            ],
            required: ["key", "value"]
        ),
        tool(
            "memory.recall",
            "The value of a key; `found` says whether there is one.",
            ["key": key, "scope": scope],
            required: ["key"],
            isRead: true
        ),
        tool("memory.forget", "Removes a key.", ["key": key, "scope": scope], required: ["key"]),
        tool(
            "memory.list",
            "Keys with their tags, without values.",
            [
                "glob": Schema.text("Only keys such as user/*"), "tag": Schema.text("Only those with the tag"),
                "after": Schema.text("Only keys after that one"),
                "limit": Schema.integer("How many at most", 1...500, default: 100), "scope": scope,
            ],
            isRead: true
        ),
        tool(
            "memory.search",
            "Entries with the words of a text in their key, tags or value, the best first.",
            [
                "text": Schema.text("Words"), "tag": Schema.text("Only those with the tag"),
                "min_score": ["type": "number", "minimum": 0, "maximum": 1, "default": 0.3],
                "limit": Schema.integer("How many at most", 1...100, default: 10), "scope": scope,
            ],
            required: ["text"],
            isRead: true
        ),
        tool(
            "memory.bulk",
            "Several operations one after the other, each with a result of its own.",
            [
                "operations": [
                    "type": "array", "minItems": 1, "maxItems": .int(Int64(NoteLimits.operations)),
                    "items": [
                        "type": "object", "required": ["op"],
                        "properties": ["op": ["enum": ["remember", "recall", "forget", "list", "search"]]],
                    ],
                    "description":
                        "Each with `op` (remember, recall, forget, list, search) and the arguments of that tool",
                ],
                "scope": scope,
            ],
            required: ["operations"]
        ),
    ]

    private static let sharing = Schema.choice(
        ["session", "project"],
        "Where: in this session or run, or in the project",
        default: "session"
    )
    private static let name = Schema.text("What the context is called")

    private static let contexts = [
        tool(
            "context.save",
            "Saves an object as a context, in place of what it was.",
            [
                "name": name, "value": ["type": "object", "description": "Up to 256 KiB"], "ttl": ttl, "scope": sharing,
            ],
            required: ["name", "value"]
        ),
        tool(
            "context.load",
            "A saved context; `found` says whether there is one.",
            ["name": name, "keys": Schema.texts("Only these members"), "scope": sharing],
            required: ["name"],
            isRead: true
        ),
        tool(
            "context.list",
            "Saved contexts, without what is in them.",
            [
                "after": Schema.text("Only names after that one"),
                "limit": Schema.integer("How many at most", 1...500, default: 100), "scope": sharing,
            ],
            isRead: true
        ),
        tool("context.delete", "Removes a context.", ["name": name, "scope": sharing], required: ["name"]),
        tool(
            "context.merge",
            "Joins contexts into one; what that one has already counts as well.",
            [
                "into": name, "from": Schema.texts("Names of contexts"),
                "strategy": Schema.choice(
                    ["by_key", "last_writer"],
                    "Who wins: for every member the context saved last that has it, or the one saved last as a whole",
                    default: "by_key"
                ), "ttl": ttl, "scope": sharing,
            ],
            required: ["into", "from"]
        ),
    ]

    private static let text = Schema.text("The thought, in a few sentences")
    private static let confidence: JSONValue = [
        "type": "number", "minimum": 0, "maximum": 1, "description": "How sure you are of it",
    ]
    private static let common: JSONObject = [
        "text": text, "confidence": confidence, "style": Schema.text("How you think, in a word"),
        "branch": Schema.text("Which branch goes on; main by default"),
    ]
    private static let type = Schema.choice(
        ["analysis", "hypothesis", "plan", "critique", "conclusion"],
        "What it is",
        default: "hypothesis"
    )
    private static let steps = Schema.texts("The steps, in order")
    private static func number(_ description: String) -> JSONValue {
        Schema.integer(description, 1...1_000_000, default: nil)
    }

    private static func thought(_ name: String, _ description: String, _ more: JSONObject = [:]) -> NoteTool {
        var properties = common
        for member in more.members { properties[member.key] = member.value }
        return tool(name, description, properties, required: ["text"] + (name == "thinking.fork" ? ["from"] : []))
    }

    private static let about = number("The number of the thought that it speaks about")

    private static let thinking = [
        thought("thinking.think", "Writes a numbered thought down.", ["type": type, "about": about]),
        thought("thinking.plan", "Writes a plan down.", ["steps": steps]),
        thought("thinking.analyze", "Writes an analysis down.", ["about": about]),
        thought("thinking.conclude", "Writes a conclusion down."),
        thought("thinking.reflect", "Criticises a thought.", ["about": about]),
        thought(
            "thinking.fork",
            "Begins a branch with another thought after an earlier one.",
            [
                "type": type, "from": number("The number of the thought that it follows"),
                "branch": Schema.text("The name of the new branch"),
            ]
        ),
        tool(
            "thinking.list",
            "The thoughts of a branch with what led to it, or all of them.",
            ["branch": Schema.text("Only what led to the end of that branch")],
            isRead: true
        ),
    ]
}
