// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Puts the text of a template together from plain text and expressions.
struct TemplateWriter {
    private enum Part: Equatable {
        case text(String)
        case expression(String)
    }

    private var parts: [Part] = []

    mutating func append(text: String) {
        guard !text.isEmpty else { return }
        if case .text(let before) = parts.last {
            parts[parts.count - 1] = .text(before + text)
        } else {
            parts.append(.text(text))
        }
    }

    mutating func append(expression: String) {
        parts.append(.expression(expression))
    }

    /// The template; `nil` when there is none that means these parts, as with a `$` right before an expression.
    var text: String? {
        let text = parts.map { part in
            switch part {
            case .text(let text): Self.escaped(text)
            case .expression(let source): "${\(source)}"
            }
        }.joined()
        guard let segments = try? TemplateText(text).segments else { return nil }
        let read = segments.map { segment -> Part in
            switch segment {
            case .text(let text): .text(text)
            case .expression(let source, _): .expression(source)
            }
        }
        return read == parts ? text : nil
    }

    /// Text in which `${` means itself.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        return text.split(separator: "${", omittingEmptySubsequences: false).joined(separator: "$${")
    }

    /// A value as a template that gives it.
    static func escaped(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return .string(escaped(text))
        case .array(let items): return .array(items.map { escaped($0) })
        case .object(let object):
            var result = JSONObject()
            for member in object.members { result.append(member.key, escaped(member.value)) }
            return .object(result)
        default: return value
        }
    }
}
