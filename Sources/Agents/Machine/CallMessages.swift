// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Providers

/// The messages of a call as its step keeps them: the result of a tool is in the step of that tool, so that it is named and
/// not written once more, as `{"type": "tool_result", "call", "name", "step"}`.
enum CallMessages {
    /// - Parameter steps: Those before the call.
    static func record(_ messages: [ModelMessage], after steps: [AgentStep]) -> JSONValue {
        .array(
            messages.map { message in
                guard var object = message.json.objectValue, let parts = object["parts"]?.arrayValue else {
                    return message.json
                }
                object["parts"] = .array(
                    zip(message.parts, parts).map { part, json in
                        guard case .toolResult(let result) = part else { return json }
                        return reference(to: result, among: steps) ?? json
                    }
                )
                return .object(object)
            }
        )
    }

    /// The messages that a step keeps.
    ///
    /// - Parameter steps: Those before it, at least those that it names.
    static func read(_ request: JSONValue, after steps: [AgentStep]) throws(ModelFormatError) -> [ModelMessage] {
        var messages: [ModelMessage] = []
        for message in request["messages"]?.arrayValue ?? [] {
            messages.append(try ModelMessage(json: resolved(message, among: steps)))
        }
        return messages
    }

    private static func reference(to result: ToolResult, among steps: [AgentStep]) -> JSONValue? {
        let step = steps.last { $0.kind == .tool && $0.request["call"]?.stringValue == result.callID }
        guard let step, told(step, result.callID, result.name) == result else { return nil }
        return [
            "type": "tool_result", "call": .string(result.callID), "name": .string(result.name),
            "step": .int(Int64(step.number)),
        ]
    }

    private static func resolved(_ message: JSONValue, among steps: [AgentStep]) -> JSONValue {
        guard var object = message.objectValue, let parts = object["parts"]?.arrayValue,
            parts.contains(where: { $0["step"] != nil })
        else { return message }
        object["parts"] = .array(
            parts.map { part in
                guard let number = part["step"]?.intValue, let call = part["call"]?.stringValue,
                    let name = part["name"]?.stringValue,
                    let step = steps.last(where: { $0.number == Int(number) }), let result = told(step, call, name)
                else { return part }
                return ModelMessage(.user, [.toolResult(result)]).json["parts"]?[0] ?? part
            }
        )
        return .object(object)
    }

    /// What the model hears of a call that was made.
    private static func told(_ step: AgentStep, _ call: String, _ name: String) -> ToolResult? {
        step.result.map { AgentMachine.result($0, of: ToolCall(id: call, name: name, arguments: [:])) }
    }
}
