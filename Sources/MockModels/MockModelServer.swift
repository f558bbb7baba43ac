// Baton
// SPDX-License-Identifier: Apache-2.0

public import HTTPServer
import JSON
import Model
public import Providers
import Synchronization

/// A model server that answers from a script, deterministically and without models: Anthropic Messages, OpenAI Chat
/// Completions and Responses, their batches, Ollama. For tests of clients and for work without a network.
///
/// A rule's `agent` and `node` are matched by the headers `x-baton-agent` and `x-baton-node` of a request, its number by
/// `x-baton-call` if that is there. Keys and other headers are not looked at.
public final class MockModelServer: Sendable {
    /// What ``models`` are by default.
    public static let defaultModels = ["mock-small", "mock-large"]

    let player: Mutex<ScriptPlayer>
    let batches = Mutex(MockBatches())
    private let models: [String]
    private let clock: any Clock<Duration>
    private let requests = Mutex(0)

    /// Requests with longer bodies are refused.
    static let bodyLimit = 64 << 20

    /// A server without a socket.
    ///
    /// - Parameters:
    ///   - models: What the lists of models say; any model is answered.
    ///   - clock: Waits for the delays of the script.
    public init(
        script: ModelScript = ModelScript(),
        models: [String] = defaultModels,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        player = Mutex(ScriptPlayer(script))
        self.models = models
        self.clock = clock
    }

    /// Answers a request; a handler for a `WebServer`.
    public func answer(_ request: HTTPRequest) async -> HTTPResponse {
        if let answer = await answerBatches(request) { return answer }
        let path = request.path.filter { !$0.isEmpty }.joined(separator: "/")
        switch (request.method, path) {
        case ("GET", ""): return .text("baton mock-llm is running")
        case ("GET", "v1/models"): return .json(MockModelLists.openAI(models).bytes())
        case ("GET", "api/tags"): return .json(MockModelLists.ollama(models).bytes())
        case ("GET", "api/version"): return .json(Array(#"{"version":"0.0.0-mock"}"#.utf8))
        case ("POST", "v1/messages/count_tokens"): return await count(request)
        case ("POST", "v1/messages"): return await play(request, .messages)
        case ("POST", "v1/chat/completions"): return await play(request, .chatCompletions)
        case ("POST", "v1/responses"): return await play(request, .responses)
        case ("POST", "api/chat"): return await play(request, .ollama)
        case ("POST", "api/generate"): return await play(request, .ollama, isGenerate: true)
        case ("POST", "v1/embeddings"): return await embed(request, .chatCompletions)
        case ("POST", "api/embed"): return await embed(request, .ollama)
        default: return refusal(404, "not_found_error", "there is no \(request.method) /\(path)", .messages)
        }
    }

    private func count(_ request: HTTPRequest) async -> HTTPResponse {
        switch await read(request, .messages, adds: ["max_tokens": 1]) {
        case .failure(let refused): return refused.response
        case .success(let served):
            let count = (served.request.canonicalBytes().count + 3) / 4
            return .json(Array(#"{"input_tokens":\#(count)}"#.utf8))
        }
    }

    private func play(_ request: HTTPRequest, _ format: WireFormat, isGenerate: Bool = false) async -> HTTPResponse {
        let served: ServedRequest
        switch await read(request, format) {
        case .failure(let refused): return refused.response
        case .success(let read): served = read
        }
        let outcome = player.withLock { $0.play(served.request) }
        if outcome.delay > .zero { try? await clock.sleep(for: outcome.delay) }
        if let fault = outcome.fault {
            return refusal(fault.status, fault.kindText, fault.messageText, format, wait: fault.retryAfter)
        }
        let reply = ServedReply(
            outcome.reply,
            as: format,
            chunks: outcome.chunks,
            includesUsage: served.includesUsage,
            isGenerate: isGenerate
        )
        let frames = served.isStream ? reply.frames : [reply.whole.bytes()]
        var headers = headers()
        headers["content-type"] =
            served.isStream ? (format == .ollama ? "application/x-ndjson" : "text/event-stream") : "application/json"
        guard served.isStream || outcome.cutAt != nil else {
            return HTTPResponse(status: 200, headers: headers, body: .bytes(frames.flatMap(\.self)))
        }
        return .stream(headers: headers) { writer in try await Self.write(frames, outcome.cutAt, writer) }
    }

    /// Vectors of hashed words; rules of the script that refuse or wait hold for them, too.
    private func embed(_ request: HTTPRequest, _ format: WireFormat) async -> HTTPResponse {
        func bad(_ message: String) -> HTTPResponse { refusal(400, "invalid_request_error", message, format) }
        guard let bytes = try? await request.body.collect(limit: Self.bodyLimit),
            let body = try? JSONValue(parsing: bytes), let model = body["model"]?.stringValue
        else { return bad("the body must be an object with `model` and `input`") }
        let input = body["input"]
        let texts = input?.stringValue.map { [$0] } ?? input?.arrayValue?.compactMap(\.stringValue) ?? []
        guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
            return bad("`input` must be a text or a list of texts, none of them empty")
        }
        let asked = ModelRequest(model: model, messages: [.user(texts.joined(separator: "\n"))])
        let outcome = player.withLock { $0.play(asked) }
        if outcome.delay > .zero { try? await clock.sleep(for: outcome.delay) }
        if let fault = outcome.fault {
            return refusal(fault.status, fault.kindText, fault.messageText, format, wait: fault.retryAfter)
        }
        let isPacked = body["encoding_format"] == "base64"
        let answer = EmbeddingWire.write(HashedWords.reply(to: texts), model: model, as: format, isPacked: isPacked)
        return .json(answer.bytes(), headers: headers())
    }

    /// A cut breaks the connection off, so that the client sees no end.
    private static func write(_ frames: [[UInt8]], _ cutAt: Int?, _ writer: ResponseWriter) async throws {
        var left = cutAt ?? .max
        for frame in frames {
            try await writer.write(Array(frame.prefix(left)))
            left -= min(left, frame.count)
            if left == 0 { break }
        }
        if cutAt != nil { throw Cut() }
    }

    private struct Cut: Error {}

    private struct Refused: Error {
        let response: HTTPResponse
    }

    private func read(
        _ request: HTTPRequest,
        _ format: WireFormat,
        adds defaults: JSONObject = [:]
    ) async -> Result<ServedRequest, Refused> {
        func bad(_ message: String, _ status: Int = 400) -> Result<ServedRequest, Refused> {
            .failure(Refused(response: refusal(status, "invalid_request_error", message, format)))
        }
        let bytes: [UInt8]
        do throws(HTTPStreamError) {
            bytes = try await request.body.collect(limit: Self.bodyLimit)
        } catch {
            return bad(error.message, error.code == .tooLarge ? 413 : 400)
        }
        do {
            guard var object = try JSONValue(parsing: bytes).objectValue else {
                return bad("the body must be an object")
            }
            for member in defaults where object[member.key] == nil { object[member.key] = member.value }
            var served = try ServedRequest(.object(object), as: format)
            served.request.origin = Self.origin(request)
            return .success(served)
        } catch {
            return bad("\(error)")
        }
    }

    /// What rules match besides the request.
    static func origin(_ request: HTTPRequest) -> ModelCallOrigin {
        ModelCallOrigin(
            agent: request.header("x-baton-agent"),
            node: request.header("x-baton-node"),
            call: request.header("x-baton-call").flatMap { Int($0) }
        )
    }

    func headers() -> HTTPHeaders {
        let number = requests.withLock { count in
            count += 1
            return count
        }
        return ["request-id": "req_mock_\(number)", "x-request-id": "req_mock_\(number)"]
    }

    func refusal(
        _ status: Int,
        _ kind: String,
        _ message: String,
        _ format: WireFormat,
        wait: Duration? = nil
    ) -> HTTPResponse {
        var headers = headers()
        if let wait {
            headers["retry-after-ms"] = "\(wait.milliseconds)"
            headers["retry-after"] = "\((wait.milliseconds + 999) / 1000)"
        }
        let body = ServedReply.refusal(kind: kind, message: message, as: format)
        return .json(body.bytes(), status: status, headers: headers)
    }
}
