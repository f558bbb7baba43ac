// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Store

/// Shapes of documents that are searched.
extension Components {
    private static let passage: [Shape.Field] = [
        .required("heading", .text, "The headings above it, joined by ` > `."),
        .required("first_line", .integer, "From 1."),
        .required("last_line", .integer),
        .required("text", .text),
    ]

    static let knowledge: [Named] = [
        (
            "Source",
            .answer(
                .required("name", .text),
                .required("documents", .integer),
                .required("passages", .integer),
                .required("bytes", .integer, "Of the texts."),
                .required("project", Shape(["type": ["string", "null"]])),
                .required("owner", Shape(["type": ["string", "null"]]), "Null for what is everybody's."),
                .required("created_at", .time)
            )
        ),
        (
            "Document",
            .answer(
                .required("id", .text),
                .required("path", .text),
                .required("title", .text),
                .required("hash", .text, "`sha256:` of the text."),
                .required("bytes", .integer),
                .required("passages", .integer),
                .required("added_at", .time),
                .required("updated_at", .time),
                .required("by", .text),
                .optional("content", .list(.members(passage, isClosed: false)), "Only of a single one.")
            )
        ),
        (
            "Finding",
            .answer(
                .required("id", .text),
                .required("project", .text),
                .required("category", .choice(FindingRow.Category.self)),
                .required("text", .text),
                .required("by", .text),
                .required("created_at", .time),
                .required("updated_at", .time)
            )
        ),
        (
            "IndexReport",
            .answer(
                .required(
                    "model",
                    Shape(["type": ["string", "null"]]),
                    "That makes vectors; null when there is none."
                ),
                .optional("embedded", .integer, "Passages that got a vector now."),
                .optional("unfinished", .flag, "Passages are left: ask again."),
                .optional("after", .integer, "Where to go on."),
                .optional("notice", .text, "What stood in the way."),
                .optional("code", .text, "Of that."),
                .optional("texts", .integer, "Texts without a vector; equal ones count once."),
                .optional("llm_tokens", .integer, "What these are, about."),
                .optional(
                    "usd",
                    Shape(["type": ["string", "null"]]),
                    "What these cost, about; null when nobody knows."
                )
            )
        ),
        (
            "Passages",
            .answer(
                .required("mode", .choice(["text", "hybrid"]), "How was looked: by words, or by words and meaning."),
                .optional("notice", .text, "What stood in the way."),
                .required(
                    "hits",
                    .list(
                        .members(
                            [
                                .required("source", .text),
                                .required("document", .text),
                                .required("path", .text),
                                .required("title", .text),
                                .required(
                                    "score",
                                    Shape(["type": "number"]),
                                    "0 to 1; comparable within one answer."
                                ),
                            ] + passage,
                            isClosed: false
                        )
                    ),
                    "The best first."
                )
            )
        ),
    ]
}
