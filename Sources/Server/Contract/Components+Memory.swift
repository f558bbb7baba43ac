// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Store

/// Shapes of what agents keep.
extension Components {
    private static let maybeTime = Shape(["type": ["string", "null"], "format": "date-time"])
    private static let maybeNumber = Shape(["type": ["integer", "null"]])
    private static let maybeText = Shape(["type": ["string", "null"]])
    private static let stamps: [Shape.Field] = [
        .required("author", .text, "Who wrote it last; `RUN/NODE` for a task."), .required("created_at", .time),
        .required("updated_at", .time), .required("expires_at", maybeTime), .required("revision", .integer),
        .required("bytes", .integer, "Of the value."),
    ]

    static let memory: [Named] = [
        (
            "MemoryEntry",
            .members(
                [
                    .required("key", .text), .required("tags", .list(.text)),
                    .optional("value", .any, "Not in lists without `q`."),
                    .optional("score", Shape(["type": "number"]), "How well it fits, from 0 to 1; only of a search."),
                ] + stamps,
                isClosed: false
            )
        ),
        (
            "MemoryWritten",
            .answer(
                .required("key", .text),
                .required("created", .flag, "The key had no value before."),
                .required("revision", .integer),
                .required("expires_at", maybeTime)
            )
        ),
        (
            "MemoryResults",
            .answer(
                .required(
                    "results",
                    .list(
                        .answer(
                            .required("ok", .flag),
                            .optional("result", .any),
                            .optional("error", .answer(.required("code", .text), .required("message", .text)))
                        )
                    ),
                    "In the order of the operations."
                ),
                .required("failed", .integer)
            )
        ),
        (
            "SavedContext",
            .members(
                [
                    .required("name", .text), .required("keys", .integer, "How many members it has."),
                    .optional("value", .anyObject, "Not in lists."),
                ] + stamps,
                isClosed: false
            )
        ),
        (
            "ContextWritten",
            .answer(
                .required("name", .text),
                .required("created", .flag),
                .required("revision", .integer),
                .required("keys", .integer),
                .required("expires_at", maybeTime)
            )
        ),
        (
            "Thought",
            .answer(
                .required("number", .integer),
                .required("branch", .text),
                .required("type", .choice(ThoughtRow.Kind.self)),
                .required("text", .text),
                .required("steps", .list(.text)),
                .required("confidence", Shape(["type": ["number", "null"]])),
                .required("style", maybeText),
                .required("parent", maybeNumber, "The thought that it follows."),
                .required("about", maybeNumber, "The thought that it speaks about."),
                .required("author", .text),
                .required("at", .time)
            )
        ),
        (
            "Session",
            .answer(
                .required("id", .id("ses")),
                .required("status", .choice(["open", "ended", "expired"])),
                .required("agents", .list(.text), "Who may work in it; all when empty."),
                .required("project", maybeText),
                .required("owner", maybeText, "Null for what is everybody's."),
                .required("started_at", .time),
                .required("expires_at", .time),
                .required("ended_at", maybeTime),
                .optional(
                    "started",
                    .list(.answer(.required("agent", .text), .required("started", .flag), .optional("problem", .text))),
                    "What became of the agents that were to be started; only when it starts."
                ),
                .optional(
                    "threads",
                    .list(
                        .answer(.required("agent", .text), .required("turns", .integer), .required("last_at", .time))
                    ),
                    "Not in lists."
                )
            )
        ),
        (
            "ThreadTurn",
            .answer(
                .required("number", .integer, "From 1, without gaps."),
                .required("question", .text),
                .required("answer", .text),
                .required("run", .id("run")),
                .required("task", .text),
                .required("node", .text),
                .required("at", .time)
            )
        ),
        (
            "Branch",
            .answer(
                .required("name", .text),
                .required("from", maybeNumber, "The thought that it follows."),
                .required("first", .integer),
                .required("last", .integer),
                .required("thoughts", .integer),
                .required("conclusion", maybeText, "The last one.")
            )
        ),
    ]
}
