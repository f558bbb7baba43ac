// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// `baton conformance …`: answers cases of official test suites, so that anybody can run those against this program.
enum ConformanceCommands {
    /// Answers one case. Throws what goes into the answer's `error`.
    typealias Answer = @Sendable (JSONObject) throws -> JSONObject

    static let group: CommandDescription = .init(
        name: "conformance",
        summary: "Answer cases of official test suites, one JSON value per line",
        discussion: """
            Each command reads one case per line from standard input and writes one answer per line. An answer carries the id of
            its case, whatever that is. A line that is no case gets {"id": null, "error": …}, and the next one is read. The forms
            of cases and answers are in docs/conformance.md.
            """,
        examples: [
            .init(line: "baton conformance json-patch < cases.jsonl", comment: "apply every patch of a suite")
        ],
        isHidden: true,
        children: [
            command(
                "json",
                "Read JSON texts (RFC 8259) and write their canonical form (RFC 8785)",
                JSONConformance.answer
            ),
            command("json-patch", "Apply JSON patches (RFC 6902)", PatchConformance.answer),
            command("json-schema", "Check values against JSON Schemas (draft 2020-12)", SchemaConformance.answer),
            command("cel", "Evaluate and check expressions of the Common Expression Language") {
                CELConformance.answer($0)
            },
            command("prices", "Say what calls of models cost, by the built-in table", PriceConformance.answer),
        ]
    )

    private static func command(_ name: String, _ summary: String, _ answer: @escaping Answer) -> CommandDescription {
        .init(
            name: name,
            summary: summary,
            examples: [.init(line: "baton conformance \(name) < cases.jsonl", comment: "one answer per line")]
        ) { context throws(CommandFailure) in
            try ConformanceCases(answer: answer).run(context.console)
            return .ok
        }
    }
}
