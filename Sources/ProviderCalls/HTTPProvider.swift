// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
public import Model
public import Providers
import Synchronization

/// A provider that is reached over HTTP; every call is one request whose answer is a stream.
public final class HTTPProvider: ModelProvider {
    /// The name in the settings.
    public let name: String
    let settings: ProviderSettings
    let endpoint: ProviderEndpoint
    let client: HTTPClient
    private let key: KeyResolver
    let facts: @Sendable (_ model: String) -> ModelFacts
    let now: @Sendable () -> Timestamp
    private let bucket: Mutex<CallBucket?>
    let pauses = LearnedPauses()
    let desk: BatchDesk

    /// The longest part of a refusal that is read.
    private static let refusalLimit = 64 << 10

    /// A provider of these settings; `nil` for the scripted one, which needs no HTTP. Has a thread of its own.
    ///
    /// - Parameters:
    ///   - key: Finds the key of a call.
    ///   - facts: What is known of a model.
    ///   - gathering: Calls for the same model that are handed over within that time go into one batch.
    ///   - now: For a `retry-after` that is a date, and the age of batches.
    public init?(
        _ settings: ProviderSettings,
        key: @escaping KeyResolver,
        facts: @escaping @Sendable (_ model: String) -> ModelFacts = { _ in ModelFacts() },
        gathering: Duration = .milliseconds(500),
        now: @escaping @Sendable () -> Timestamp
    ) throws(ProviderSettingsError) {
        guard let endpoint = try ProviderEndpoint(settings) else { return nil }
        name = settings.name
        client = HTTPClient(policy: endpoint.policy)
        desk = BatchDesk(BatchDesk.Limits(gathering: gathering, poll: settings.batchPoll))
        bucket = Mutex(settings.rate.map { CallBucket($0) })
        (self.settings, self.endpoint, self.key, self.facts, self.now) = (settings, endpoint, key, facts, now)
    }

    /// Asks once, as ``ModelProvider`` says.
    public func reply(
        to request: ModelRequest,
        onChunk: @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply {
        try keepPause(of: request.model)
        try takeCall()
        let wire = WireRequest(
            request,
            as: endpoint.format,
            facts: facts(request.model),
            isOpenAI: settings.kind == .openAI
        )
        let secret = try await secret()
        do throws(ModelError) {
            let answer = try await open(wire, of: request.model, secret)
            var reply = try await read(answer, request, onChunk)
            reply.notes = wire.notes + reply.notes
            return reply
        } catch {
            throw error.without(secret)
        }
    }

    /// The names of the models that the provider has, in its order.
    ///
    /// - Throws: ``ModelError``, as calls do.
    public func models(within limit: Duration = .seconds(10)) async throws(ModelError) -> [String] {
        let secret = try await secret()
        let answer: HTTPResponse
        do throws(HTTPClientError) {
            answer = try await client.send(
                HTTPRequest(url: endpoint.modelsURL, headers: headers(secret, isCall: false), timeout: limit)
            )
        } catch {
            throw lost(error, nil).without(secret)
        }
        guard answer.status == 200, let json = try? JSONValue(parsing: answer.body),
            let list = (json["data"] ?? json["models"])?.arrayValue
        else {
            let failure = ResponseFailure(status: answer.status, headers: answer.headers, body: answer.body, now: now())
            throw failure.error(provider: name).without(secret)
        }
        return list.compactMap { ($0["id"] ?? $0["name"])?.stringValue }
    }

    /// Keeps to the rate of the settings; nothing has left when it is used up.
    func takeCall() throws(ModelError) {
        let time = now()
        guard let wait = bucket.withLock({ $0?.take(at: time) ?? nil }) else { return }
        throw ModelError(
            code: "provider.limited",
            errorClass: .upstream,
            message: "\(name): the rate in its settings is used up",
            retryAfter: wait
        )
    }

    func secret() async throws(ModelError) -> String? {
        guard let handle = settings.key else { return nil }
        do {
            return try await key(handle)
        } catch {
            throw ModelError(
                code: "provider.unavailable",
                errorClass: .fatal,
                message: "the key of the provider `\(name)` is not there: \(error)"
            )
        }
    }

    func headers(_ secret: String?, isCall: Bool) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if isCall {
            headers.append(("Content-Type", "application/json"))
            headers.append(("Accept", endpoint.format == .ollama ? "application/x-ndjson" : "text/event-stream"))
        }
        if settings.kind == .anthropic { headers.append(("anthropic-version", "2023-06-01")) }
        if let secret {
            headers.append(settings.kind == .anthropic ? ("x-api-key", secret) : ("Authorization", "Bearer \(secret)"))
        }
        // What is configured wins.
        let configured = Set(settings.headers.keys.map { $0.lowercased() })
        headers.removeAll { configured.contains($0.name.lowercased()) }
        return headers + settings.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func open(_ wire: WireRequest, of model: String, _ secret: String?) async throws(ModelError) -> HTTPStream {
        let request = HTTPRequest(
            method: "POST",
            url: endpoint.url,
            headers: headers(secret, isCall: true),
            body: wire.body.bytes()
        )
        return try await send(request, of: model)
    }

    /// The stream of an answer; a refusal is thrown with what it says.
    ///
    /// - Parameter model: Whose limits the headers tell; those of batches are others.
    func send(_ request: HTTPRequest, of model: String? = nil) async throws(ModelError) -> HTTPStream {
        let answer: HTTPStream
        do throws(HTTPClientError) {
            answer = try await client.stream(request, silence: settings.idleLimit)
        } catch {
            throw lost(error, nil)
        }
        if let model { pauses.learn(answer.headers, of: model, at: now()) }
        guard answer.status != 200 else { return answer }
        let body = await refusal(answer)
        throw ResponseFailure(status: answer.status, headers: answer.headers, body: body, now: now())
            .error(provider: name)
    }

    /// The body of a refusal, as far as it comes: the status alone decides already.
    func refusal(_ answer: HTTPStream) async -> [UInt8] {
        var body: [UInt8] = []
        while body.count < Self.refusalLimit, let bytes = try? await answer.next() { body += bytes }
        return body
    }

    private func read(
        _ answer: HTTPStream,
        _ request: ModelRequest,
        _ onChunk: @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply {
        var stream = ReplyStream(
            endpoint.format,
            to: request,
            provider: name,
            requestID: answer.header("request-id") ?? answer.header("x-request-id"),
            readsCallsInText: settings.kind == .openAICompatible || settings.kind == .ollama
        )
        var lost: ModelError?
        while lost == nil, !stream.isOver {
            let bytes: [UInt8]?
            do throws(HTTPClientError) {
                bytes = try await answer.next()
            } catch {
                lost = self.lost(error, stream.partial)
                break
            }
            guard let bytes else { break }
            for chunk in stream.feed(bytes) { await onChunk(chunk) }
        }
        do throws(ModelError) {
            return try stream.finish()
        } catch {
            // Why the connection ended says more than that it did.
            throw lost ?? error
        }
    }

    func lost(_ error: HTTPClientError, _ partial: ModelReply?) -> ModelError {
        if error.code == .cancelled { return ModelError.cancelled(mayHaveLeft: error.mayHaveLeft, partial) }
        let isOver = partial != nil
        let permanent: [HTTPClientError.Code] = [.blocked, .invalid, .untrusted, .tooLarge]
        var kept = partial
        kept?.stopReason = .cut
        kept?.usage.certainty = .unknown
        return ModelError(
            code: error.code == .blocked ? "http.blocked" : "provider.failed",
            errorClass: permanent.contains(error.code) ? .permanent : .transient,
            message: "\(name): \(isOver ? "the answer broke off: " : "")\(error.message)",
            mayHaveLeft: error.mayHaveLeft || isOver,
            mayBeCharged: error.mayHaveLeft || isOver,
            partial: kept,
            requestID: kept?.requestID
        )
    }
}

extension ModelError {
    /// Some providers repeat the key that they refuse.
    func without(_ secret: String?) -> Self {
        guard let secret, secret.utf8.count >= 4, message.contains(secret) else { return self }
        var error = self
        error.message = message.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
        return error
    }
}
