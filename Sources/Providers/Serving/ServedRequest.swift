// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Hashing
public import JSON

/// A request that a client wrote for a provider, read by somebody who answers in its place.
public struct ServedRequest: Sendable, Hashable {
    /// What is asked.
    public var request: ModelRequest
    /// The answer is to be a stream.
    public var isStream: Bool
    /// For Chat Completions: the stream ends with the usage.
    public var includesUsage: Bool

    /// Reads a request; what is not known here is left alone.
    public init(_ json: JSONValue, as format: WireFormat) throws(ServedRequestError) {
        let reader = ServedReader(json)
        isStream = json["stream"]?.boolValue ?? (format == .ollama)
        includesUsage = json["stream_options"]?["include_usage"] == true
        switch format {
        case .messages: request = try reader.messagesRequest()
        case .responses: request = try reader.responsesRequest()
        case .ollama: request = try reader.ollamaRequest()
        case .chatCompletions, .scripted: request = try reader.chatRequest()
        }
    }
}

/// A request cannot be answered; status 400.
public struct ServedRequestError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where and what.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Reads what clients write.
struct ServedReader {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    func model() throws(ServedRequestError) -> String {
        guard let model = json.text("model"), !model.isEmpty else { throw ServedRequestError("model: must be text") }
        return model
    }

    func list(_ key: String) throws(ServedRequestError) -> [JSONValue] {
        guard let items = json[key]?.arrayValue else { throw ServedRequestError("\(key): must be a list") }
        return items
    }

    /// In LLM tokens; no model writes more.
    static let longestAnswer = 10_000_000

    /// A limit that may be missing.
    func limit(_ keys: [String]) throws(ServedRequestError) -> Int? {
        for key in keys {
            guard let value = json[key], !value.isNull else { continue }
            guard let number = value.intValue.flatMap({ Int(exactly: $0) }), number > 0 else {
                throw ServedRequestError("\(key): must be a whole number above 0")
            }
            return min(number, Self.longestAnswer)
        }
        return nil
    }

    /// The text of `content`: text, or a list of pieces with `text`.
    static func text(_ content: JSONValue?) -> String {
        if let text = content?.stringValue { return text }
        return (content?.arrayValue ?? []).compactMap { $0.text("text") }.joined(separator: "\n")
    }

    /// Bytes of a picture in base64.
    static func image(_ data: some StringProtocol, type: String) -> ModelPart? {
        guard let bytes = Base64.decode(String(data).filter { $0 != "=" }, .standard) else { return nil }
        return .image(ImagePart(mediaType: type, blob: SHA256.hex(bytes), bytes: bytes))
    }

    /// `data:image/png;base64,…`; other addresses are not fetched.
    static func image(dataURL: String) -> ModelPart? {
        guard dataURL.hasPrefix("data:"), let comma = dataURL.firstIndex(of: ",") else { return nil }
        let type = dataURL[..<comma].dropFirst(5).prefix { $0 != ";" }
        return image(dataURL[dataURL.index(after: comma)...], type: String(type))
    }

    /// `{type: function, function: {name, description, parameters}}`.
    static func nestedTools(_ tools: JSONValue?) -> [ModelTool] {
        (tools?.arrayValue ?? []).compactMap { tool in
            tool["function"].flatMap { Self.tool($0, schema: "parameters") }
        }
    }

    static func tool(_ json: JSONValue, schema: String) -> ModelTool? {
        guard let name = json.text("name") else { return nil }
        let empty: JSONValue = ["type": "object"]
        return ModelTool(name: name, description: json.text("description") ?? "", inputSchema: json[schema] ?? empty)
    }

    /// `auto`, `none`, `required`, or an object that names a function.
    static func choice(_ json: JSONValue?) -> ToolChoice {
        switch json?.stringValue {
        case "none": return .none
        case "required", "any": return .required
        default: break
        }
        guard let name = json?["function"]?.text("name") ?? json?.text("name") else { return .auto }
        return .tool(name)
    }

    static func effort(_ word: String?) -> ThinkingMode? {
        switch word {
        case nil: nil
        case "none": .off
        case "minimal", "low": .effort(.low)
        case "medium": .effort(.medium)
        case "high": .effort(.high)
        default: .effort(.max)
        }
    }
}

extension ModelRequest {
    /// Adds to the last message when it is of the same speaker.
    mutating func say(_ role: ModelMessage.Role, _ parts: [ModelPart]) {
        guard !parts.isEmpty else { return }
        if messages.last?.role == role {
            messages[messages.count - 1].parts += parts
        } else {
            messages.append(ModelMessage(role, parts))
        }
    }

    /// The name of the tool that a call was for.
    func toolName(ofCall id: String) -> String {
        for message in messages.reversed() {
            for case .toolCall(let call) in message.parts where call.id == id { return call.name }
        }
        return ""
    }
}
