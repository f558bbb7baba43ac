// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON

/// Shapes of agents.
extension Components {
    private static let agentScore = Shape.answer(
        .required("agent", .text),
        .required("score", Shape(["type": "number"])),
        .required("covers", .list(.text)),
        .required("terms", .anyObject, "What each term of the score adds or takes away.")
    )

    private static let promptHash = Shape.text(71...71, pattern: "^sha256:[0-9a-f]{64}$")
    private static let promptSource = Shape.Field.required(
        "source",
        .choice(["built_in", "file", "edited"]),
        "Where its text comes from: the program, a file, or an administrator."
    )
    private static let promptVersion = Shape.Field.optional("version", .integer, "Of the edit, when it is edited.")
    private static let editing: [Shape.Field] = [
        .required("version", .integer),
        .optional("hash", promptHash, "Missing where the file counts again."),
        .required("at", .time),
        .required("by", .text),
        .optional("note", .text, "Why, as given."),
        .required("in_force", .flag),
    ]

    private static let prompts: [Named] = [
        (
            "PromptText",
            .answer(
                .required("name", .text),
                .required("text", .text, "The whole file: front matter and instructions."),
                .required("hash", promptHash, "Also the `ETag`."),
                promptSource,
                promptVersion
            )
        ),
        ("PromptVersion", .members(editing, isClosed: false)),
        (
            "PromptVersionText",
            .members(
                editing + [.optional("text", .text, "Missing where the file counts again.")],
                isClosed: false
            )
        ),
    ]

    static let agents: [Named] =
        prompts + [
            (
                "Skill",
                .answer(
                    .required("name", .text),
                    .required("description", .text),
                    .required("category", .text),
                    .required("tags", .list(.text)),
                    .required("tools", .list(.text), "They are added to those of the agent."),
                    .required("priority", .integer),
                    .required("disclosure", .choice(["summary", "full"]), "How much a model sees by itself."),
                    .required("defaults", .anyObject, "Arguments by tool, where a call has none."),
                    .required("constraints", .list(.anyObject), "What holds for calls."),
                    promptSource,
                    promptVersion,
                    .required("hash", promptHash, "Of its text."),
                    .optional("instructions", .text, "Only of a single one.")
                )
            ),
            (
                "Agent",
                .answer(
                    .required("id", .text),
                    .required("name", .text),
                    .required("kind", .text),
                    .required("summary", .text),
                    .required("category", .text),
                    .required("capabilities", .list(.text)),
                    .required(
                        "operations",
                        .anyObject,
                        "What it may be asked for by name: JSON Schemas of the arguments."
                    ),
                    .required("tools", .list(.text)),
                    .required("tier", .text),
                    .optional("model", .text),
                    .required("priority", .integer),
                    .required("max_concurrent", .integer),
                    .required("parallelizable", .flag),
                    .required("enabled", .flag),
                    .required("latency_ms", .integer),
                    .required("reset", .text, "How long it is left alone after five failures in a row, such as `1m`."),
                    .required("labels", .anyObject),
                    promptSource,
                    promptVersion,
                    .required("hash", promptHash, "Of its text."),
                    .required(
                        "live",
                        .answer(
                            .required("status", .choice(["running", "busy", "error", "stopped"])),
                            .required("running", .integer, "Attempts under way."),
                            .required("executions", .integer, "Attempts that ended, since the server began."),
                            .required("success_rate", .any, "Of the last 100, from 0 to 1; null before the first."),
                            .required("spent_usd", .text, "Since the server began."),
                            .required(
                                "circuit",
                                .answer(
                                    .required("state", .choice(["closed", "open", "half_open"])),
                                    .required("failures", .integer, "In a row."),
                                    .optional("until", .time)
                                )
                            )
                        )
                    ),
                    .optional("instructions", .text, "Only of a single one.")
                )
            ),
            (
                "AgentMatch",
                .answer(
                    .required("agents", .list(.text), "The first chosen first."),
                    .required("scores", .list(agentScore), "Of those that were chosen."),
                    .required("candidates", .list(agentScore), "All that cover something, the best first."),
                    .required("missing", .list(.text)),
                    .required("latency_ms", .integer),
                    .required("parallel", .list(.list(.text)), "Groups that may work at once.")
                )
            ),
        ]
}
