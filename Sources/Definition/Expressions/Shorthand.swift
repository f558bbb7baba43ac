// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names that shorthands of expressions may mean.
final class ExpressionNames: Sendable {
    let inputs: Set<String>
    let variables: Set<String>
    let phases: Set<String>

    init(inputs: Set<String> = [], variables: Set<String> = [], phases: Set<String> = []) {
        self.inputs = inputs
        self.variables = variables
        self.phases = phases
    }
}

/// Replaces the accepted shorthands of expressions (spec 3.7) by what they mean.
struct Shorthand {
    let names: ExpressionNames
    /// What `$.field` means before the field.
    let subject: String?
    let locals: [String]

    /// The text and whether it changed. Nothing inside quotes is touched.
    ///
    /// - Parameters:
    ///   - isBraced: The text stood inside `${…}`.
    ///   - isCondition: A single name means "there and not null, false or empty".
    mutating func rewrite(_ source: String, isBraced: Bool, _ isCondition: Bool) -> (String, Bool) {
        if isBraced, Name.isIdentifier(source), let name = variable(source) {
            return (isCondition ? "!(default(\(name), null) in [null, false, \"\", [], {}])" : name, true)
        }
        guard source.utf8.contains(UInt8(ascii: "$")) || !names.phases.isEmpty else { return (source, false) }
        var scanner = ShorthandScanner(bytes: Array(source.utf8), phases: names.phases, subject: subject)
        scanner.run()
        return scanner.isChanged ? (String(decoding: scanner.result, as: UTF8.self), true) : (source, false)
    }

    /// What a whole text that is one `$nodes.…` or `$.…` means; `nil` for other texts.
    mutating func bare(_ text: String) -> String? {
        guard text.hasPrefix("$nodes.") || text.hasPrefix("$."), text.utf8.dropFirst().allSatisfy(Self.isPathByte)
        else { return nil }
        let (result, isChanged) = rewrite(text, isBraced: false, false)
        return isChanged ? result : nil
    }

    /// What a name stands for that is no variable of expressions by itself.
    private func variable(_ name: String) -> String? {
        guard !Scope.allRoots.contains(name), !locals.contains(name) else { return nil }
        if names.variables.contains(name) { return "vars.\(name)" }
        return names.inputs.contains(name) ? "inputs.\(name)" : nil
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        Name.isIDByte(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
    }
}

/// Copies an expression and replaces shorthands outside of quotes.
private struct ShorthandScanner {
    let bytes: [UInt8]
    let phases: Set<String>
    let subject: String?
    private(set) var result: [UInt8] = []
    private(set) var isChanged = false
    private var index = 0

    init(bytes: [UInt8], phases: Set<String>, subject: String?) {
        self.bytes = bytes
        self.phases = phases
        self.subject = subject
    }

    mutating func run() {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): copyString()
            case UInt8(ascii: "$"): copyDollar()
            case let byte where Name.isIDByte(byte) && byte != UInt8(ascii: "-"): copyWord()
            default: copy(1)
            }
        }
    }

    private mutating func copy(_ count: Int) {
        result += bytes[index..<min(index + count, bytes.count)]
        index = min(index + count, bytes.count)
    }

    private mutating func copyString() {
        let quote = bytes[index]
        copy(1)
        while index < bytes.count, bytes[index] != quote { copy(bytes[index] == UInt8(ascii: "\\") ? 2 : 1) }
        copy(1)
    }

    /// `$nodes.ID.path` and `$.path`.
    private mutating func copyDollar() {
        let rest = bytes[(index + 1)...]
        if rest.starts(with: "nodes.".utf8) {
            let id = rest.dropFirst(6).prefix(while: Name.isIDByte)
            let next = rest.dropFirst(6 + id.count)
            guard !id.isEmpty else { return copy(1) }
            let isOutput = next.starts(with: ".output".utf8) && !(next.dropFirst(7).first.map(Name.isIDByte) ?? false)
            let text = String(decoding: id, as: UTF8.self)
            let target = Name.isIdentifier(text) ? "nodes.\(text)" : "nodes[\"\(text)\"]"
            result += (isOutput ? target : target + ".output").utf8
            index += 1 + 6 + id.count
            isChanged = true
        } else if rest.first == UInt8(ascii: "."), let subject {
            result += subject.utf8
            index += 1
            isChanged = true
        } else {
            copy(1)
        }
    }

    /// `ID.success` of a phase.
    private mutating func copyWord() {
        let word = bytes[index...].prefix { Name.isIDByte($0) && $0 != UInt8(ascii: "-") }
        let isField = result.last { $0 != 32 } == UInt8(ascii: ".")
        let next = bytes[(index + word.count)...]
        if !isField, next.starts(with: ".success".utf8) || next.starts(with: ".status".utf8),
            phases.contains(String(decoding: word, as: UTF8.self))
        {
            result += "phases.".utf8
            isChanged = true
        }
        copy(word.count)
    }
}
