// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Evaluates templates as far as the inputs of a run allow.
struct PartialTemplate {
    let known: KnownValues

    /// The value; parts that are not known appear as `<nodes.x.output>`, inside longer text too.
    func value(of template: JSONValue) -> JSONValue {
        switch template {
        case .string(let text): return value(ofText: text)
        case .array(let items): return .array(items.map { value(of: $0) })
        case .object(let object):
            var result = JSONObject()
            for member in object.members { result.append(member.key, value(of: member.value)) }
            return .object(result)
        default: return template
        }
    }

    /// `true`, `false`, or the condition itself.
    func text(of condition: CELExpression) -> String {
        guard known.covers(condition) else { return condition.source }
        do {
            return try condition.condition(in: known) ? "true" : "false"
        } catch {
            return "\(condition.source) (fails: \(error.message))"
        }
    }

    private func value(ofText text: String) -> JSONValue {
        guard let segments = try? TemplateText(text).segments else { return .string(text) }
        if segments.count == 1, case .expression(let source, _) = segments[0] {
            return evaluated(source, in: "${\n\(source)\n}") ?? .string("<\(source)>")
        }
        return .string(
            segments.map { segment in
                switch segment {
                case .text(let text): return text
                case .expression(let source, _):
                    // Text before it makes it a part of a longer text.
                    let value = evaluated(source, in: "-${\n\(source)\n}")?.stringValue
                    return value.map { String($0.dropFirst()) } ?? "<\(source)>"
                }
            }.joined()
        )
    }

    private func evaluated(_ source: String, in template: String) -> JSONValue? {
        guard let expression = try? CELExpression(source), known.covers(expression) else { return nil }
        return try? ValueTemplate(.string(template)).evaluate(in: known)
    }
}
