// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import Glibc
import JSON

/// `baton agent edit …` and `baton skill edit …`: the texts of agents and skills, and what was done to them.
struct PromptCommands {
    private let kind: PromptName.Kind
    private let argument: ArgumentDescription
    /// For examples.
    private let example: String

    static let agents = PromptCommands(
        kind: .agent,
        argument: ArgumentDescription(name: "AGENT", summary: "its id, as nodes name it"),
        example: "analyst"
    ).all
    static let skills = PromptCommands(
        kind: .skill,
        argument: ArgumentDescription(name: "SKILL", summary: "its name, as nodes name it"),
        example: "tdd_workflow"
    ).all

    private var all: [CommandDescription] { [prompt, edit, history, reset] }

    private static let note = OptionDescription(
        name: "note",
        kind: .text("TEXT"),
        summary: "why, for the history and the audit trail"
    )

    // MARK: Reading

    private var prompt: CommandDescription {
        let (kind, argument) = (kind, argument.name)
        return CommandDescription(
            name: "prompt",
            summary: "Print the text that is in force, or an old one, as it is",
            discussion: "The whole file: the front matter and the instructions.",
            arguments: [self.argument],
            options: [Self.version("version", "that one of its history")],
            examples: [
                .init(
                    line: "baton \(kind.rawValue) prompt \(example) > \(example).md",
                    comment: "to change it in peace"
                ),
                .init(line: "baton \(kind.rawValue) prompt \(example) --version 2", comment: "what was it then?"),
            ],
            exits: [.notFound, .unavailable],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let texts = try PromptTexts(context, kind, argument)
            let shown =
                if let number = context.invocation.number("version") { try texts.version(number) } else {
                    try texts.show()
                }
            guard let text = shown["text"]?.stringValue else {
                throw .notFound("with version \(shown["version"]?.text ?? "") the file counted again; it has no text")
            }
            context.console.show(shown) { text }
            return .ok
        }
    }

    private var history: CommandDescription {
        let (kind, argument) = (kind, argument.name)
        return CommandDescription(
            name: "history",
            summary: "List who edited it when and why, the newest first",
            discussion: "TEXT is the beginning of the hash, or `file` where its file counts again.",
            arguments: [self.argument],
            options: [
                OptionDescription(
                    name: "limit",
                    kind: .number("N", 1...10_000),
                    summary: "at most so many",
                    defaultValue: "50"
                )
            ],
            examples: [.init(line: "baton \(kind.rawValue) history \(example)", comment: "who changed it?")],
            exits: [.notFound, .unavailable],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let rows = try PromptTexts(context, kind, argument).versions(
                limit: context.invocation.number("limit") ?? 50
            )
            if rows.isEmpty, context.console.settings.format == .table {
                context.console.note("it was never edited")
                return .ok
            }
            var table = Table([
                .init(title: "VERSION", isNumber: true), .init(title: "AT", paint: .dim), .init(title: "BY"),
                .init(title: "TEXT"), .init(title: "IN FORCE"), .init(title: "WHY", paint: .dim),
            ])
            for row in rows {
                table.add([
                    row["version"]?.text ?? "", RunDetails.date(row["at"]), row["by"]?.stringValue ?? "",
                    row["hash"]?.stringValue.map(VersionText.short) ?? "file", row["in_force"] == true ? "yes" : "",
                    row["note"]?.stringValue ?? "",
                ])
            }
            context.console.show(rows, table)
            return .ok
        }
    }

    // MARK: Changing

    private var edit: CommandDescription {
        let (kind, argument) = (kind, argument.name)
        return CommandDescription(
            name: "edit",
            summary: "Give it another text, in place of that of its file",
            discussion: """
                At a terminal the editor of VISUAL or EDITOR opens with the text that is in force. The new text is read before it is
                taken; one that cannot be read is kept in a file. Runs that have used the text before are told what it was then.
                """,
            arguments: [self.argument],
            options: [
                OptionDescription(
                    name: "file",
                    kind: .path("FILE"),
                    summary: "the new text; `-` reads it from standard input"
                ),
                Self.note,
            ],
            examples: [
                .init(line: "baton \(kind.rawValue) edit \(example)", comment: "with the editor"),
                .init(
                    line: "baton \(kind.rawValue) edit \(example) --file \(example).md --note 'shorter answers'",
                    comment: "from a file"
                ),
            ],
            exits: [.notFound, .conflict, .unavailable, .denied],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let texts = try PromptTexts(context, kind, argument)
            let before = try texts.show()
            let old = before["text"]?.stringValue ?? ""
            let draft = try PromptDraft.read(context, texts.name, old)
            guard draft.text != old else {
                draft.remove()
                context.console.show(before) { "nothing has changed\n" }
                return .ok
            }
            let after: JSONValue
            do throws(CommandFailure) {
                after = try texts.change(to: draft.text, expecting: before["hash"]?.stringValue)
            } catch {
                throw draft.keeping(error, texts.name)
            }
            draft.remove()
            Self.show(after, context.console)
            return .ok
        }
    }

    private var reset: CommandDescription {
        let (kind, argument) = (kind, argument.name)
        return CommandDescription(
            name: "reset",
            summary: "Let its file count again, or an old version",
            discussion: "The history stays. An old version comes back as a new one.",
            arguments: [self.argument],
            options: [Self.version("to", "that one of its history, in place of its file"), Self.note],
            examples: [
                .init(line: "baton \(kind.rawValue) reset \(example)", comment: "as its file has it"),
                .init(
                    line: "baton \(kind.rawValue) reset \(example) --to 2",
                    comment: "as it was with the second edit"
                ),
            ],
            exits: [.notFound, .conflict, .unavailable, .denied],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let texts = try PromptTexts(context, kind, argument)
            let before = try texts.show()
            let old = try context.invocation.number("to").map { number throws(CommandFailure) in
                try texts.version(number)
            }
            let hash = before["hash"]?.stringValue
            Self.show(try texts.change(to: old?["text"]?.stringValue, expecting: hash), context.console)
            return .ok
        }
    }

    private static func version(_ name: String, _ summary: String) -> OptionDescription {
        OptionDescription(name: name, kind: .number("N", 1...999_999_999), summary: summary)
    }

    /// What is in force now.
    private static func show(_ text: JSONValue, _ console: Console) {
        let name = text["name"]?.stringValue ?? ""
        console.show(text) {
            if let version = text["version"] { return "\(name): version \(version.text) is in force\n" }
            return
                "\(name): what \(text["source"] == "built_in" ? "comes with the program" : "its file has") is in force\n"
        }
    }
}
