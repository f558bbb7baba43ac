// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers
import Testing

/// What goes over the wire for batches, without a wire.
@Suite struct BatchWireTests {
    private static let request: ModelRequest = {
        var request = ModelRequest(model: "m", messages: [.user("hello")])
        request.tools = [ModelTool(name: "look", description: "", inputSchema: ["type": "object"])]
        request.outputSchema = ["type": "object"]
        return request
    }()

    private static func line(_ text: String, _ format: WireFormat) throws -> BatchResult {
        try #require(BatchResult(Array(text.utf8), as: format))
    }

    @Test func `calls become items that ask for no stream`() throws {
        for format in [WireFormat.messages, .chatCompletions, .responses] {
            let body = WireRequest(Self.request, as: format, isOpenAI: true, isStream: false).body
            #expect(body["stream"] == false && body["stream_options"] == nil, "\(format)")
            let name = BatchTicket.name(of: "run/step")
            #expect(name.utf8.count == 64 && BatchWire.isID(name))
            let item = try JSONValue(parsing: BatchWire.item(name, body, as: format))
            #expect(item["custom_id"] == .string(name))
            #expect(item["params"] ?? item["body"] == body, "\(format)")
            #expect((item["url"] == nil) == (format == .messages), "\(format)")
            if format == .responses { #expect(item["url"] == "/v1/responses" && item["method"] == "POST") }
            if format == .chatCompletions { #expect(item["url"] == "/v1/chat/completions") }
        }
        let list = try JSONValue(parsing: BatchWire.list([Array("{}".utf8), Array(#"{"a":1}"#.utf8)]))
        #expect(list == ["requests": [[:], ["a": 1]]])
        let form = BatchWire.form([Array("{}".utf8), Array("{}".utf8)])
        let text = String(decoding: form.body, as: UTF8.self)
        #expect(text.contains("\r\n\r\nbatch\r\n--") && text.contains("\r\n\r\n{}\n{}\r\n--"))
        #expect(form.type.hasPrefix("multipart/form-data; boundary="))
        let creation = BatchWire.creation(file: "f", as: .responses)
        #expect(creation == ["input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h"])
    }

    @Test func `tickets and ids`() {
        let ticket = BatchTicket(batch: "b", key: "k")
        #expect(BatchTicket(json: ticket.json) == ticket && BatchTicket(json: ["batch": "b"]) == nil)
        #expect(BatchWire.isID("msgbatch_01-A"))
        for text in ["", "..", "a/b", "a?b", "a b", "é", String(repeating: "a", count: 129)] {
            #expect(!BatchWire.isID(text), "\(text)")
        }
    }

    @Test func `every state of a batch is understood`() throws {
        func status(_ text: String, _ format: WireFormat) throws -> BatchStatus? {
            BatchStatus(try JSONValue(parsing: Array(text.utf8)), as: format)
        }
        for (word, state) in [("in_progress", BatchStatus.State.working), ("canceling", .working), ("ended", .ended)] {
            let read = try status(
                """
                {"id":"b","processing_status":"\(word)","created_at":"2026-01-01T00:00:00Z",\
                "request_counts":{"processing":1,"succeeded":2,"errored":3,"canceled":0,"expired":0}}
                """,
                .messages
            )
            #expect(read?.state == state && read?.total == 6 && read?.isWhole == true, "\(word)")
            #expect(read?.created == Timestamp(rfc3339: "2026-01-01T00:00:00Z"), "\(word)")
        }
        let states: [(String, BatchStatus.State)] = [
            ("validating", .working), ("failed", .failed), ("in_progress", .working), ("finalizing", .working),
            ("completed", .ended), ("expired", .ended), ("cancelling", .working), ("cancelled", .ended),
            ("new", .working),
        ]
        for (word, state) in states {
            let read = try status(
                #"{"id":"b","status":"\#(word)","created_at":1,"output_file_id":"file-1","error_file_id":"../x"}"#,
                .responses
            )
            #expect(read?.state == state && read?.isWhole == (word == "completed"), "\(word)")
            #expect(read?.files == ["file-1"] && read?.total == nil, "\(word)")
            #expect(read?.created == Timestamp(milliseconds: 1000), "\(word)")
        }
        for text in [#"{"id":"../b","status":"failed"}"#, #"{"id":"b"}"#, "[]", #"{"error":{}}"#] {
            #expect(try status(text, .chatCompletions) == nil && (try status(text, .messages)) == nil, "\(text)")
        }
    }

    @Test func `a batch that was not accepted says why`() throws {
        func refusal(_ error: JSONValue, size: Int?) -> ModelError? {
            let json: JSONValue = ["id": "b", "status": "failed", "errors": ["data": [error]]]
            return BatchStatus(json, as: .responses)?.refusal(provider: "p", size: size)
        }
        let line: JSONValue = ["code": "invalid_request", "line": 1, "message": "no"]
        #expect(refusal(line, size: 1)?.errorClass == .permanent && refusal(line, size: 2)?.errorClass == .transient)
        let whole = refusal(["code": "model_not_found", "message": "no such model"], size: 9)
        #expect(whole?.errorClass == .permanent && whole?.mayBeCharged == false)
        #expect(whole?.message == "p did not accept the batch: model_not_found: no such model")
        let full = refusal(["code": "token_limit_exceeded", "message": "full"], size: 1)
        #expect(full?.code == "provider.limited" && full?.errorClass == .upstream)
    }

    @Test func `whole answers are read as streams are`() throws {
        var reply = ModelReply(
            parts: [
                .thinking(ThinkingPart("Hm.")), .text("Yes, ö."),
                .toolCall(ToolCall(id: "c1", name: "look", arguments: ["q": "é"])),
                .toolCall(ToolCall(id: "c2", name: "look", arguments: [:])),
            ],
            stopReason: .tools,
            usage: ModelUsage(input: 5, cached: 3, cacheWrite: 1, output: 7, reasoning: 2),
            model: "m-1",
            responseID: "7"
        )
        for format in [WireFormat.messages, .chatCompletions, .responses] {
            reply.stopReason = .tools
            var stream = ReplyStream(format, to: Self.request, provider: "p")
            for frame in ServedReply(reply, as: format).frames { _ = stream.feed(frame) }
            let streamed = try stream.finish()
            let whole = try ReplyStream.reply(
                in: ServedReply(reply, as: format).whole,
                as: format,
                to: Self.request,
                provider: "p"
            )
            #expect(whole == streamed, "\(format)")
            #expect(whole.toolCalls.map(\.arguments) == [["q": "é"], [:]] && whole.usage == reply.usage, "\(format)")
            var short = reply
            (short.parts, short.stopReason) = ([.text(#"{"a":1}"#)], .maxOutput)
            let cut = try ReplyStream.reply(
                in: ServedReply(short, as: format).whole,
                as: format,
                to: Self.request,
                provider: "p"
            )
            #expect(cut.text == #"{"a":1}"# && cut.stopReason == .maxOutput && cut.usage.certainty == .exact)
            for body: JSONValue in [.null, [:], ["type": "message"], ["object": "response"], ["choices": []]] {
                #expect(throws: ModelError.self, "\(format) \(body.text)") {
                    try ReplyStream.reply(in: body, as: format, to: Self.request, provider: "p")
                }
            }
        }
    }

    @Test func `results of Anthropic`() throws {
        func error(_ result: String) throws -> ModelError? {
            let line = try Self.line(#"{"custom_id":"k","result":\#(result)}"#, .messages)
            return #expect(throws: ModelError.self) { try line.reply(to: Self.request, provider: "p") }
        }
        let limited = try error(
            #"{"type":"errored","error":{"type":"error","error":{"type":"overloaded_error","message":"busy"}}}"#
        )
        #expect(limited?.code == "provider.limited" && limited?.status == 529 && limited?.mayBeCharged == false)
        let bad = try error(
            #"{"type":"errored","error":{"type":"error","error":{"type":"invalid_request_error","message":"no"}}}"#
        )
        #expect(bad?.errorClass == .permanent && bad?.kind == "invalid_request_error" && bad?.mayBeCharged == false)
        for word in ["expired", "canceled"] {
            let over = try error(#"{"type":"\#(word)"}"#)
            #expect(over?.errorClass == .transient && over?.mayBeCharged == false, "\(word)")
        }
        #expect(try error(#"{"type":"new"}"#)?.mayBeCharged == true)
        #expect(try error(#"{"type":"succeeded","message":{}}"#)?.mayBeCharged == true)
    }

    @Test func `results of OpenAI`() throws {
        func error(_ rest: String) throws -> ModelError? {
            let line = try Self.line(#"{"custom_id":"k",\#(rest)}"#, .chatCompletions)
            return #expect(throws: ModelError.self) { try line.reply(to: Self.request, provider: "p") }
        }
        let bad = try error(
            #""error":null,"response":{"status_code":400,"request_id":"r","body":{"error":{"type":"x","message":"no"}}}"#
        )
        #expect(
            bad?.status == 400 && bad?.errorClass == .permanent && bad?.requestID == "r" && bad?.mayBeCharged == false
        )
        let late = try error(#""response":null,"error":{"code":"batch_expired","message":"late"}"#)
        #expect(late?.errorClass == .transient && late?.mayBeCharged == false && late?.status == nil)
        let broken = try error(#""response":null,"error":{"code":"server_error","message":"oh"}"#)
        #expect(broken?.errorClass == .transient && broken?.mayBeCharged == false)
        let gateway = try error(#""response":{"status_code":504,"body":{}}"#)
        #expect(gateway?.errorClass == .transient && gateway?.mayBeCharged == false)
        #expect(try error(#""response":{}"#)?.mayBeCharged == true)
    }

    @Test func `lines that cannot be read are left out, however they come in pieces`() {
        let text = """
            nonsense
            {"custom_id":"a","result":{"type":"expired"}}
            {"result":{}}

            [1]
            {"custom_id":"b","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"\\ud83d"}]}}}
            {"custom_id":"c","result":{"type":"expired"}}
            """
        for size in [1, 7, 4096] {
            var reader = BatchResultReader(.messages)
            var names: [String] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                names += (reader.feed(Array(rest.prefix(size))) ?? []).map(\.result.name)
                rest = rest.dropFirst(size)
            }
            if let last = reader.finish() { names.append(last.result.name) }
            #expect(names == ["a", "b", "c"], "\(size)")
        }
        var reader = BatchResultReader(.messages)
        let piece = [UInt8](repeating: 0x61, count: 1 << 20)
        var isRefused = false
        for _ in 1...20 where !isRefused { isRefused = reader.feed(piece) == nil }
        #expect(isRefused)
    }

    @Test func `looks become rare with the age of a batch, and with failures`() {
        let minute = Duration.seconds(60)
        #expect(BatchPace.next(age: nil, shortest: minute) == minute)
        #expect(BatchPace.next(age: .seconds(-5), shortest: minute) == minute)
        #expect(BatchPace.next(age: .seconds(1000), shortest: minute) == .seconds(200))
        #expect(BatchPace.next(age: .seconds(90_000), shortest: minute) == .seconds(600))
        #expect(BatchPace.next(age: .seconds(9), shortest: .seconds(3600)) == .seconds(3600))
        #expect(BatchPace.afterFailures(0, shortest: minute, asked: nil) == minute)
        #expect(BatchPace.afterFailures(2, shortest: minute, asked: nil) == .seconds(240))
        #expect(BatchPace.afterFailures(.max, shortest: minute, asked: .seconds(5)) == .seconds(600))
        #expect(BatchPace.afterFailures(0, shortest: minute, asked: .seconds(900)) == .seconds(900))
    }

    @Test func `the scripted provider plays its script when it is looked at`() async throws {
        let script = try ModelScript(
            Array("rules: [{match: {contains: bad}, error: {status: 504}}, {reply: {text: yes}}]".utf8),
            fileName: "s"
        )
        let provider = ScriptedProvider(script: script)
        #expect(provider.offersBatches)
        let ticket = try await provider.submit(Self.request, key: "k")
        guard case .answered(let reply) = try await provider.answer(to: ticket, for: Self.request) else {
            Issue.record("there is no answer")
            return
        }
        #expect(reply.text == "yes" && reply.isSimulated)
        let bad = ModelRequest(model: "m", messages: [.user("bad")])
        let error = await #expect(throws: ModelError.self) { try await provider.answer(to: ticket, for: bad) }
        #expect(error?.status == 504 && error?.mayBeCharged == false)
        try await provider.cancel(ticket)
    }
}
