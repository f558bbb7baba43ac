// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

extension ReplyStream {
    /// Reads an answer that came as one value, by the readers of streams.
    ///
    /// - Throws: When the value is a failure of the provider or the answer in it is not whole.
    public static func reply(
        in body: JSONValue,
        as format: WireFormat,
        to request: ModelRequest,
        provider: String,
        requestID: String? = nil
    ) throws(ModelError) -> ModelReply {
        var stream = Self(format, to: request, provider: provider, requestID: requestID)
        for event in events(of: body, format) { _ = try stream.take(event) }
        return try stream.finish()
    }

    /// The events that a stream of the same answer would have.
    private static func events(of body: JSONValue, _ format: WireFormat) -> [JSONValue] {
        switch format {
        case .messages: messageEvents(of: body)
        case .responses: body["object"] == "response" ? responseEvents(of: body) : [body]
        case .chatCompletions, .ollama, .scripted: [body]
        }
    }

    private static func messageEvents(of body: JSONValue) -> [JSONValue] {
        guard body["type"] == "message" else { return [body] }
        var events: [JSONValue] = [["type": "message_start", "message": body]]
        for (number, block) in (body["content"]?.arrayValue ?? []).enumerated() {
            events.append(["type": "content_block_start", "index": .int(Int64(number)), "content_block": block])
        }
        events.append([
            "type": "message_delta", "delta": ["stop_reason": body["stop_reason"] ?? .null],
            "usage": body["usage"] ?? .null,
        ])
        return events
    }

    private static func responseEvents(of body: JSONValue) -> [JSONValue] {
        guard let status = body.text("status"), ["completed", "incomplete", "failed"].contains(status) else {
            return []
        }
        return [["type": .string("response.\(status)"), "response": body]]
    }
}
