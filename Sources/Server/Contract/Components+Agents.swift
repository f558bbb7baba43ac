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

    static let agents: [Named] = [
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
                .required("operations", .anyObject, "What it may be asked for by name: JSON Schemas of the arguments."),
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
