// Baton
// SPDX-License-Identifier: Apache-2.0

/// A command line that cannot be understood.
struct UsageError: Error, Equatable {
    let message: String
    /// What to do instead.
    let hint: String
}

/// Reads a command line against a tree of commands.
struct ArgumentParser {
    private var words: ArraySlice<String>
    private var result: Invocation
    private var positionals: [String] = []

    /// - Parameter words: Without the program's name.
    static func parse(_ words: [String], _ root: CommandDescription) throws(UsageError) -> Invocation {
        var parser = ArgumentParser(
            words: words[...],
            result: Invocation(command: root, path: [root.name])
        )
        try parser.read()
        return parser.result
    }

    private init(words: ArraySlice<String>, result: Invocation) {
        self.words = words
        self.result = result
    }

    private mutating func read() throws(UsageError) {
        while let word = words.popFirst() {
            if takesVerbatim {
                positionals.append(word)
            } else if word == "--" {
                try endOptions()
            } else if word.hasPrefix("--") {
                try readLong(word)
            } else if word.hasPrefix("-"), word != "-" {
                try readShort(word)
            } else if result.command.children.isEmpty {
                positionals.append(word)
            } else {
                try descend(word)
            }
        }
        guard !result.wantsHelp else { return }
        try enterFallback()
        try assignWords()
        try checkOptions()
    }

    /// The command's own words have begun, options included.
    private var takesVerbatim: Bool {
        guard let last = result.command.arguments.last, last.count == .verbatim else { return false }
        return positionals.count >= result.command.arguments.count
    }

    private mutating func endOptions() throws(UsageError) {
        if !result.command.children.isEmpty, !words.isEmpty { try enterFallback() }
        positionals.append(contentsOf: words)
        words = []
    }

    // MARK: Commands

    private mutating func descend(_ word: String) throws(UsageError) {
        if let child = result.command.child(word) {
            enter(child)
        } else if result.command.fallback != nil {
            try enterFallback()
            positionals.append(word)
        } else {
            throw unknownCommand(word)
        }
    }

    private mutating func enter(_ child: CommandDescription) {
        result.command = child
        result.path.append(child.name)
    }

    private mutating func enterFallback() throws(UsageError) {
        guard let name = result.command.fallback, let child = result.command.child(name) else { return }
        guard !words.isEmpty || !positionals.isEmpty || !result.options.isEmpty else { return }
        enter(child)
        result.isShortForm = true
    }

    private func unknownCommand(_ word: String) -> UsageError {
        let known = result.command.children.map(\.name)
        let path = result.path.joined(separator: " ")
        let guess = NearestName.find(word, among: known)
        return UsageError(
            message: "there is no command `\(path) \(word)`",
            hint: guess.map { "did you mean `\(path) \($0)`?" } ?? "`\(path) --help` lists the commands"
        )
    }

    // MARK: Options

    private mutating func readLong(_ word: String) throws(UsageError) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        if name == "help" { return result.wantsHelp = true }
        guard let option = option({ $0.spellings.contains(name) }) else {
            if try enterFallback(for: word, { $0.spellings.contains(name) }) { return }
            throw unknownOption("--\(name)")
        }
        try take(option, spelled: "--\(name)", attached: parts.count == 2 ? String(parts[1]) : nil)
    }

    private mutating func readShort(_ word: String) throws(UsageError) {
        let letter = word[word.index(after: word.startIndex)]
        if word == "-h" { return result.wantsHelp = true }
        guard let option = option({ $0.short == letter }) else {
            if try enterFallback(for: word, { $0.short == letter }) { return }
            throw unknownOption(word)
        }
        let rest = word.dropFirst(2)
        try take(option, spelled: "-\(letter)", attached: rest.isEmpty ? nil : String(rest))
    }

    /// An option of the command that is meant without its name: reads the word again from there.
    private mutating func enterFallback(
        for word: String,
        _ isMeant: (OptionDescription) -> Bool
    ) throws(UsageError) -> Bool {
        guard let name = result.command.fallback, let child = result.command.child(name),
            child.options.contains(where: isMeant)
        else { return false }
        words = [word] + words
        try enterFallback()
        return true
    }

    private func option(_ isMeant: (OptionDescription) -> Bool) -> OptionDescription? {
        result.command.options.first(where: isMeant) ?? GlobalOptions.all.first(where: isMeant)
    }

    private mutating func take(
        _ option: OptionDescription,
        spelled: String,
        attached: String?
    ) throws(UsageError) {
        let value: String
        if let name = option.valueName {
            let next = attached ?? (words.first.map { $0.hasPrefix("--") } == true ? nil : words.popFirst())
            guard let next else {
                throw UsageError(message: "\(spelled) needs a value", hint: "write \(spelled) \(name)")
            }
            value = try checked(next, option, spelled)
        } else if let attached {
            throw UsageError(
                message: "\(spelled) takes no value, but was given `\(attached)`",
                hint: "write \(spelled) alone"
            )
        } else {
            value = spelled == "--no-\(option.name)" ? "false" : "true"
        }
        if !option.isRepeated { result.options[option.name] = [] }
        result.options[option.name, default: []].append(value)
    }

    private func checked(
        _ value: String,
        _ option: OptionDescription,
        _ spelled: String
    ) throws(UsageError) -> String {
        switch option.kind {
        case .flag, .toggle, .text, .path: return value
        case .pair(let name):
            guard let first = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first,
                !first.isEmpty, value.contains("=")
            else {
                throw UsageError(
                    message: "\(spelled) needs \(name), not `\(value)`",
                    hint: "for example \(spelled) limit=5"
                )
            }
            return value
        case .choice(_, let choices):
            if choices.contains(value) { return value }
            let guess = NearestName.find(value, among: choices).map { "did you mean `\($0)`?" }
            throw UsageError(
                message: "\(spelled) cannot be `\(value)`",
                hint: guess ?? "it is one of: \(choices.joined(separator: ", "))"
            )
        case .number(let name, let range):
            guard let number = Int(value), range.contains(number) else {
                throw UsageError(
                    message: "\(spelled) cannot be `\(value)`",
                    hint: "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
            return value
        }
    }

    private func unknownOption(_ spelled: String) -> UsageError {
        let path = result.path.joined(separator: " ")
        let known = (result.command.options + GlobalOptions.all).flatMap(\.spellings)
        let name = String(spelled.drop { $0 == "-" })
        let guess = spelled.hasPrefix("--") ? NearestName.find(name, among: known) : nil
        return UsageError(
            message: "`\(path)` has no option \(spelled)",
            hint: guess.map { "did you mean --\($0)?" } ?? "`\(path) --help` lists the options"
        )
    }

    // MARK: Words

    private mutating func assignWords() throws(UsageError) {
        var rest = positionals[...]
        for argument in result.command.arguments {
            switch argument.count {
            case .one, .optional:
                if let word = rest.popFirst() {
                    result.words[argument.name] = [word]
                } else if argument.count == .one {
                    throw missing(argument)
                }
            case .many, .any, .verbatim:
                guard !rest.isEmpty || argument.count != .many else { throw missing(argument) }
                result.words[argument.name] = Array(rest)
                rest = []
            }
        }
        if let word = rest.first {
            throw UsageError(
                message: "`\(result.path.joined(separator: " "))` does not know what to do with `\(word)`",
                hint: "usage: \(HelpText.usage(result.command, result.path))"
            )
        }
    }

    private func checkOptions() throws(UsageError) {
        for option in result.command.options where option.isRequired && result.options[option.name] == nil {
            throw UsageError(
                message: "`\(result.path.joined(separator: " "))` needs --\(option.name)",
                hint: "usage: \(HelpText.usage(result.command, result.path))"
            )
        }
    }

    private func missing(_ argument: ArgumentDescription) -> UsageError {
        UsageError(
            message: "`\(result.path.joined(separator: " "))` needs \(argument.name): \(argument.summary)",
            hint: "usage: \(HelpText.usage(result.command, result.path))"
        )
    }
}
