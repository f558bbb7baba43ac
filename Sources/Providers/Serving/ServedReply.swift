// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// An answer as a provider would write it.
public struct ServedReply: Sendable {
    private let reply: ModelReply
    private let format: WireFormat
    private let chunks: Int
    private let includesUsage: Bool
    private let isGenerate: Bool

    /// An answer in a form.
    ///
    /// - Parameters:
    ///   - chunks: In how many pieces each part is streamed.
    ///   - includesUsage: For Chat Completions: the stream ends with the usage.
    ///   - isGenerate: For Ollama: answers `/api/generate`.
    public init(
        _ reply: ModelReply,
        as format: WireFormat,
        chunks: Int = 1,
        includesUsage: Bool = true,
        isGenerate: Bool = false
    ) {
        (self.reply, self.format, self.chunks) = (reply, format, chunks)
        (self.includesUsage, self.isGenerate) = (includesUsage, isGenerate)
    }

    /// As one value.
    public var whole: JSONValue {
        switch format {
        case .messages: MessagesWriter(reply: reply, chunks: chunks).whole
        case .responses: ResponsesWriter(reply: reply, chunks: chunks).whole
        case .ollama: OllamaWriter(reply: reply, chunks: chunks, isGenerate: isGenerate).whole
        case .chatCompletions, .scripted: ChatWriter(reply: reply, chunks: chunks, includesUsage: includesUsage).whole
        }
    }

    /// As the pieces of a stream, each complete.
    public var frames: [[UInt8]] {
        switch format {
        case .messages: MessagesWriter(reply: reply, chunks: chunks).events.map { Self.named($0) }
        case .responses: ResponsesWriter(reply: reply, chunks: chunks).events.map { Self.named($0) }
        case .ollama:
            OllamaWriter(reply: reply, chunks: chunks, isGenerate: isGenerate).lines.map { Array("\($0.text)\n".utf8) }
        case .chatCompletions, .scripted:
            ChatWriter(reply: reply, chunks: chunks, includesUsage: includesUsage).events
                .map { Array("data: \($0.text)\n\n".utf8) } + [Array("data: [DONE]\n\n".utf8)]
        }
    }

    private static func named(_ event: JSONValue) -> [UInt8] {
        Array("event: \(event.text("type") ?? "message")\ndata: \(event.text)\n\n".utf8)
    }

    /// A refusal in the provider's form.
    public static func refusal(kind: String, message: String, as format: WireFormat) -> JSONValue {
        switch format {
        case .messages: ["type": "error", "error": ["type": .string(kind), "message": .string(message)]]
        case .ollama: ["error": .string(message)]
        case .chatCompletions, .responses, .scripted:
            ["error": ["message": .string(message), "type": .string(kind), "param": nil, "code": .string(kind)]]
        }
    }
}

extension ModelUsage {
    /// As OpenAI counts: cached input is input.
    func openAI(_ input: String, _ output: String) -> JSONValue {
        .object([
            input: .int(Int64(totalInput)), output: .int(Int64(self.output)),
            "total_tokens": .int(Int64(totalInput) + Int64(self.output)),
            "\(input)_details": [
                "cached_tokens": .int(Int64(cached)), "cache_write_tokens": .int(Int64(cacheWrite + cacheWriteLong)),
            ],
            "\(output)_details": ["reasoning_tokens": .int(Int64(reasoning))],
        ])
    }
}
