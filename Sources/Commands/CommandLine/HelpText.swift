// Baton
// SPDX-License-Identifier: Apache-2.0

/// The text of `--help`.
enum HelpText {
    /// The help of a command, ending with a line feed.
    static func text(of command: CommandDescription, path: [String]) -> String {
        var sections = [command.summary + "."]
        sections.append(wrapped(["Usage:"] + usageWords(command, path)))
        if !command.discussion.isEmpty { sections.append(command.discussion) }
        let children = command.children.filter { !$0.isHidden }
        if !children.isEmpty { sections.append(list("Commands", children.map { ($0.name, $0.summary) })) }
        if !command.arguments.isEmpty {
            sections.append(list("Arguments", command.arguments.map { ($0.name, $0.summary) }))
        }
        if !command.options.isEmpty { sections.append(list("Options", command.options.map(row))) }
        let common = GlobalOptions.all.filter { command.asksServers || !GlobalOptions.ofServers.contains($0.name) }
        sections.append(list("Options of every command", common.map(row) + [("-h, --help", "show this")]))
        if !command.examples.isEmpty {
            sections.append(
                "Examples:\n" + command.examples.map { "  # \($0.comment)\n  \($0.line)" }.joined(separator: "\n")
            )
        }
        let exits = ExitCode.meanings.filter { exit in
            path.count == 1 || ([.ok, .usage] + command.exits).contains(exit.code)
        }
        sections.append(list("Exit codes", exits.map { ("\($0.code.rawValue)", $0.meaning) }))
        if !children.isEmpty {
            sections.append("`\(path.joined(separator: " ")) COMMAND --help` explains one of them.")
        }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// One line: `baton run start FILE [--input NAME=VALUE]…`.
    static func usage(_ command: CommandDescription, _ path: [String]) -> String {
        usageWords(command, path).joined(separator: " ")
    }

    private static func usageWords(_ command: CommandDescription, _ path: [String]) -> [String] {
        var parts = path
        if !command.children.isEmpty { parts.append("COMMAND") }
        parts += command.arguments.map { argument in
            switch argument.count {
            case .one: argument.name
            case .optional: "[\(argument.name)]"
            case .many: "\(argument.name)…"
            case .any, .verbatim: "[\(argument.name)…]"
            }
        }
        parts += command.options.map { option in
            let form = "--\(isOff(option) ? "no-" : "")\(option.name)" + (briefValue(option).map { " \($0)" } ?? "")
            return option.isRequired ? form : "[\(form)]" + (option.isRepeated ? "…" : "")
        }
        return parts
    }

    /// Lines of at most 130 characters; those after the first one are indented.
    private static func wrapped(_ words: [String]) -> String {
        var lines = [""]
        for word in words {
            let line = lines[lines.count - 1]
            if line.isEmpty {
                lines[lines.count - 1] = word
            } else if line.count + 1 + word.count <= 130 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append("         \(word)")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// A long list of choices stands only once, where the option is explained.
    private static func briefValue(_ option: OptionDescription) -> String? {
        guard case .choice(let name, _) = option.kind, (option.valueName?.count ?? 0) > 60 else {
            return option.valueName
        }
        return name
    }

    private static func row(_ option: OptionDescription) -> (String, String) {
        let short = option.short.map { "-\($0), " } ?? ""
        let form = "\(short)--\(isOff(option) ? "no-" : "")\(option.name)" + (option.valueName.map { " \($0)" } ?? "")
        var summary = option.summary
        if option.isRepeated { summary += " (may be repeated)" }
        if let value = option.defaultValue { summary += " (default: \(value))" }
        return (form, summary)
    }

    /// Of an option that is on by itself, the form that switches it off is what is worth showing.
    private static func isOff(_ option: OptionDescription) -> Bool { option.kind == .toggle(default: true) }

    private static func list(_ title: String, _ rows: [(String, String)]) -> String {
        let width = min(28, rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { name, summary in
            name.count > width
                ? "  \(name)\n  \(String(repeating: " ", count: width))  \(summary)"
                : "  \(name)\(String(repeating: " ", count: width - name.count))  \(summary)"
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }
}
