// Baton
// SPDX-License-Identifier: Apache-2.0

/// The commands that a command line for `sh` may run, as far as that can be told without running it.
///
/// Those of pipelines, lists, groups, loops and substitutions all count. What cannot be told is said, never guessed: then
/// somebody has to look.
struct ShellCommands: Equatable {
    /// One command; its words without redirections and without variables that are set for it.
    struct Command: Equatable {
        /// `nil` for a word that depends on something, such as `$FILE` or `*.txt`.
        var words: [String?]
    }

    /// Why it cannot be told.
    struct Unclear: Error, Equatable {
        let reason: String
    }

    let commands: [Command]

    init(_ text: String) throws(Unclear) {
        var reader = ShellReader(text)
        try reader.read(until: nil)
        commands = reader.commands
    }
}

/// Goes through a command line once, from left to right.
private struct ShellReader {
    /// A word that is being read.
    private struct Word {
        var text: [UInt8] = []
        /// It has a part that depends on something.
        var isOpen = false
        /// A part of it was quoted, so that it is no reserved word.
        var isQuoted = false
        /// It has been begun; `''` is a word too.
        var isThere = false

        var known: String? { isOpen ? nil : String(decoding: text, as: UTF8.self) }
    }

    private typealias Unclear = ShellCommands.Unclear

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    /// Ends of texts that follow the current line.
    private var pending: [(end: [UInt8], isLiteral: Bool)] = []
    private(set) var commands: [ShellCommands.Command] = []

    private static let deepest = 16
    /// Words after which a command begins.
    private static let openers: Set<String> = ["if", "then", "else", "elif", "while", "until", "do", "{", "!"]
    private static let closers: Set<String> = ["fi", "done", "}"]
    /// What may follow these is not read here.
    private static let others: Set<String> = ["case", "function", "select", "coproc", "[["]

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func peek(_ offset: Int = 1) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    // MARK: Lists of commands

    /// Reads commands up to the byte, which is taken; to the end of the text without one.
    mutating func read(until end: UInt8?) throws(ShellCommands.Unclear) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw Unclear(reason: "it is nested too deeply") }
        var words: [Word] = []
        while true {
            skipBlanks()
            guard let byte = next else {
                guard end == nil, pending.isEmpty else { throw Unclear(reason: "something in it has no end") }
                return finish(&words)
            }
            if byte == end {
                position += 1
                return finish(&words)
            }
            switch byte {
            case UInt8(ascii: "\n"):
                position += 1
                finish(&words)
                try skipTexts()
            case UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"):
                position += 1
                finish(&words)
            case UInt8(ascii: "#"):
                while let byte = next, byte != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "("):
                guard words.isEmpty else { throw Unclear(reason: "it defines a function or a list of values") }
                position += 1
                try read(until: UInt8(ascii: ")"))
            case UInt8(ascii: ")"): throw Unclear(reason: "it has a ) too many")
            case UInt8(ascii: "<"), UInt8(ascii: ">"): try redirection()
            default:
                let word = try word()
                // The number of a descriptor belongs to the redirection.
                let isNumber = !word.isQuoted && !word.isOpen && word.text.allSatisfy { (48...57).contains($0) }
                if isNumber, next == UInt8(ascii: "<") || next == UInt8(ascii: ">") { continue }
                try add(word, to: &words)
            }
        }
    }

    private mutating func skipBlanks() {
        while let byte = next {
            if byte == UInt8(ascii: "\\"), peek() == UInt8(ascii: "\n") {
                position += 2
            } else if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func add(_ word: Word, to words: inout [Word]) throws(ShellCommands.Unclear) {
        if words.isEmpty, !word.isQuoted, let text = word.known {
            if Self.openers.contains(text) || Self.closers.contains(text) { return }
            if Self.others.contains(text) { throw Unclear(reason: "it uses `\(text)`") }
            if text == "for" { return try loop() }
        }
        if words.isEmpty, try isAssignment(word) { return }
        words.append(word)
    }

    /// `for NAME in WORDS`, up to its `do`.
    private mutating func loop() throws(ShellCommands.Unclear) {
        while true {
            skipBlanks()
            guard let byte = next else { throw Unclear(reason: "a loop has no end") }
            if byte == UInt8(ascii: ";") || byte == UInt8(ascii: "\n") {
                position += 1
                return
            }
            guard byte != UInt8(ascii: "("), byte != UInt8(ascii: ")"), byte != UInt8(ascii: "&"),
                byte != UInt8(ascii: "|"), byte != UInt8(ascii: "<"), byte != UInt8(ascii: ">")
            else { throw Unclear(reason: "a loop is not written as usual") }
            _ = try word()
        }
    }

    /// `NAME=VALUE` before a command. Some variables change which programs run.
    private func isAssignment(_ word: Word) throws(ShellCommands.Unclear) -> Bool {
        guard let sign = word.text.firstIndex(of: UInt8(ascii: "=")), sign > 0,
            word.text[..<sign].allSatisfy(Self.isNamePart), !(48...57).contains(word.text[0])
        else { return false }
        let name = String(decoding: word.text[..<sign], as: UTF8.self)
        guard !ShellReader.changesPrograms(name) else { throw Unclear(reason: "it sets \(name)") }
        return true
    }

    static func changesPrograms(_ name: String) -> Bool {
        ["PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "PS4"].contains(name) || name.hasPrefix("LD_")
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
    }

    private mutating func finish(_ words: inout [Word]) {
        if !words.isEmpty { commands.append(.init(words: words.map(\.known))) }
        words = []
    }

    // MARK: Redirections

    private mutating func redirection() throws(ShellCommands.Unclear) {
        if take("<<<") { throw Unclear(reason: "it has a text for bash") }
        if take("<<") {
            let isIndented = next == UInt8(ascii: "-")
            if isIndented { position += 1 }
            skipBlanks()
            let word = try word()
            guard let end = word.known, !end.isEmpty, !isIndented else {
                throw Unclear(reason: "a text in it has an unusual end")
            }
            return pending.append((Array(end.utf8), word.isQuoted))
        }
        guard take("<(") || take(">(") else {
            _ = take(">>") || take(">|") || take(">&") || take("<&") || take("<>") || take("<") || take(">")
            skipBlanks()
            guard let byte = next, !Self.isSpecial(byte) else { throw Unclear(reason: "a redirection leads nowhere") }
            _ = try word()
            return
        }
        throw Unclear(reason: "it uses a command as a file")
    }

    /// Goes over the texts that were announced in the line before.
    private mutating func skipTexts() throws(ShellCommands.Unclear) {
        for (end, isLiteral) in pending {
            while true {
                guard position < bytes.count else { throw Unclear(reason: "a text in it has no end") }
                let line = bytes[position...].prefix { $0 != UInt8(ascii: "\n") }
                position = min(line.endIndex + 1, bytes.count)
                if line.elementsEqual(end) { break }
                if !isLiteral, line.contains(UInt8(ascii: "`")) || line.contains(UInt8(ascii: "$")) {
                    throw Unclear(reason: "a text in it depends on something")
                }
            }
        }
        pending = []
    }

    // MARK: Words

    private static func isSpecial(_ byte: UInt8) -> Bool { "\n;&|()<> \t".utf8.contains(byte) }

    private mutating func word() throws(ShellCommands.Unclear) -> Word {
        var word = Word()
        while let byte = next, !Self.isSpecial(byte) {
            word.isThere = true
            switch byte {
            case UInt8(ascii: "\\"):
                position += 1
                guard let escaped = next else { throw Unclear(reason: "it ends with a backslash") }
                position += 1
                if escaped != UInt8(ascii: "\n") { word.text.append(escaped) }
                word.isQuoted = true
            case UInt8(ascii: "'"):
                position += 1
                guard let end = bytes[position...].firstIndex(of: byte) else {
                    throw Unclear(reason: "a quote has no end")
                }
                word.text += bytes[position..<end]
                word.isQuoted = true
                position = end + 1
            case UInt8(ascii: "\""): try quoted(&word)
            case UInt8(ascii: "$"), UInt8(ascii: "`"): try expansion(&word, isQuoted: false)
            case UInt8(ascii: "[") where word.text.isEmpty && (peek().map(Self.isSpecial) ?? true):
                // The program of that name.
                word.text.append(byte)
                position += 1
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "~"):
                word.isOpen = true
                position += 1
            case UInt8(ascii: "{"), UInt8(ascii: "}"):
                // A group when it stands alone; some shells make several words of `{a,b}`.
                let isAlone = word.text.isEmpty && !word.isOpen && (peek().map(Self.isSpecial) ?? true)
                if !isAlone { word.isOpen = true }
                word.text.append(byte)
                position += 1
            default:
                word.text.append(byte)
                position += 1
            }
        }
        guard word.isThere else { throw Unclear(reason: "it is not written as usual") }
        return word
    }

    private mutating func quoted(_ word: inout Word) throws(ShellCommands.Unclear) {
        word.isQuoted = true
        position += 1
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                guard let escaped = peek() else { throw Unclear(reason: "a quote has no end") }
                position += 2
                if "$`\"\\".utf8.contains(escaped) {
                    word.text.append(escaped)
                } else if escaped != UInt8(ascii: "\n") {
                    word.text += [byte, escaped]
                }
            case UInt8(ascii: "$"), UInt8(ascii: "`"): try expansion(&word, isQuoted: true)
            default:
                word.text.append(byte)
                position += 1
            }
        }
        throw Unclear(reason: "a quote has no end")
    }

    /// `$NAME`, `${…}`, `$(…)`, `$((…))` and back quotes; a lone `$` stands for itself.
    private mutating func expansion(_ word: inout Word, isQuoted: Bool) throws(ShellCommands.Unclear) {
        if next == UInt8(ascii: "`") { return try backQuotes(&word) }
        position += 1
        switch next {
        case UInt8(ascii: "("):
            word.isOpen = true
            position += 1
            guard next != UInt8(ascii: "(") else { throw Unclear(reason: "it computes") }
            try read(until: UInt8(ascii: ")"))
        case UInt8(ascii: "{"):
            word.isOpen = true
            guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else {
                throw Unclear(reason: "a variable has no end")
            }
            let inner = bytes[(position + 1)..<end]
            guard !inner.contains(where: { "$`\"'\\(".utf8.contains($0) }) else {
                throw Unclear(reason: "a variable depends on something")
            }
            position = end + 1
        case let byte? where !isQuoted && "'\"".utf8.contains(byte): throw Unclear(reason: "it has a quote for bash")
        case let byte? where Self.isNamePart(byte) || "@*#?$!-".utf8.contains(byte):
            word.isOpen = true
            position += 1
            guard Self.isNamePart(byte) else { return }
            while let byte = next, Self.isNamePart(byte) { position += 1 }
        default: word.text.append(UInt8(ascii: "$"))
        }
    }

    private mutating func backQuotes(_ word: inout Word) throws(ShellCommands.Unclear) {
        word.isOpen = true
        position += 1
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "`")) else {
            throw Unclear(reason: "a back quote has no end")
        }
        let inner = bytes[position..<end]
        guard !inner.contains(UInt8(ascii: "\\")) else { throw Unclear(reason: "back quotes have backslashes within") }
        position = end + 1
        var reader = ShellReader(String(decoding: inner, as: UTF8.self))
        reader.depth = depth
        try reader.read(until: nil)
        commands += reader.commands
    }
}
