// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension ModelRequest {
    /// The stored form. What has its default is left out.
    public var json: JSONValue {
        var object: JSONObject = [
            "model": .string(model), "messages": .array(messages.map(\.json)),
            "max_output_tokens": .int(Int64(maxOutputTokens)),
        ]
        object.set("instructions", list: instructions.map(\.json))
        object.set("tools", list: tools.map(\.json))
        if toolChoice != .auto { object["tool_choice"] = toolChoice.json }
        if !allowsParallelTools { object["parallel_tools"] = false }
        if let temperature { object["temperature"] = .double(temperature) }
        object.set("stop_sequences", list: stopSequences.map { .string($0) })
        if let outputSchema { object["output_schema"] = outputSchema }
        if let thinking { object["thinking"] = thinking.json }
        object.set("cache_key", cacheKey)
        if let origin { object["origin"] = origin.json }
        return .object(object)
    }

    /// One spelling for equal requests (RFC 8785), fit to be stored under its hash.
    public func canonicalBytes() -> [UInt8] { json.canonicalBytes() }

    /// Reads the stored form.
    public init(json: JSONValue) throws(ModelFormatError) {
        let fields = try StoredFields(json)
        guard let limit = try fields.optionalNumber("max_output_tokens") else {
            throw fields.wrong("max_output_tokens", "a whole number")
        }
        self.init(
            model: try fields.text("model"),
            messages: try fields.list("messages", ModelMessage.init),
            maxOutputTokens: limit
        )
        instructions = try fields.list("instructions", InstructionBlock.init)
        tools = try fields.list("tools", ModelTool.init)
        toolChoice = try ToolChoice(fields.value("tool_choice"), of: fields)
        allowsParallelTools = try fields.flag("parallel_tools", default: true)
        if let value = fields.value("temperature") {
            guard let number = value.doubleValue else { throw fields.wrong("temperature", "a number") }
            temperature = number
        }
        stopSequences = try fields.texts("stop_sequences")
        outputSchema = fields.value("output_schema")
        thinking = try ThinkingMode(fields.value("thinking"), of: fields)
        cacheKey = try fields.optionalText("cache_key")
        origin = try fields.object("origin").map { fields throws(ModelFormatError) in try ModelCallOrigin(fields) }
    }
}

extension InstructionBlock {
    var json: JSONValue {
        var object: JSONObject = ["text": .string(text)]
        object.set("cache", cache?.rawValue)
        return .object(object)
    }

    init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(try fields.text("text"), cache: try fields.word("cache"))
    }
}

extension ModelTool {
    var json: JSONValue {
        ["name": .string(name), "description": .string(description), "input_schema": inputSchema]
    }

    init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(
            name: try fields.text("name"),
            description: try fields.text("description"),
            inputSchema: fields.value("input_schema") ?? [:]
        )
    }
}

extension ToolChoice {
    var json: JSONValue {
        switch self {
        case .auto: "auto"
        case .none: "none"
        case .required: "required"
        case .tool(let name): ["tool": .string(name)]
        }
    }

    init(_ value: JSONValue?, of fields: StoredFields) throws(ModelFormatError) {
        switch value?.stringValue {
        case "auto": self = .auto
        case "none": self = .none
        case "required": self = .required
        default:
            guard let value else {
                self = .auto
                return
            }
            guard let name = value["tool"]?.stringValue else {
                throw fields.wrong("tool_choice", "auto, none, required or {tool}")
            }
            self = .tool(name)
        }
    }
}

extension ThinkingMode {
    var json: JSONValue {
        switch self {
        case .off: "off"
        case .effort(let effort): .string(effort.rawValue)
        case .budget(let tokens): .int(Int64(tokens))
        }
    }

    init?(_ value: JSONValue?, of fields: StoredFields) throws(ModelFormatError) {
        guard let value else { return nil }
        if value == "off" {
            self = .off
        } else if let effort = value.stringValue.flatMap(ThinkingEffort.init) {
            self = .effort(effort)
        } else if let tokens = value.intValue.flatMap({ Int(exactly: $0) }) {
            self = .budget(tokens)
        } else {
            throw fields.wrong("thinking", "off, low, medium, high, max or a number of LLM tokens")
        }
    }
}

extension ModelCallOrigin {
    var json: JSONValue {
        var object = JSONObject()
        object.set("agent", agent)
        object.set("node", node)
        object.set("call", call)
        return .object(object)
    }

    init(_ fields: StoredFields) throws(ModelFormatError) {
        self.init(
            agent: try fields.optionalText("agent"),
            node: try fields.optionalText("node"),
            call: try fields.optionalNumber("call")
        )
    }
}
