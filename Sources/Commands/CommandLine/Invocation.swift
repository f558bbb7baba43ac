// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a person typed, checked against the tree.
struct Invocation {
    /// The command.
    var command: CommandDescription
    /// Its name, from `baton` on.
    var path: [String]
    /// Values of options by long name, in order.
    var options: [String: [String]] = [:]
    /// Words by the name of their argument, in order.
    var words: [String: [String]] = [:]
    /// The help is wanted instead.
    var wantsHelp = false
    /// The command was meant although its name was not typed.
    var isShortForm = false

    /// The last value of an option, or its default.
    func text(_ option: String) -> String? {
        options[option]?.last ?? description(option)?.defaultValue
    }

    /// All values of a repeated option.
    func texts(_ option: String) -> [String] {
        options[option] ?? []
    }

    /// The value of a number option; the parser checked its range.
    func number(_ option: String) -> Int? {
        text(option).flatMap { Int($0) }
    }

    /// Whether a flag is given.
    func isOn(_ option: String) -> Bool {
        if let value = options[option]?.last { return value == "true" }
        guard case .toggle(let isOn) = description(option)?.kind else { return false }
        return isOn
    }

    /// `NAME=VALUE` pairs of a repeated option, in order.
    func pairs(_ option: String) -> [(name: String, value: String)] {
        texts(option).map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
        }
    }

    /// The word of an argument that the parser made sure of; empty for an optional one that is missing.
    func word(_ argument: String) -> String {
        words[argument]?.first ?? ""
    }

    private func description(_ option: String) -> OptionDescription? {
        (command.options + GlobalOptions.all).first { $0.name == option }
    }
}
