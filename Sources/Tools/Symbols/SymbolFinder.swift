// Baton
// SPDX-License-Identifier: Apache-2.0

/// Finds lines that define a name. It reads lines, not languages: what is spread over several lines, or made by macros, it
/// does not see, and a line in a comment of several lines or in a long text may be taken for one.
struct SymbolFinder: Sendable {
    /// A line that defines the name.
    struct Definition: Sendable, Equatable {
        let line: Int
        let kind: String
        let text: String
    }

    /// Longer lines are no source that people write.
    private static let lineLimit = 2000

    private let name: [UInt8]

    init(_ name: String) { self.name = Array(name.utf8) }

    /// The definitions in a text, by line.
    func definitions(in bytes: [UInt8], _ language: SymbolLanguage) -> [Definition] {
        var found: [Definition] = []
        var number = 0
        for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
            number += 1
            guard line.count <= Self.lineLimit, line.count >= name.count, let kind = kind(of: line, language) else {
                continue
            }
            let text = String(decoding: line.prefix(300), as: UTF8.self)
            found.append(Definition(line: number, kind: kind, text: Self.trimmed(Substring(text))))
        }
        return found
    }

    /// What a line defines by the name; `nil` when it does not.
    private func kind(of line: ArraySlice<UInt8>, _ language: SymbolLanguage) -> String? {
        guard let first = name.first else { return nil }
        var start = line.startIndex
        while let position = line[start...].firstIndex(of: first) {
            start = position + 1
            guard line[position...].starts(with: name) else { continue }
            let end = position + name.count
            if position > line.startIndex, Self.isWord(line[position - 1]) { continue }
            if end < line.endIndex, Self.isWord(line[end]) { continue }
            let before = String(decoding: line[..<position], as: UTF8.self)
            guard !Self.isComment(before) else { return nil }
            let after = String(decoding: line[end...], as: UTF8.self)
            if let kind = Self.kind(before, Self.trimmed(Substring(after)), after, language) { return kind }
        }
        return nil
    }

    private static func kind(_ before: String, _ after: String, _ exactAfter: String, _ language: SymbolLanguage)
        -> String?
    {
        let head = trimmed(Substring(before))
        let isTight = before.last.map { $0 != " " && $0 != "\t" && $0 != "*" } ?? true
        if let kind = keyword(before, head, after, isTight: isTight, language) { return kind }
        if language.hasAssignments, before.isEmpty {
            if after.hasPrefix("="), !after.hasPrefix("==") { return "variable" }
            if language.name == "Python", exactAfter.hasPrefix(":") { return "variable" }
        }
        if language.namesTypesInUses, head.hasPrefix("typedef "), after == ";" { return "type" }
        return function(before, head, after, language) ? "function" : nil
    }

    private static func keyword(
        _ before: String,
        _ head: String,
        _ after: String,
        isTight: Bool,
        _ language: SymbolLanguage
    ) -> String? {
        var words = head.split { $0 == " " || $0 == "\t" }.map(String.init)
        if language.name == "Ruby", words.last == "self." {
            return words.dropLast().last == "def" ? "function" : nil
        }
        guard !isTight else { return nil }
        if language.name == "Go", head.hasPrefix("func ("), head.hasSuffix(")") { return "method" }
        if language.name == "Rust", words.last == "mut" { words.removeLast() }
        if language.name == "C++", words.suffix(2) == ["enum", "class"] { words.removeLast() }
        guard let word = words.last, let kind = language.keywords[word] else { return nil }
        if language.variables.contains(word) {
            let indent = before.prefix { $0 == " " || $0 == "\t" }
            guard indent.allSatisfy({ $0 == " " }) ? indent.count <= 4 : indent.count <= 1 else { return nil }
            // The head of a condition or a loop.
            guard words.dropLast().allSatisfy({ !isControl($0) }) else { return nil }
        }
        if language.namesTypesInUses, kind != "macro", kind != "using", kind != "concept" {
            guard after.isEmpty || after.hasPrefix("{") || after.hasPrefix(":") || after.hasPrefix("final") else {
                return nil
            }
        }
        return kind
    }

    /// `TYPE NAME(…) {`, or `NAME(…) {` within a type.
    private static func function(
        _ before: String,
        _ head: String,
        _ after: String,
        _ language: SymbolLanguage
    ) -> Bool {
        guard language.hasBareFunctions || language.hasBareMethods, after.hasPrefix("(") else { return false }
        let words = head.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        guard words.allSatisfy({ !isControl(String($0)) }) else { return false }
        let marks = "_*&<>[],.:~@? \t"
        guard head.allSatisfy({ $0.isLetter || $0.isNumber || marks.contains($0) }) else { return false }
        if language.name == "shell" { return before.isEmpty && after.hasPrefix("()") }
        if head.hasSuffix(".") || head.hasSuffix(",") { return false }
        if after.hasSuffix("{") {
            if language.hasBareFunctions, !words.isEmpty { return true }
            return language.hasBareMethods && before.first.map { $0 == " " || $0 == "\t" } == true
        }
        // The brace is on the next line, or the parameters go on there.
        let isOpen = after.hasSuffix(")") || after.hasSuffix(",") || after.hasSuffix("(")
        return language.hasBareFunctions && !words.isEmpty && isOpen
            && before.first.map { $0 != " " && $0 != "\t" } == true
    }

    private static func isComment(_ before: String) -> Bool {
        let head = trimmed(Substring(before))
        if before.contains("//") || head.hasPrefix("*") || head.hasPrefix("/*") || head.hasPrefix("--") { return true }
        return head.hasPrefix("#") && !head.hasPrefix("#define") && !head.hasPrefix("# define") && !head.hasPrefix("#[")
    }

    private static func isControl(_ word: String) -> Bool {
        [
            "return", "if", "else", "guard", "while", "for", "switch", "case", "catch", "throw", "throws", "new",
            "await",
            "try", "in", "do", "yield", "delete", "sizeof", "typeof", "assert", "import", "goto",
        ].contains(word)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 95, 97...122, 36, 128...: true
        default: false
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        func isBlank(_ letter: Character) -> Bool { letter == " " || letter == "\t" || letter == "\r" }
        var rest = text.drop(while: isBlank)
        while rest.last.map(isBlank) == true { rest.removeLast() }
        return String(rest)
    }
}
