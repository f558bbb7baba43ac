// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// What one side said in a turn.
public struct ModelMessage: Sendable, Hashable {
    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable {
        /// The one who asks; results of tools are the user's as well.
        case user
        /// The model.
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// In order. The results of all calls of an answer belong into the one message that follows it.
    public var parts: [ModelPart]
    /// The prompt up to the end of this message is worth keeping in the provider's cache.
    public var cache: CacheBreakpoint?

    /// A message of parts.
    public init(_ role: Role, _ parts: [ModelPart], cache: CacheBreakpoint? = nil) {
        self.role = role
        self.parts = parts
        self.cache = cache
    }

    /// A text of the user.
    public static func user(_ text: String) -> Self { Self(.user, [.text(text)]) }

    /// A text of the model.
    public static func assistant(_ text: String) -> Self { Self(.assistant, [.text(text)]) }
}

/// A piece of a message or of an answer.
public enum ModelPart: Sendable, Hashable {
    /// Words.
    case text(String)
    /// A model asks for a call.
    case toolCall(ToolCall)
    /// What a call gave.
    case toolResult(ToolResult)
    /// What a model thought.
    case thinking(ThinkingPart)
    /// A picture.
    case image(ImagePart)
}

/// A model asks for a call.
public struct ToolCall: Sendable, Hashable {
    /// Unique within the conversation; made here when the provider gives none.
    public var id: String
    /// As in ``ModelTool/name``; a model may also make one up.
    public var name: String
    /// An object, unless ``malformed`` is set.
    public var arguments: JSONValue
    /// What the model wrote when that is no JSON object; ``arguments`` is empty then, and the call must not be made.
    public var malformed: String?

    /// A call with arguments.
    public init(id: String, name: String, arguments: JSONValue, malformed: String? = nil) {
        self.id = id
        self.name = name
        self.arguments = arguments
        self.malformed = malformed
    }

    /// Reads arguments as a model wrote them; nothing at all stands for `{}`.
    public init(id: String, name: String, argumentText: String) {
        let isBlank = argumentText.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
        let limits = JSONLimits(allowsDuplicateNames: true)
        let value = isBlank ? .object([:]) : try? JSONValue(parsing: argumentText, limits: limits)
        if let value, value.objectValue != nil {
            self.init(id: id, name: name, arguments: value)
        } else {
            self.init(id: id, name: name, arguments: .object([:]), malformed: argumentText)
        }
    }
}

/// What a call gave. A call that was refused or cancelled needs one too.
public struct ToolResult: Sendable, Hashable {
    /// The ``ToolCall/id``.
    public var callID: String
    /// The name of the tool.
    public var name: String
    /// Text, often JSON.
    public var content: String
    /// The call did not work.
    public var isError: Bool

    /// The result of a call.
    public init(callID: String, name: String, content: String, isError: Bool = false) {
        self.callID = callID
        self.name = name
        self.content = content
        self.isError = isError
    }
}

/// What a model thought, as far as it shows that.
public struct ThinkingPart: Sendable, Hashable {
    /// For people; empty when it is hidden.
    public var text: String
    /// What has to go back to the same model as it came.
    public var replay: ReplayBlock?

    /// A thought.
    public init(_ text: String, replay: ReplayBlock? = nil) {
        self.text = text
        self.replay = replay
    }
}

/// A piece of an answer that only its provider can read, such as a signed or encrypted thought.
///
/// It goes back byte by byte, and only to the model and the wire format that it came from; to others it is left out.
public struct ReplayBlock: Sendable, Hashable {
    /// Where it came from.
    public var format: WireFormat
    /// The model, as it was asked for.
    public var model: String
    /// The JSON text of the block.
    public var json: String

    /// Keeps a block.
    public init(format: WireFormat, model: String, json: String) {
        self.format = format
        self.model = model
        self.json = json
    }
}

/// A picture whose bytes lie in the blob store. The caller of a provider puts the bytes in before the call.
public struct ImagePart: Sendable, Hashable {
    /// Such as `image/png`.
    public var mediaType: String
    /// The SHA-256 of the bytes, in hexadecimal digits.
    public var blob: String
    /// Not part of the JSON form.
    public var bytes: [UInt8]?

    /// A picture.
    public init(mediaType: String, blob: String, bytes: [UInt8]? = nil) {
        self.mediaType = mediaType
        self.blob = blob
        self.bytes = bytes
    }
}

/// How requests and answers of a provider are written.
public enum WireFormat: String, Sendable, CaseIterable {
    /// Anthropic Messages.
    case messages
    /// OpenAI Chat Completions, and servers that are compatible with it.
    case chatCompletions = "chat_completions"
    /// OpenAI Responses.
    case responses
    /// Ollama's own.
    case ollama
    /// No wire: the scripted provider.
    case scripted
}
