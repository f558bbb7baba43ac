// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Providers
import Synchronization

/// Message Batches of Anthropic; files and batches of OpenAI.
extension MockModelServer {
    /// Answers a request about batches or files; `nil` when it is about something else.
    func answerBatches(_ request: HTTPRequest) async -> HTTPResponse? {
        let path = request.path.filter { !$0.isEmpty }
        if path.starts(with: ["v1", "messages", "batches"]) {
            return await messageBatches(request, Array(path.dropFirst(3)))
        }
        if path.starts(with: ["v1", "batches"]) { return await openAIBatches(request, Array(path.dropFirst(2))) }
        if path.starts(with: ["v1", "files"]) { return await files(request, Array(path.dropFirst(2))) }
        return nil
    }

    private func told(_ json: JSONValue) -> HTTPResponse { .json(json.bytes(), headers: headers()) }

    private func lines(_ bytes: [UInt8]) -> HTTPResponse {
        .bytes(bytes, type: "application/x-jsonl", headers: headers())
    }

    private func missing(_ what: String, _ format: WireFormat) -> HTTPResponse {
        refusal(404, "not_found_error", "there is no \(what)", format)
    }

    private func bad(_ message: String, _ format: WireFormat) -> HTTPResponse {
        refusal(400, "invalid_request_error", message, format)
    }

    // MARK: Anthropic

    private func messageBatches(_ request: HTTPRequest, _ path: [String]) async -> HTTPResponse {
        switch (request.method, path.count, path.last) {
        case ("POST", 0, _): return await makeMessageBatch(request)
        case ("GET", 0, _):
            return told(
                Self.page(batches.withLock { $0.batches }.filter(\.isMessages).reversed().map { $0.message(.now) })
            )
        default: break
        }
        guard let id = path.first, let batch = batches.withLock({ $0.batch(id, isMessages: true) }) else {
            return missing("batch", .messages)
        }
        switch (request.method, path.count, path.last) {
        case ("GET", 1, _): return told(batch.message(.now))
        case ("GET", 2, "results"):
            return batch.isOver(.now) ? lines(batch.messageLines) : missing("result yet", .messages)
        case ("POST", 2, "cancel"):
            let isOver = batch.isOver(.now)
            batches.withLock { $0.cancel(id, now: .now) }
            return told(batch.message(.now, isCancelling: !isOver))
        case ("DELETE", 1, _):
            guard batch.isOver(.now) else { return bad("the batch has not ended", .messages) }
            _ = batches.withLock { $0.remove(id) }
            return told(["id": .string(id), "type": "message_batch_deleted"])
        default: return missing(request.method, .messages)
        }
    }

    private func makeMessageBatch(_ request: HTTPRequest) async -> HTTPResponse {
        guard let bytes = try? await request.body.collect(limit: Self.bodyLimit),
            let items = (try? JSONValue(parsing: bytes))?["requests"]?.arrayValue, (1...100_000).contains(items.count)
        else { return bad("requests: must be a list of at least one", .messages) }
        let names = items.compactMap { $0["custom_id"]?.stringValue }
        guard names.count == items.count, names.allSatisfy(Self.isName), Set(names).count == names.count else {
            return bad("requests: each needs a custom_id of its own, of letters, digits, _ and -", .messages)
        }
        var played: [(result: MockBatches.Result, delay: Duration)] = []
        for (name, item) in zip(names, items) { played.append(play(name, item["params"] ?? .null, .messages, request)) }
        let batch = batches.withLock { all in
            let batch = MockBatches.Batch(
                id: "msgbatch_mock_\(all.number())",
                isMessages: true,
                created: MockTime.now(),
                end: .now + (played.map(\.delay).max() ?? .zero),
                results: played.map(\.result)
            )
            all.add(batch)
            return batch
        }
        return told(batch.message(batch.end - .nanoseconds(1)))
    }

    private static func isName(_ name: String) -> Bool { name.utf8.count <= 64 && BatchWire.isID(name) }

    /// What the script says to a call.
    private func play(
        _ name: String,
        _ body: JSONValue,
        _ format: WireFormat,
        _ request: HTTPRequest
    ) -> (result: MockBatches.Result, delay: Duration) {
        func refused(_ status: Int, _ kind: String, _ message: String) -> MockBatches.Result {
            .init(name: name, status: status, body: ServedReply.refusal(kind: kind, message: message, as: format))
        }
        var served: ServedRequest
        do throws(ServedRequestError) {
            served = try ServedRequest(body, as: format)
        } catch {
            return (refused(400, "invalid_request_error", "\(error)"), .zero)
        }
        guard !served.isStream else {
            return (refused(400, "invalid_request_error", "stream: there are no streams in batches"), .zero)
        }
        served.request.origin = Self.origin(request)
        let outcome = player.withLock { $0.play(served.request) }
        if let fault = outcome.fault {
            return (refused(fault.status, fault.kindText, fault.messageText), outcome.delay)
        }
        let reply = ServedReply(outcome.reply, as: format).whole
        return (.init(name: name, status: 200, body: reply), outcome.delay)
    }

    // MARK: OpenAI

    private func openAIBatches(_ request: HTTPRequest, _ path: [String]) async -> HTTPResponse {
        switch (request.method, path.count) {
        case ("POST", 0): return await makeOpenAIBatch(request)
        case ("GET", 0):
            let list = batches.withLock { $0.batches }.filter { !$0.isMessages }.reversed()
            return told(Self.page(list.map { $0.openAI(.now) }))
        default: break
        }
        guard let id = path.first, let batch = batches.withLock({ $0.batch(id, isMessages: false) }) else {
            return missing("batch", .chatCompletions)
        }
        switch (request.method, path.count, path.last) {
        case ("GET", 1, _): return told(batch.openAI(.now))
        case ("POST", 2, "cancel"):
            guard !batch.isOver(.now) else { return bad("the batch is over", .chatCompletions) }
            batches.withLock { $0.cancel(id, now: .now) }
            return told(batch.openAI(.now, isCancelling: true))
        default: return missing(request.method, .chatCompletions)
        }
    }

    private func makeOpenAIBatch(_ request: HTTPRequest) async -> HTTPResponse {
        guard let bytes = try? await request.body.collect(limit: Self.bodyLimit),
            let body = try? JSONValue(parsing: bytes), body["completion_window"] == "24h",
            let endpoint = body["endpoint"]?.stringValue,
            let format = [WireFormat.chatCompletions, .responses].first(where: { BatchWire.place(of: $0) == endpoint })
        else { return bad("needs `input_file_id`, `endpoint` and `completion_window`", .chatCompletions) }
        guard let file = body["input_file_id"]?.stringValue.flatMap({ id in batches.withLock { $0.file(id) } }) else {
            return bad("there is no such file", .chatCompletions)
        }
        let (items, defects) = Self.items(in: file.bytes, endpoint)
        let played = defects.isEmpty ? items.map { play($0.name, $0.body, format, request) } : []
        let batch = batches.withLock { all in
            let batch = MockBatches.Batch(
                id: "batch_mock_\(all.number())",
                isMessages: false,
                created: MockTime.now(),
                end: .now + (played.map(\.delay).max() ?? .zero),
                results: played.map(\.result),
                file: file.id,
                endpoint: endpoint,
                defects: defects
            )
            all.add(batch)
            return batch
        }
        return told(batch.openAI(batch.end - .nanoseconds(1)))
    }

    /// The calls in a file, and what is wrong with its lines.
    private static func items(
        in bytes: [UInt8],
        _ endpoint: String
    ) -> (items: [(name: String, body: JSONValue)], defects: [JSONValue]) {
        var (items, defects): ([(name: String, body: JSONValue)], [JSONValue]) = ([], [])
        var names: Set<String> = []
        for (number, line) in bytes.split(separator: 0x0a).enumerated() {
            let json = try? JSONValue(parsing: line)
            if let json, let name = json["custom_id"]?.stringValue, names.insert(name).inserted,
                let body = json["body"],
                json["url"]?.stringValue == endpoint, json["method"] == "POST"
            {
                items.append((name, body))
            } else {
                defects.append([
                    "code": "invalid_request", "line": .int(Int64(number + 1)), "param": .null,
                    "message": "the line must be {custom_id, method: POST, url, body} with the endpoint of the batch",
                ])
            }
        }
        let isEmpty = items.isEmpty && defects.isEmpty
        return (items, isEmpty ? [["code": "empty_file", "message": "the file has no lines"]] : defects)
    }

    private func files(_ request: HTTPRequest, _ path: [String]) async -> HTTPResponse {
        switch (request.method, path.count) {
        case ("POST", 0): return await putFile(request)
        case ("GET", 0): return told(Self.page(batches.withLock { $0.files }.map(\.json)))
        default: break
        }
        guard let id = path.first, let file = file(id) else { return missing("file", .chatCompletions) }
        switch (request.method, path.count, path.last) {
        case ("GET", 1, _): return told(file.json)
        case ("GET", 2, "content"): return lines(file.bytes)
        case ("DELETE", 1, _):
            return told(["id": .string(id), "object": "file", "deleted": .bool(batches.withLock { $0.remove(id) })])
        default: return missing(request.method, .chatCompletions)
        }
    }

    private func putFile(_ request: HTTPRequest) async -> HTTPResponse {
        guard let bytes = try? await request.body.collect(limit: Self.bodyLimit),
            let form = MockForm(bytes, type: request.header("content-type") ?? ""), let part = form.fields["file"],
            let purpose = form.fields["purpose"]
        else { return bad("the body must be a form with `file` and `purpose`", .chatCompletions) }
        let file = batches.withLock { all in
            let file = MockBatches.File(
                id: "file-mock-\(all.number())",
                name: part.fileName ?? "file",
                purpose: String(decoding: purpose.bytes, as: UTF8.self),
                created: MockTime.now(),
                bytes: part.bytes
            )
            all.add(file)
            return file
        }
        return told(file.json)
    }

    /// A file that was put here, or one with results of a batch.
    private func file(_ id: String) -> MockBatches.File? {
        batches.withLock { all in
            if let file = all.file(id) { return file }
            guard let batch = all.batches.first(where: { $0.outputID == id || $0.errorID == id }), batch.isOver(.now),
                !batch.isMessages, !batch.isCancelled
            else { return nil }
            let lines = batch.openAILines(errors: batch.errorID == id)
            return .init(id: id, name: "\(id).jsonl", purpose: "batch_output", created: batch.created, bytes: lines)
        }
    }

    /// All there is, as one page.
    private static func page(_ items: [JSONValue]) -> JSONValue {
        [
            "object": "list", "data": .array(items), "has_more": false, "first_id": items.first?["id"] ?? .null,
            "last_id": items.last?["id"] ?? .null,
        ]
    }
}

extension MockBatches.File {
    var json: JSONValue {
        [
            "id": .string(id), "object": "file", "bytes": .int(Int64(bytes.count)), "created_at": .int(created),
            "filename": .string(name), "purpose": .string(purpose), "status": "processed",
        ]
    }
}
