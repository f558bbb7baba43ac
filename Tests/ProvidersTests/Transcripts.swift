// Baton
// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Model
import Providers

/// A stream as a provider sent it, and what it says.
struct Transcript {
    let file: String
    let format: WireFormat
    /// Parts, stop reason with the provider's word, usage; or an error.
    let says: String
    var readsCalls = false

    static let all: [Transcript] = [
        .init("messages-text.sse", .messages, "text(Grüß dich 👋) end/end_turn 25+0+0+0>15/0 exact"),
        .init(
            "messages-tools-thinking.sse",
            .messages,
            """
            thinking(Both cities. {"type":"thinking","thinking":"Both cities.","signature":"EqQBCgIYAhIM/+9=="}) \
            thinking( {"type":"redacted_thinking","data":"EmwKAhgB"}) text(I look.) \
            call(toolu_01 weather {"city":"Zürich"}) call(toolu_02 now {}) tools/tool_use 12+2000+1000+2000>120/40 exact
            """
        ),
        .init(
            "messages-error.sse",
            .messages,
            "provider.limited upstream overloaded_error: text(Half a) cut/- 25+0+0+0>1/0 unknown"
        ),
        .init("messages-unknown.sse", .messages, "text(ok) refusal/refusal 25+0+0+0>3/0 exact"),
        .init("chat-text.sse", .chatCompletions, "text(Hello, \"wörld\") end/stop 10+60+30+0>20/8 exact"),
        .init(
            "chat-tools.sse",
            .chatCompletions,
            """
            call(call_a weather {"city":"Rome"}) call(call_b weather {"city":"Oslo"}) tools/tool_calls \
            10+60+30+0>20/8 exact
            """
        ),
        .init("chat-refusal.sse", .chatCompletions, "text(I will not.) refusal/stop 10+60+30+0>20/8 exact"),
        .init(
            "chat-error.sse",
            .chatCompletions,
            "provider.failed upstream server_error: text(Half) cut/- 0+0+0+0>0/0 unknown"
        ),
        .init("chat-no-usage.sse", .chatCompletions, "text(fine) end/stop 0+0+0+0>0/0 unknown"),
        .init(
            "chat-whole-call.sse",
            .chatCompletions,
            """
            call(call_1_1 weather {"city":"Rome"}) call(call_1_2 now {}) tools/stop 10+60+30+0>20/8 exact
            """
        ),
        .init(
            "chat-call-in-text.sse",
            .chatCompletions,
            #"call(call_1_1 weather {"city":"Rome"}) tools/stop 10+60+30+0>20/8 exact"#,
            readsCalls: true
        ),
        .init(
            "deepseek-reasoning.sse",
            .chatCompletions,
            """
            thinking(First, think. {"reasoning_content":"First, think."}) text(42) end/stop 18+32+0+0>30/25 exact
            """
        ),
        .init(
            "responses-tools.sse",
            .responses,
            """
            thinking(Think. {"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Think."}],\
            "encrypted_content":"gAAAAB/+=="}) text(Hi there) call(call_9 weather {"city":"Rome"}) tools/completed \
            35+40+0+0>60/32 exact
            """
        ),
        .init("responses-minimal.sse", .responses, "text(Hi there) end/completed 35+40+0+0>60/32 exact"),
        .init("responses-incomplete.sse", .responses, "text(Long) max_output/max_output_tokens 35+40+0+0>60/32 exact"),
        .init(
            "responses-failed.sse",
            .responses,
            "provider.limited upstream rate_limit_exceeded:  cut/- 0+0+0+0>0/0 unknown"
        ),
        .init("responses-error.sse", .responses, "provider.failed transient server_error:  cut/- 0+0+0+0>0/0 unknown"),
        .init(
            "ollama-text.ndjson",
            .ollama,
            #"thinking(Hm, so. {"thinking":"Hm, so."}) text(Hallo Wält) end/stop 26+0+0+0>12/0 exact"#
        ),
        .init(
            "ollama-tools.ndjson",
            .ollama,
            """
            call(call_1_1 weather {"city":"Rome","days":2}) call(call_1_2 now {}) tools/stop 80+0+0+0>30/0 exact
            """
        ),
        .init("ollama-error.ndjson", .ollama, "provider.failed transient -: text(Ha) cut/- 0+0+0+0>0/0 unknown"),
    ]

    init(_ file: String, _ format: WireFormat, _ says: String, readsCalls: Bool = false) {
        (self.file, self.format, self.says, self.readsCalls) = (file, format, says, readsCalls)
    }

    static let request: ModelRequest = {
        var request = ModelRequest(model: "m", messages: [.user("weather?")])
        request.tools = ["weather", "now"].map { ModelTool(name: $0, description: "", inputSchema: ["type": "object"]) }
        return request
    }()

    func bytes() throws -> [UInt8] {
        Array(try Golden.text(file).utf8)
    }

    func stream() -> ReplyStream {
        ReplyStream(format, to: Self.request, provider: "p", requestID: "req", readsCallsInText: readsCalls)
    }

    /// Reads the pieces one after the other, then ends the stream.
    func read(_ pieces: [ArraySlice<UInt8>]) -> (chunks: [ModelChunk], result: Result<ModelReply, ModelError>) {
        var stream = stream()
        var chunks: [ModelChunk] = []
        for piece in pieces { chunks += stream.feed(piece) }
        return (chunks, Self.end(stream))
    }

    /// How a stream ends that ends now.
    static func end(_ stream: ReplyStream) -> Result<ModelReply, ModelError> {
        var stream = stream
        return Result { () throws(ModelError) in try stream.finish() }
    }

    static func summary(_ result: Result<ModelReply, ModelError>) -> String {
        switch result {
        case .success(let reply): return summary(reply)
        case .failure(let error):
            let partial = error.partial.map(summary) ?? "nothing"
            return "\(error.code) \(error.errorClass) \(error.kind ?? "-"): \(partial)"
        }
    }

    static func summary(_ reply: ModelReply) -> String {
        let parts = reply.parts.map { part in
            switch part {
            case .text(let text): "text(\(text))"
            case .thinking(let thought): "thinking(\(thought.text) \(thought.replay?.json ?? "-"))"
            case .toolCall(let call): "call(\(call.id) \(call.name) \(call.malformed ?? call.arguments.text))"
            case .toolResult, .image: "?"
            }
        }
        let usage = reply.usage
        let numbers =
            "\(usage.input)+\(usage.cached)+\(usage.cacheWrite)+\(usage.cacheWriteLong)>\(usage.output)/\(usage.reasoning)"
        let stop = "\(reply.stopReason.rawValue)/\(reply.rawStopReason ?? "-")"
        return "\(parts.joined(separator: " ")) \(stop) \(numbers) \(usage.certainty)"
    }
}

/// Files beside the tests.
enum Golden {
    static func text(_ file: String) throws -> String {
        let url = Bundle.module.bundleURL.appendingPathComponent("Golden/\(file)")
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
