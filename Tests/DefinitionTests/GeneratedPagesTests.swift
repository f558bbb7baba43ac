// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import Glibc
import Model
import Testing

/// Pages of `docs/` that are made from the code. With BATON_WRITE_EXPECTED in the environment they are written anew.
@Suite struct GeneratedPagesTests {
    @Test
    func `the page of diagnostics is up to date`() throws {
        try check("diagnostics.md", Self.diagnostics)
    }

    @Test
    func `the page of node kinds is up to date`() throws {
        try check("node-kinds.md", Self.nodeKinds)
    }

    private func check(_ name: String, _ expected: String) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs")
        let file = root.appending(path: name)
        if getenv("BATON_WRITE_EXPECTED") != nil { try Data(expected.utf8).write(to: file) }
        let actual = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(actual == expected, "docs/\(name) is out of date; BATON_WRITE_EXPECTED=1 writes it anew")
    }

    private static let note = "<!-- Made from the code by GeneratedPagesTests; do not edit. -->\n"

    // MARK: Diagnostics

    private static var diagnostics: String {
        var text = """
            # Diagnostics

            \(note)
            Whatever is wrong with a document, a patch or a plan has a code that stays the same in every release. Codes that
            begin with E are errors: the document is refused. W are warnings: likely a mistake. H are hints. E404 is a warning
            where a document is only checked, and an error where it is run.

            `baton schema code E204` shows one of them. Programs get `{code, severity, message, path, line, column, related, fix}`
            with `-o json`: `path` is a JSON Pointer into the document, `fix` a JSON Patch (RFC 6902) that takes the diagnostic
            away, where there is a single right one.

            """
        for (title, prefixes) in sections {
            let codes = Diagnostic.Code.allCases.filter { code in
                prefixes.contains { code.rawValue.hasPrefix($0) }
            }
            text += "\n## \(title)\n\n| code | what it is about | what to do |\n|---|---|---|\n"
            for code in codes { text += "| \(code.rawValue) | \(cell(code.title)) | \(cell(code.advice)) |\n" }
        }
        return text
    }

    private static let sections = [
        ("Text and form", ["E1"]), ("Graph", ["E2"]), ("Expressions", ["E3"]),
        ("Names, configurations, policies", ["E4"]), ("Patches", ["E5"]), ("Plans", ["E6", "W6"]),
        ("Warnings", ["W2"]), ("Hints", ["H7"]),
    ]

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    // MARK: Node kinds

    private static var nodeKinds: String {
        var text = """
            # Node kinds

            \(note)
            The keys of nodes and edges, and what each kind of node takes in `config` and gives as output. Keys that are
            indented belong to the mapping above them. [Definitions](definitions.md) explains how they work together and what
            this version carries out; `baton schema kinds` says what can be executed on this machine.

            - A **template** is any value whose texts may hold `${…}`; a **mapping template** is a mapping of templates, or one
              `${…}` that gives the mapping; a **condition** is an expression that is true or false.
            - A key marked with * must be there.

            ## Every node

            \(table(NodeType.commonFields))

            ## Edges

            \(table(NodeType.edgeFields))

            """
        for type in NodeType.allCases { text += section(type) }
        return text
    }

    private static func section(_ type: NodeType) -> String {
        let description = type.description
        var lines = ["", "## \(type.rawValue)", "", "\(description.summary).", ""]
        if !description.aliases.isEmpty {
            lines.append("- aliases: " + description.aliases.map { "`\($0)`" }.joined(separator: ", "))
        }
        lines.append("- category: \(description.category.rawValue)")
        lines.append("- timeout of an attempt: \(description.timeout?.text ?? "none")")
        if let outputs = description.outputs {
            lines.append("- output: " + outputs.map { "`\($0.name)`" }.joined(separator: ", "))
        }
        for group in description.groups {
            let keys = group.keys.map { "`\($0)`" }.joined(separator: ", ")
            lines.append("- \(group.isRequired ? "exactly one of" : "at most one of") \(keys)")
        }
        lines += ["", table(description.fields), ""]
        return lines.joined(separator: "\n")
    }

    private static func table(_ fields: [FieldDescription]) -> String {
        let head = ["| key | type | bounds | default | meaning |", "|---|---|---|---|---|"]
        return (head + rows(fields, depth: 0)).joined(separator: "\n")
    }

    private static func rows(_ fields: [FieldDescription], depth: Int) -> [String] {
        fields.flatMap { field -> [String] in
            let space = String(repeating: "&nbsp;&nbsp;", count: depth)
            let key = "\(space)`\(field.key)`\(field.isRequired ? "\\*" : "")"
            let aliases =
                field.aliases.isEmpty ? "" : " (also " + field.aliases.map { "`\($0)`" }.joined(separator: ", ") + ")"
            let cells = [key, field.type, field.bounds ?? "", field.defaultText ?? "", field.summary + aliases]
            return ["| " + cells.map(cell).joined(separator: " | ") + " |"] + rows(field.fields, depth: depth + 1)
        }
    }
}
