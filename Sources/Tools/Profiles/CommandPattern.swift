// Baton
// SPDX-License-Identifier: Apache-2.0

/// The first words of commands, such as `git push` or `npm run test:*`; `*` and `?` stand for letters within a word.
public struct CommandPattern: Sendable, Hashable, CustomStringConvertible {
    /// How sure it is that a command is meant.
    enum Match {
        case no
        /// It depends on words that are not known.
        case perhaps
        case yes
    }

    private let words: [String]

    /// The text form.
    public var description: String { words.joined(separator: " ") }

    /// Reads words that are separated by spaces; `nil` when there is none.
    public init?(_ text: String) {
        words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !words.isEmpty else { return nil }
    }

    /// Whether a command is one that is permitted: it begins with these words, and its program comes from a folder of
    /// the system if it is named without a path.
    func permits(_ command: [String?]) -> Bool {
        guard let name = command[0], command.count >= words.count else { return false }
        let folder = name.lastIndex(of: "/").map { String(name[..<$0]) }
        let isOfSystem = folder.map { Self.systemFolders.contains($0) } ?? true
        guard words[0].contains("/") ? WordPattern.matches(words[0], name) : isOfSystem && isProgram(name) else {
            return false
        }
        return zip(words.dropFirst(), command.dropFirst()).allSatisfy { pattern, word in
            word.map { WordPattern.matches(pattern, $0) } ?? false
        }
    }

    /// Whether a command is one that is meant: its program has that name, wherever it is, and these words come in this
    /// order, whatever is between them.
    func means(_ command: [String?]) -> Match {
        guard let name = command[0] else { return .perhaps }
        guard words[0].contains("/") ? WordPattern.matches(words[0], name) : isProgram(name) else { return .no }
        var wanted = words.dropFirst()
        var isUnsure = false
        for word in command.dropFirst() {
            guard let pattern = wanted.first else { break }
            // An open word may stand for any number of words.
            guard let word else {
                isUnsure = true
                continue
            }
            if WordPattern.matches(pattern, word) { wanted.removeFirst() }
        }
        return wanted.isEmpty ? .yes : isUnsure ? .perhaps : .no
    }

    private func isProgram(_ name: String) -> Bool {
        WordPattern.matches(words[0], name.split(separator: "/").last.map(String.init) ?? name)
    }

    private static let systemFolders: Set<String> = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
    ]
}

/// Words with `*` for any letters and `?` for one.
enum WordPattern {
    /// In time proportional to both lengths at most.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern), Array(text))
        var (p, t, star, mark) = (0, 0, -1, 0)
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                (star, mark) = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if star >= 0 {
                mark += 1
                (p, t) = (star + 1, mark)
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == "*" { p += 1 }
        return p == pattern.count
    }
}
