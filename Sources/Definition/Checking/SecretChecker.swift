// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Glibc
import JSON

/// Secrets may stand only where they are sent, never where they would be stored (spec 3.7).
struct SecretChecker {
    let node: NodeDraft
    let context: ReadingContext

    func check(_ use: ExpressionUse) {
        guard use.expression.source.mentions("secret"), let offset = Self.call(in: use.expression.source) else {
            return
        }
        let place = use.position(offset)
        guard !isAllowed(SourcePath.pointer(place.value.path).tokens) else {
            checkName(in: use.expression.source, from: offset, place)
            if context.registry.unsupportedKeys.contains("secret") {
                let message = "`secret()` is not carried out by this engine; a run with it is refused"
                context.reportUnsupported(at: place.value, position: place.position, message)
            }
            return
        }
        context.sink.report(
            .misplacedSecret,
            at: place.value,
            position: place.position,
            "`secret()` may stand only in `auth`, `headers`, `env` and arguments of tools that are marked as secret"
        )
    }

    /// A name that is written out must be that of a secret.
    private func checkName(
        in source: String,
        from offset: Int,
        _ place: (value: SourceValue, position: SourcePosition)
    ) {
        let argument = source.utf8.dropFirst(offset).drop { $0 != UInt8(ascii: "(") }.dropFirst().drop { $0 == 0x20 }
        guard let known = context.registry.secrets, let quote = argument.first, quote == 0x22 || quote == 0x27 else {
            return
        }
        let name = String(decoding: argument.dropFirst().prefix { $0 != quote }, as: UTF8.self)
        guard !known.contains(name) else { return }
        let suggestion = context.sink.suggestion(for: name, among: known.sorted())
        let message = "unknown secret `\(name)`\(suggestion)"
        context.sink.report(.unknownName, at: place.value, position: place.position, message)
    }

    /// - Parameter tokens: The way to the text in the document.
    private func isAllowed(_ tokens: [String]) -> Bool {
        // Tool calls of phases have no configuration around their arguments.
        let start: Set<String> = tokens.first == "phases" ? ["args"] : ["config", "inputs"]
        let inside = tokens.drop { !start.contains($0) }.dropFirst()
        guard let first = inside.first else { return false }
        switch node.type {
        case .http: return first == "auth" || first == "headers"
        case .tool:
            let argument = first == "args" ? inside.dropFirst().first : first
            guard let argument else { return false }
            return argument == "env" || node.tool?.input?["properties"]?[argument]?["x-secret"] == true
        default: return false
        }
    }

    /// The byte where a call of `secret` starts, outside of quotes.
    private static func call(in source: String) -> Int? {
        let bytes = Array(source.utf8)
        var quote: UInt8?
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if let open = quote {
                if byte == UInt8(ascii: "\\") { index += 1 } else if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if bytes[index...].starts(with: "secret".utf8), index == 0 || !Name.isIDByte(bytes[index - 1]) {
                let rest = bytes[(index + 6)...].drop { $0 == 0x20 }
                if rest.first == UInt8(ascii: "(") { return index }
            }
            index += 1
        }
        return nil
    }
}

extension String {
    /// Whether the bytes of a word stand in the text; many times faster than looking for characters.
    func mentions(_ word: StaticString) -> Bool {
        let found = utf8.withContiguousStorageIfAvailable { text in
            let length = word.utf8CodeUnitCount
            guard text.count >= length, let start = text.baseAddress else { return false }
            return (0...text.count - length).contains { offset in
                start[offset] == word.utf8Start[0] && memcmp(start + offset, word.utf8Start, length) == 0
            }
        }
        return found ?? contains(word.description)
    }
}
