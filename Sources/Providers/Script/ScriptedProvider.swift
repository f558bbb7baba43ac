// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON
import Model
import Synchronization

/// Answers from a script, without a network; every answer says that it is simulated.
public final class ScriptedProvider: ModelProvider {
    /// The name in the settings.
    public let name: String
    private let player: Mutex<ScriptPlayer>
    private let clock: any Clock<Duration>

    /// A provider that has not been called.
    ///
    /// - Parameter clock: Waits for the delays of the script.
    public init(
        name: String = "scripted",
        script: ModelScript = ModelScript(),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.name = name
        self.clock = clock
        player = Mutex(ScriptPlayer(script))
    }

    /// Answers by the script, after its delay.
    public func reply(
        to request: ModelRequest,
        onChunk: @Sendable (ModelChunk) async -> Void
    ) async throws(ModelError) -> ModelReply {
        let outcome = player.withLock { $0.play(request) }
        if outcome.delay > .zero {
            do {
                try await clock.sleep(for: outcome.delay)
            } catch {
                throw ModelError.cancelled(mayHaveLeft: false)
            }
        }
        if let fault = outcome.fault { throw fault.error(provider: name) }
        var bytes = 0
        await onChunk(.started(id: outcome.reply.responseID, model: outcome.reply.model))
        for chunk in outcome.reply.chunks(outcome.chunks) {
            if Task.isCancelled { throw ModelError.cancelled(mayHaveLeft: true) }
            bytes += chunk.byteCount
            if let limit = outcome.cutAt, bytes > limit { throw cut(outcome.reply, at: limit) }
            await onChunk(chunk)
        }
        if outcome.cutAt != nil { throw cut(outcome.reply, at: bytes) }
        await onChunk(.usage(outcome.reply.usage))
        return outcome.reply
    }

    private func cut(_ reply: ModelReply, at limit: Int) -> ModelError {
        var partial = reply
        var left = limit
        partial.parts = reply.parts.compactMap { part in
            guard case .text(let text) = part, left > 0 else { return nil }
            let kept = text.prefix(utf8: left)
            left -= text.utf8.count
            return kept.isEmpty ? nil : .text(kept)
        }
        return .cut(provider: name, partial)
    }
}

extension ModelScript.Fault {
    /// The refusal as a real provider would send it.
    func error(provider: String) -> ModelError {
        var headers: [(name: String, value: String)] = []
        if let retryAfter { headers.append(("retry-after-ms", "\(retryAfter.milliseconds)")) }
        return ResponseFailure(status: status, headers: headers, body: Array(body.text.utf8), now: nil)
            .error(provider: provider)
    }

    /// `{error: {type, message}}`.
    public var body: JSONValue { ["error": ["type": .string(kindText), "message": .string(messageText)]] }

    /// The kind, or that of the status.
    public var kindText: String { kind ?? Self.kinds[status] ?? (status < 500 ? "invalid_request_error" : "api_error") }

    /// The message, or one for the status.
    public var messageText: String { message ?? "scripted failure \(status)" }

    private static let kinds: [Int: String] = [
        401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
        408: "timeout_error", 413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error",
        529: "overloaded_error",
    ]
}

extension ModelReply {
    /// The parts as pieces, each in so many.
    func chunks(_ count: Int) -> [ModelChunk] {
        parts.enumerated().flatMap { index, part -> [ModelChunk] in
            switch part {
            case .text(let text): text.pieces(count).map { .text(String($0)) }
            case .thinking(let thought): thought.text.pieces(count).map { .thinking(String($0)) }
            case .toolCall(let call):
                [.toolCallStarted(index: index, id: call.id, name: call.name)]
                    + call.arguments.text.pieces(count).map { .toolArguments(index: index, text: String($0)) }
            case .toolResult, .image: []
            }
        }
    }
}

extension ModelChunk {
    fileprivate var byteCount: Int {
        switch self {
        case .text(let text), .thinking(let text), .toolArguments(_, let text): text.utf8.count
        case .started, .toolCallStarted, .usage: 0
        }
    }
}

extension String {
    /// The longest beginning of whole characters with at most so many bytes.
    fileprivate func prefix(utf8 limit: Int) -> String {
        var (kept, left) = ("", limit)
        for character in self {
            left -= character.utf8.count
            guard left >= 0 else { break }
            kept.append(character)
        }
        return kept
    }
}
