// Baton
// SPDX-License-Identifier: Apache-2.0

import Hashing
import JSON

/// Plays a script; counts the calls of each agent and node.
public struct ScriptPlayer: Sendable {
    /// What becomes of a call.
    public struct Outcome: Sendable, Hashable {
        /// The answer; to be dropped when there is a fault.
        public var reply: ModelReply
        /// Refuses instead.
        public var fault: ModelScript.Fault?
        /// Comes first.
        public var delay: Duration = .zero
        /// In how many pieces each part comes.
        public var chunks = 1
        /// Breaks off after that many bytes.
        public var cutAt: Int?
    }

    private struct Caller: Hashable {
        let agent: String?
        let node: String?
    }

    private let script: ModelScript
    private var calls: [Caller: Int] = [:]

    /// Nothing was called yet.
    public init(_ script: ModelScript = ModelScript()) {
        self.script = script
    }

    /// Answers a call. The same request with the same number is always answered the same.
    public mutating func play(_ request: ModelRequest) -> Outcome {
        let caller = Caller(agent: request.origin?.agent, node: request.origin?.node)
        calls[caller, default: 0] += 1
        let number = request.origin?.call ?? calls[caller, default: 1]
        let hash = Self.hash(request)
        guard let rule = script.rules.first(where: { $0.match.fits(request, number) }) else {
            return Outcome(reply: Self.echo(request, hash, number))
        }
        var outcome = Outcome(reply: rule.reply.reply(to: request, "\(hash)_\(number)"), fault: rule.fault)
        if let usage = rule.usage { outcome.reply.usage = usage }
        (outcome.delay, outcome.chunks, outcome.cutAt) = (rule.delay, rule.chunks, rule.cutAt)
        return outcome
    }

    /// What nobody wrote an answer for.
    private static func echo(_ request: ModelRequest, _ hash: String, _ number: Int) -> ModelReply {
        var reply = ModelScript.Reply()
        reply.text = "[simulated \(hash)] " + request.newestText.prefix(400)
        return reply.reply(to: request, "\(hash)_\(number)")
    }

    private static func hash(_ request: ModelRequest) -> String {
        var request = request
        request.origin = nil
        return String(SHA256.hex(request.canonicalBytes()).prefix(12))
    }
}

extension ModelScript.Match {
    func fits(_ request: ModelRequest, _ number: Int) -> Bool {
        guard agent == nil || agent == request.origin?.agent, node == nil || node == request.origin?.node,
            nth == nil || nth == number
        else { return false }
        return contains.map { request.newestText.contains($0) } ?? true
    }
}

extension ModelScript.Reply {
    func reply(to request: ModelRequest, _ id: String) -> ModelReply {
        var parts: [ModelPart] = []
        if let thinking {
            let json: JSONValue = [
                "type": "thinking", "thinking": .string(thinking), "signature": .string("simulated-\(id)"),
            ]
            let replay = ReplayBlock(format: .scripted, model: request.model, json: json.text)
            parts.append(.thinking(ThinkingPart(thinking, replay: replay)))
        }
        if let text, !text.isEmpty { parts.append(.text(text)) }
        for (position, call) in toolCalls.enumerated() {
            let callID = call.id ?? "call_\(id)_\(position + 1)"
            parts.append(.toolCall(ToolCall(id: callID, name: call.name, arguments: call.arguments)))
        }
        return ModelReply(
            parts: parts,
            stopReason: stop ?? (toolCalls.isEmpty ? .end : .tools),
            usage: ModelUsage(
                input: (request.canonicalBytes().count + 3) / 4,
                output: max(1, (parts.reduce(0) { $0 + $1.json.text.utf8.count } + 3) / 4),
                certainty: .estimated
            ),
            model: request.model,
            responseID: "sim_\(id)",
            isSimulated: true
        )
    }
}

extension ModelRequest {
    /// The words and results in the newest message, one a line.
    var newestText: String {
        let texts = (messages.last?.parts ?? []).compactMap { part in
            switch part {
            case .text(let text): text
            case .toolResult(let result): result.content
            default: nil
            }
        }
        return texts.joined(separator: "\n")
    }
}

extension String {
    /// At most so many pieces of about the same size; none is empty. Joined they are the text again.
    func pieces(_ count: Int) -> [Substring] {
        guard count > 1 else { return isEmpty ? [] : [self[...]] }
        let size = Swift.max(1, (self.count + count - 1) / count)
        var pieces: [Substring] = []
        var rest = self[...]
        while !rest.isEmpty {
            pieces.append(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        return pieces
    }
}
