// Baton
// SPDX-License-Identifier: Apache-2.0

/// Scripts for shells, made from the tree of commands.
struct CompletionScript {
    /// A command that can be completed after.
    private struct Place {
        let path: String
        let command: CommandDescription
        /// Its visible children.
        let words: [CommandDescription]
        /// With those that are meant without a name.
        let options: [OptionDescription]
        let takesFiles: Bool
    }

    private let places: [Place]

    init(_ root: CommandDescription) {
        places = Self.places(root, path: root.name)
    }

    /// `nil` for another shell than bash, zsh and fish.
    func script(for shell: String) -> String? {
        switch shell {
        case "bash": bash
        case "zsh": zsh
        case "fish": fish
        default: nil
        }
    }

    private static func places(_ command: CommandDescription, path: String) -> [Place] {
        let visible = command.children.filter { !$0.isHidden }
        let meant = command.fallback.flatMap { command.child($0) }
        let arguments = command.arguments + (meant?.arguments ?? [])
        let place = Place(
            path: path,
            command: command,
            words: visible,
            options: command.options + (meant?.options ?? []) + GlobalOptions.all,
            takesFiles: arguments.contains { $0.completion == .files }
        )
        return [place] + visible.flatMap { places($0, path: "\(path) \($0.name)") }
    }

    private static func spellings(_ option: OptionDescription) -> [String] {
        (option.short.map { ["-\($0)"] } ?? [])
            + option.spellings.filter { !option.aliases.contains($0) }.map { "--\($0)" }
    }

    /// Spellings of options behind which a value follows.
    private var valueSpellings: [String] {
        Array(Set(places.flatMap(\.options).filter { $0.valueName != nil }.flatMap(Self.spellings))).sorted()
    }

    // MARK: bash

    private var bash: String {
        """
        # Completion of baton for bash; made by `baton completion bash`.
        _baton() {
            local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
            local path="baton" words="" files=0 index word
            for ((index = 1; index < COMP_CWORD; index++)); do
                word="${COMP_WORDS[index]}"
                case "$word" in
                    \(valueSpellings.joined(separator: "|"))) ((index++)); continue ;;
                esac
                case "$path $word" in
                    \(places.dropFirst().map { "\"\($0.path)\"" }.joined(separator: "|"))) path="$path $word" ;;
                esac
            done
            case "$path:$previous" in
        \(bashValues)
            esac
            case "$path" in
        \(bashWords)
            esac
            [[ "$current" != -* && $files == 1 ]] && COMPREPLY+=($(compgen -f -- "$current"))
            COMPREPLY+=($(compgen -W "$words" -- "$current"))
        }
        complete -o filenames -F _baton baton

        """
    }

    private var bashWords: String {
        places.map { place in
            let words = place.words.map(\.name) + place.options.flatMap(Self.spellings) + ["--help"]
            return
                "        \"\(place.path)\") words=\"\(words.joined(separator: " "))\"; files=\(place.takesFiles ? 1 : 0) ;;"
        }.joined(separator: "\n")
    }

    private var bashValues: String {
        var lines: [String] = []
        for place in places {
            for option in place.options where option.valueName != nil {
                let patterns = Self.spellings(option).map { "\"\(place.path):\($0)\"" }.joined(separator: "|")
                lines.append("        \(patterns)) \(Self.bashValue(option)); return ;;")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func bashValue(_ option: OptionDescription) -> String {
        switch option.kind {
        case .choice(_, let choices): "COMPREPLY=($(compgen -W \"\(choices.joined(separator: " "))\" -- \"$current\"))"
        case .path: "COMPREPLY=($(compgen -f -- \"$current\"))"
        case .flag, .toggle, .text, .pair, .number: "COMPREPLY=()"
        }
    }

    // MARK: zsh

    private var zsh: String {
        """
        #compdef baton
        # Completion of baton for zsh; made by `baton completion zsh`.
        _baton() {
            local path_="baton" index=2 word previous="${words[CURRENT-1]}"
            local -a offered
            while ((index < CURRENT)); do
                word="${words[index]}"
                case "$word" in
                    \(valueSpellings.joined(separator: "|"))) ((index += 2)); continue ;;
                esac
                case "$path_ $word" in
                    \(places.dropFirst().map { "\"\($0.path)\"" }.joined(separator: "|"))) path_="$path_ $word" ;;
                esac
                ((index++))
            done
            case "$path_:$previous" in
        \(zshValues)
            esac
            case "$path_" in
        \(zshWords)
            esac
            _describe -o command offered
        }
        compdef _baton baton

        """
    }

    private var zshWords: String {
        places.map { place in
            let words = place.words.map { Self.zshItem($0.name, $0.summary) }
            let options = place.options.flatMap { option in
                Self.spellings(option).map { Self.zshItem($0, option.summary) }
            }
            let files = place.takesFiles ? "; _files" : ""
            return "        \"\(place.path)\") offered=(\((words + options).joined(separator: " ")))\(files) ;;"
        }.joined(separator: "\n")
    }

    private var zshValues: String {
        var lines: [String] = []
        for place in places {
            for option in place.options where option.valueName != nil {
                let patterns = Self.spellings(option).map { "\"\(place.path):\($0)\"" }.joined(separator: "|")
                let action =
                    switch option.kind {
                    case .choice(_, let choices): "compadd \(choices.joined(separator: " "))"
                    case .path: "_files"
                    case .flag, .toggle, .text, .pair, .number: ":"
                    }
                lines.append("        \(patterns)) \(action); return ;;")
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func zshItem(_ name: String, _ summary: String) -> String {
        let text = summary.split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:")
        return quoted("\(name):\(text)")
    }

    // MARK: fish

    private var fish: String {
        let paths = places.dropFirst().map { Self.quoted($0.path) }.joined(separator: " ")
        let lines = places.flatMap { place in
            let condition = "-n \(Self.quoted("__baton_at \(Self.quoted(place.path))"))"
            return place.words.map { "complete -c baton -f \(condition) -a \($0.name) -d \(Self.quoted($0.summary))" }
                + place.options.flatMap { fish($0, condition) }
                + (place.takesFiles ? [] : ["complete -c baton -f \(condition)"])
        }
        return """
            # Completion of baton for fish; made by `baton completion fish`.
            function __baton_at
                set -l path baton
                for word in (commandline -opc)[2..-1]
                    if contains -- "$path $word" \(paths)
                        set path "$path $word"
                    end
                end
                test "$path" = "$argv[1]"
            end
            \(lines.joined(separator: "\n"))

            """
    }

    private func fish(_ option: OptionDescription, _ condition: String) -> [String] {
        let value =
            switch option.kind {
            case .flag, .toggle: ""
            case .choice(_, let choices): " -x -a \(Self.quoted(choices.joined(separator: " ")))"
            case .path: " -r"
            case .text, .pair, .number: " -x"
            }
        let short = option.short.map { " -s \($0)" } ?? ""
        return option.spellings.filter { !option.aliases.contains($0) }.map { spelling in
            "complete -c baton \(condition) -l \(spelling)\(spelling == option.name ? short : "")\(value) -d \(Self.quoted(option.summary))"
        }
    }

    /// In single quotes, which all three shells read alike but for a quote inside.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
