// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import Providers

/// What gateways have in common: how requests of clients are read and answered.
enum GatewayExchange {
    /// Longer requests are refused.
    static let bodyLimit = 64 << 20

    /// The token of a request, in either of the headers that clients use.
    static func token(of request: HTTPRequest) -> String {
        let bearer = request.header("authorization").flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
        return request.header("x-api-key") ?? bearer.map(String.init) ?? ""
    }

    /// Reads a call of a model, has it carried out in a task of its own, and hands its answer to the client as it comes.
    /// What it costs is written down whatever becomes of the client.
    static func answer(
        _ request: HTTPRequest,
        _ format: WireFormat,
        for payer: some GatewayPayer,
        among calls: GatewayCalls
    ) async -> HTTPResponse {
        let call: GatewayRequest
        do throws(GatewayRefusal) {
            call = try GatewayRequest(try await body(of: request), format)
        } catch {
            return error.response(format)
        }
        let pipe = AnswerPipe()
        var work = GatewayCall(payer, call, pipe)
        work.headers = ["anthropic-beta", "anthropic-version", "openai-beta"].compactMap { name in
            request.header(name).map { (name: name, value: $0) }
        }
        work.query = request.query("beta") == "true" ? "beta=true" : ""
        let wanted = work
        guard let cancel = calls.begin({ await wanted.carryOut() }) else { return payer.over.response(format) }
        return await response(pipe, format, cancel)
    }

    private static func response(
        _ pipe: AnswerPipe,
        _ format: WireFormat,
        _ cancel: @escaping @Sendable () -> Void
    ) async -> HTTPResponse {
        let head = await withTaskCancellationHandler {
            await pipe.head()
        } onCancel: {
            cancel()
        }
        switch head {
        case .refused(let refusal): return refusal.response(format)
        case .whole(let bytes): return .json(bytes)
        case .stream:
            return .stream(headers: ["content-type": "text/event-stream", "cache-control": "no-cache"]) { writer in
                do {
                    try await withTaskCancellationHandler {
                        while let bytes = try await pipe.next() { try await writer.write(bytes) }
                    } onCancel: {
                        cancel()
                    }
                } catch {
                    cancel()
                    throw error
                }
            }
        }
    }

    static func body(of request: HTTPRequest) async throws(GatewayRefusal) -> [UInt8] {
        do throws(HTTPStreamError) {
            return try await request.body.collect(limit: bodyLimit)
        } catch {
            throw GatewayRefusal(error.code == .tooLarge ? 413 : 400, "invalid_request_error", error.message)
        }
    }

    /// How many LLM tokens a request has: an estimate, which costs nothing.
    static func count(_ request: HTTPRequest) async -> HTTPResponse {
        do throws(GatewayRefusal) {
            let bytes = try await body(of: request)
            return .json(Array(#"{"input_tokens":\#((bytes.count + 3) / 4)}"#.utf8))
        } catch {
            return error.response(.messages)
        }
    }

    /// The names of models, as a provider lists them.
    static func list(_ names: [String], _ format: WireFormat) -> HTTPResponse {
        if format == .messages {
            let data = names.map { name -> JSONValue in
                [
                    "type": "model", "id": .string(name), "display_name": .string(name),
                    "created_at": "1970-01-01T00:00:00Z",
                ]
            }
            let list: JSONValue = [
                "data": .array(data), "has_more": false, "first_id": names.first.map { .string($0) } ?? .null,
                "last_id": names.last.map { .string($0) } ?? .null,
            ]
            return .json(list.bytes())
        }
        let data = names.map { name -> JSONValue in
            ["id": .string(name), "object": "model", "created": 0, "owned_by": "baton"]
        }
        let list: JSONValue = ["object": "list", "data": .array(data)]
        return .json(list.bytes())
    }
}
