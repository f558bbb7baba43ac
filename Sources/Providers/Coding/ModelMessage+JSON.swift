// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension ModelMessage {
    /// The stored form.
    public var json: JSONValue {
        var object: JSONObject = ["role": .string(role.rawValue), "parts": .array(parts.map(\.json))]
        object.set("cache", cache?.rawValue)
        return .object(object)
    }

    /// Reads the stored form.
    public init(json: JSONValue) throws(ModelFormatError) { try self.init(StoredFields(json)) }

    init(_ fields: StoredFields) throws(ModelFormatError) {
        guard let role: Role = try fields.word("role") else { throw fields.wrong("role", "user or assistant") }
        self.init(role, try fields.list("parts", ModelPart.init), cache: try fields.word("cache"))
    }
}

extension ModelPart {
    /// The stored form.
    public var json: JSONValue {
        switch self {
        case .text(let text): return ["type": "text", "text": .string(text)]
        case .toolCall(let call): return .object(call.object)
        case .toolResult(let result): return .object(result.object)
        case .thinking(let thought): return .object(thought.object)
        case .image(let image):
            return ["type": "image", "media_type": .string(image.mediaType), "blob": .string(image.blob)]
        }
    }

    /// Reads the stored form.
    public init(json: JSONValue) throws(ModelFormatError) { try self.init(StoredFields(json)) }

    init(_ fields: StoredFields) throws(ModelFormatError) {
        switch try fields.text("type") {
        case "text": self = .text(try fields.text("text"))
        case "tool_call": self = .toolCall(try ToolCall(fields))
        case "tool_result": self = .toolResult(try ToolResult(fields))
        case "thinking": self = .thinking(try ThinkingPart(fields))
        case "image":
            self = .image(ImagePart(mediaType: try fields.text("media_type"), blob: try fields.text("blob")))
        default: throw fields.wrong("type", "text, tool_call, tool_result, thinking or image")
        }
    }
}

extension ToolCall {
    fileprivate var object: JSONObject {
        var object: JSONObject = [
            "type": "tool_call", "id": .string(id), "name": .string(name), "arguments": arguments,
        ]
        object.set("malformed", malformed)
        return object
    }

    fileprivate init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(
            id: try fields.text("id"),
            name: try fields.text("name"),
            arguments: fields.value("arguments") ?? [:],
            malformed: try fields.optionalText("malformed")
        )
    }
}

extension ToolResult {
    fileprivate var object: JSONObject {
        var object: JSONObject = [
            "type": "tool_result", "call": .string(callID), "name": .string(name), "content": .string(content),
        ]
        if isError { object["is_error"] = true }
        return object
    }

    fileprivate init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(
            callID: try fields.text("call"),
            name: try fields.text("name"),
            content: try fields.text("content"),
            isError: try fields.flag("is_error", default: false)
        )
    }
}

extension ThinkingPart {
    fileprivate var object: JSONObject {
        var object: JSONObject = ["type": "thinking", "text": .string(text)]
        if let replay {
            object["replay"] = [
                "format": .string(replay.format.rawValue), "model": .string(replay.model), "json": .string(replay.json),
            ]
        }
        return object
    }

    fileprivate init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(try fields.text("text"))
        guard let block = try fields.object("replay") else { return }
        guard let format: WireFormat = try block.word("format") else { throw block.wrong("format", "a wire format") }
        replay = ReplayBlock(format: format, model: try block.text("model"), json: try block.text("json"))
    }
}
