// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Engine
internal import JSON

/// Shapes of what is found in runs.
extension Components {
    static let patterns: [Named] = [
        (
            "Pattern",
            .answer(
                .required("id", .text),
                .required("name", .text, "`FIRST-to-LAST-Nstep`: what its workstack would be called."),
                .required("status", .choice(PatternRecord.Status.self)),
                .required(
                    "steps",
                    .list(
                        .answer(
                            .required("kind", .choice(PatternStep.Kind.self)),
                            .required("name", .text),
                            .optional("operation", .text)
                        )
                    )
                ),
                .required("count", .integer, "How many runs did it."),
                .required("confidence", Shape(["type": "number"]), "From 0 to 1: how often and how lately."),
                .required("mean_latency_ms", .integer),
                .required("estimated_saving_ms", .integer),
                .required("first_seen_at", .time),
                .required("last_seen_at", .time),
                .required("runs", .list(.text), "The last of them."),
                .optional("suggested_at", .time),
                .optional("project", .text),
                .optional(
                    "promotion",
                    .answer(
                        .required("workstack", .text),
                        .required("version", .integer),
                        .required("by", .text),
                        .required("at", .time)
                    )
                ),
                .optional("document", .any, "The workstack that it would become.")
            )
        )
    ]
}
