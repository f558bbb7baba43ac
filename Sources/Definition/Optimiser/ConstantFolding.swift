// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON

/// Replaces expressions without variables by their values (H701).
///
/// An expression that fails, or that takes more than a few steps, stays as it is, so that it fails or counts when it
/// always did.
struct ConstantFolding {
    /// Expressions that were replaced.
    private(set) var count = 0

    /// More is not worth it, and could make room below the step limit of a whole template.
    private static let stepLimit = 1000

    mutating func fold(_ body: inout LoweredBody) {
        for index in body.nodesWithConstants { fold(&body.nodes[index], body.types[index]) }
        for index in body.edges.indices {
            guard let when = body.edges[index].when, let text = condition(when.source) else { continue }
            // The edge stays a conditional one: fallbacks depend on that.
            if let folded = try? CELExpression(text) { body.edges[index].when = folded }
        }
        if let output = body.output { body.output = template(output) }
    }

    private mutating func fold(_ node: inout JSONObject, _ type: NodeType) {
        fold("config", in: &node) { folding, config in folding.fold(config: &config, type) }
        conditions(["when"], in: &node)
        if node["when"] == "true" { node["when"] = nil }
        fold("retry", in: &node) { folding, retry in folding.conditions(["when"], in: &retry) }
        fold("concurrency", in: &node) { folding, value in folding.templates(["key"], in: &value) }
        if let calls = node["compensate"]?.arrayValue {
            node["compensate"] = .array(calls.map { folded(call: $0) })
        } else if let call = node["compensate"] {
            node["compensate"] = folded(call: call)
        }
    }

    private mutating func folded(call: JSONValue) -> JSONValue {
        guard var object = call.objectValue else { return call }
        templates(["args"], in: &object)
        return .object(object)
    }

    private mutating func fold(config: inout JSONObject, _ type: NodeType) {
        switch type {
        case .agent, .http, .signal:
            if let object = template(.object(config)).objectValue { config = object }
        case .tool, .function: templates(["args"], in: &config)
        case .human: templates(["title", "message", "evidence"], in: &config)
        case .transform: fold(transform: &config)
        case .filter:
            templates(["items"], in: &config)
            conditions(["where"], in: &config)
        case .aggregate: templates(["items"], in: &config)
        case .map: templates(["items", "inputs"], in: &config)
        case .workflow: templates(["inputs"], in: &config)
        case .loop: conditions(["while", "until"], in: &config)
        case .wait:
            templates(["for", "until"], in: &config)
            fold("signal", in: &config) { folding, signal in
                folding.templates(["key"], in: &signal)
                folding.conditions(["where"], in: &signal)
            }
        case .branch:
            let cases = config["cases"]?.arrayValue ?? []
            config["cases"] = .array(
                cases.map { value in
                    guard var object = value.objectValue else { return value }
                    conditions(["when"], in: &object)
                    return .object(object)
                }
            )
        case .join: break
        }
    }

    /// One expression is the template that is nothing but it.
    private mutating func fold(transform config: inout JSONObject) {
        templates(["set"], in: &config)
        guard let source = config["expr"]?.stringValue, let value = value(of: source) else { return }
        count += 1
        config["expr"] = nil
        config["set"] = value
    }

    private mutating func fold(
        _ key: String,
        in object: inout JSONObject,
        _ body: (inout ConstantFolding, inout JSONObject) -> Void
    ) {
        guard var member = object[key]?.objectValue else { return }
        body(&self, &member)
        object[key] = .object(member)
    }

    private mutating func templates(_ keys: [String], in object: inout JSONObject) {
        for key in keys { if let value = object[key] { object[key] = template(value) } }
    }

    private mutating func conditions(_ keys: [String], in object: inout JSONObject) {
        for key in keys {
            guard let source = object[key]?.stringValue, let text = condition(source) else { continue }
            object[key] = .string(text)
        }
    }

    // MARK: Values

    /// `true` or `false`; `nil` when the condition is that already, reads a variable or fails.
    mutating func condition(_ source: String) -> String? {
        guard source != "true", source != "false", let expression = Self.constant(source),
            let value = try? expression.condition(in: EmptyScope(), stepLimit: Self.stepLimit)
        else { return nil }
        count += 1
        return value ? "true" : "false"
    }

    /// The template with constant parts replaced.
    mutating func template(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): return folded(text) ?? value
        case .array(let items): return .array(items.map { template($0) })
        case .object(let object):
            var result = JSONObject()
            for member in object.members { result.append(member.key, template(member.value)) }
            return .object(result)
        default: return value
        }
    }

    /// A text of a template with constant parts replaced; `nil` when there are none.
    mutating func folded(_ text: String) -> JSONValue? {
        guard text.utf8.contains(UInt8(ascii: "$")), let segments = try? TemplateText(text).segments else { return nil }
        if segments.count == 1, case .expression(let source, _) = segments[0] {
            guard let value = value(of: source) else { return nil }
            count += 1
            return value
        }
        var writer = TemplateWriter()
        var found = 0
        for segment in segments {
            switch segment {
            case .text(let text): writer.append(text: text)
            case .expression(let source, _):
                if let text = Self.interpolated(source) {
                    writer.append(text: text)
                    found += 1
                } else {
                    writer.append(expression: source)
                }
            }
        }
        guard found > 0, let result = writer.text else { return nil }
        count += found
        return .string(result)
    }

    /// The value as it stands in a template.
    private func value(of source: String) -> JSONValue? {
        guard let expression = Self.constant(source) else { return nil }
        return (try? expression.json(in: EmptyScope(), stepLimit: Self.stepLimit)).map(TemplateWriter.escaped)
    }

    private static func constant(_ source: String) -> CELExpression? {
        // A handle to a secret is no value.
        guard !source.mentions("secret"), let expression = try? CELExpression(source), expression.isConstant else {
            return nil
        }
        return expression
    }

    /// The value as it appears inside longer text.
    private static func interpolated(_ source: String) -> String? {
        guard constant(source) != nil, let template = try? ValueTemplate(.string("-${\n\(source)\n}")),
            let value = try? template.evaluate(in: EmptyScope(), stepLimit: stepLimit)
        else { return nil }
        return value.stringValue.map { String($0.dropFirst()) }
    }
}
