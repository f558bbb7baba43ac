// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Providers

/// What of a prompt is the same from call to call: instructions, tools, the form of the answer. A step has it whole only
/// when it is another one than before; else it names the step that has it.
struct PromptFrame: Equatable {
    let json: JSONValue

    init(_ request: ModelRequest) {
        var object = request.json.objectValue ?? [:]
        for key in ["model", "messages", "max_output_tokens", "temperature"] { object[key] = nil }
        if var origin = object["origin"]?.objectValue {
            origin["call"] = nil
            object["origin"] = .object(origin)
        }
        json = .object(object)
    }

    init(_ json: JSONValue) { self.json = json }

    /// What a step says: the number of one with the same frame, or the frame.
    func record(after steps: [AgentStep]) -> JSONValue {
        steps.last { $0.request["frame"] == json }.map { .int(Int64($0.number)) } ?? json
    }

    /// The frame of a step that names another one, or has it.
    static func of(_ request: JSONValue, _ requests: [Int: JSONValue]) -> PromptFrame? {
        guard let frame = request["frame"] else { return nil }
        guard let number = frame.intValue else { return PromptFrame(frame) }
        return requests[Int(number)]?["frame"].flatMap { $0.objectValue.map { PromptFrame(.object($0)) } }
    }

    /// A whole request.
    ///
    /// - Parameter call: Its number within the task, where it has one.
    func request(
        model: String,
        messages: [ModelMessage],
        limit: JSONValue?,
        temperature: JSONValue?,
        call: Int? = nil
    ) throws(ModelFormatError) -> ModelRequest {
        var object = json.objectValue ?? [:]
        object["model"] = .string(model)
        object["messages"] = .array(messages.map(\.json))
        object["max_output_tokens"] = limit
        object["temperature"] = temperature
        var request = try ModelRequest(json: .object(object))
        if let call { request.origin?.call = call }
        return request
    }
}
