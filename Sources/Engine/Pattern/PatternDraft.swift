// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// The workstack that a pattern is proposed as (spec 3.3, 9.14). The same pattern always gives the same document.
public struct PatternDraft: Sendable {
    /// The document.
    public let document: JSONValue

    /// Writes the document: a phase for each step, one after the other.
    ///
    /// Agents are asked what the input `prompt` says; the arguments that tools cannot do without are inputs,
    /// `step_N_ARGUMENT`.
    /// - Parameters:
    ///   - name: Of the workstack.
    ///   - schema: The JSON Schema of the arguments of a tool.
    public init(_ steps: [PatternStep], named name: String, schema: (_ tool: String) -> JSONValue?) {
        var inputs = JSONObject()
        var phases: [JSONValue] = []
        if steps.contains(where: { $0.kind == .agent }) {
            inputs["prompt"] = ["type": "string", "description": "What is to be done."]
        }
        for (index, step) in steps.enumerated() {
            let id = "step_\(index + 1)"
            var phase: JSONObject = ["id": .string(id)]
            switch step.kind {
            case .agent:
                phase["agents"] = [.string(step.name)]
                phase["operation"] = step.operation.map(JSONValue.string)
                phase["arguments"] = ["task": "${ inputs.prompt }"]
            case .tool:
                let arguments = Self.arguments(schema(step.name), of: id, &inputs)
                var call: JSONObject = ["tool": .string(step.name)]
                if !arguments.isEmpty { call["args"] = .object(arguments) }
                phase["tools"] = [.object(call)]
            }
            phases.append(.object(phase))
        }
        var document: JSONObject = [
            "workstack": .string(name),
            "description": .string("Made of a pattern: \(steps.map(\.name).joined(separator: ", then "))."),
        ]
        if !inputs.isEmpty { document["inputs"] = .object(inputs) }
        document["phases"] = .array(phases)
        self.document = .object(document)
    }

    /// The text that is published.
    public var text: [UInt8] { Array((document.prettyText + "\n").utf8) }

    private static func arguments(_ schema: JSONValue?, of step: String, _ inputs: inout JSONObject) -> JSONObject {
        var arguments = JSONObject()
        for name in (schema?["required"]?.arrayValue ?? []).compactMap(\.stringValue) {
            let letters = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            let input = "\(step)_\(String(letters.prefix(40)))"
            guard inputs[input] == nil else { continue }
            var wanted: JSONObject = [:]
            let property = schema?["properties"]?[name]
            wanted["type"] = property?["type"]?.stringValue.map(JSONValue.string)
            wanted["description"] = property?["description"]?.stringValue.map(JSONValue.string)
            inputs[input] = .object(wanted)
            arguments[name] = .string("${ inputs.\(input) }")
        }
        return arguments
    }
}
