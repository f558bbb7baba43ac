// Baton
// SPDX-License-Identifier: Apache-2.0

public import Engine
import Hashing
public import JSON
import Model
import Providers

/// What models were asked in a task, put together again from what its steps keep (spec 8.10).
///
/// Steps keep of each call what was new in it. The hash that was taken of the whole request when it was made proves that
/// what is put together is what was sent.
public struct PromptHistory: Sendable {
    /// A call of a model.
    public struct Call: Sendable {
        /// From 1, over all that models were asked in the task.
        public let number: Int
        /// The step that it is.
        public let step: LoggedStep
        /// The whole request; `nil` when it cannot be put together.
        public let request: JSONValue?
        /// The SHA-256 of the request when it was made.
        public let hash: String?
        /// The request has that hash.
        public let isExact: Bool
    }

    /// The oldest first.
    public let calls: [Call]

    /// Reads all steps of a task.
    public init(_ steps: [LoggedStep]) {
        var calls: [Call] = []
        for pass in Set(steps.map(\.pass)).sorted() {
            let own = steps.filter { $0.pass == pass }
            let reader = PromptReader(own)
            for step in own where step.kind == .model {
                let request = reader.request(of: step)
                let hash = step.request["prompt_sha256"]?.stringValue ?? step.request["sha256"]?.stringValue
                calls.append(
                    Call(
                        number: calls.count + 1,
                        step: step,
                        request: request?.json,
                        hash: hash,
                        isExact: request.map { SHA256.hex($0.canonicalBytes()) } == hash && hash != nil
                    )
                )
            }
        }
        self.calls = calls
    }

    /// `{calls: [{call, step, pass, attempt, model, purpose, at, ended_at?, status, sha256, exact, usage?}], prompt}`.
    ///
    /// - Parameters:
    ///   - number: Which call `prompt` is about; the last one, of the attempt if that is given, when it is `nil`.
    /// - Returns: `nil` when there is no such call.
    public func json(call number: Int? = nil, attempt: Int? = nil) -> JSONValue? {
        let shown = calls.last { call in
            (number.map { call.number == $0 } ?? true) && (attempt.map { call.step.attempt == $0 } ?? true)
        }
        guard let shown else { return nil }
        var prompt = shown.summary
        prompt["request"] = shown.request ?? .null
        prompt["answer"] = shown.step.result?["reply"] ?? .null
        prompt["error"] = shown.step.result?["error"]
        return ["calls": .array(calls.map { .object($0.summary) }), "prompt": .object(prompt)]
    }
}

extension PromptHistory.Call {
    fileprivate var summary: JSONObject {
        let status =
            step.result.map { $0["reply"] != nil ? "answered" : $0["lost"] != nil ? "lost" : "failed" } ?? "open"
        var result: JSONObject = [
            "call": .int(Int64(number)), "step": .int(Int64(step.number)), "pass": .int(Int64(step.pass)),
            "attempt": .int(Int64(step.attempt)), "model": .string(step.name),
            "purpose": step.request["purpose"] ?? "execution", "at": .string(step.at.description),
        ]
        result["ended_at"] = step.endedAt.map { .string($0.description) }
        result["status"] = .string(status)
        result["sha256"] = hash.map(JSONValue.string)
        result["exact"] = .bool(isExact)
        result["usage"] = step.result?["reply"]?["usage"]
        return result
    }
}

/// Puts the requests of one pass together.
private struct PromptReader {
    private let steps: [AgentStep]
    private let requests: [Int: JSONValue]

    init(_ steps: [LoggedStep]) {
        self.steps = steps.map {
            AgentStep(number: $0.number, kind: $0.kind, name: $0.name, request: $0.request, result: $0.result)
        }
        requests = Dictionary(steps.map { ($0.number, $0.request) }) { first, _ in first }
    }

    func request(of step: LoggedStep) -> ModelRequest? {
        guard let frame = PromptFrame.of(step.request, requests) else { return nil }
        if step.request["form"] != nil { return gatewayRequest(step.request, frame) }
        let before = steps.filter { $0.number < step.number }
        guard let turns = try? AgentTurn.read(before),
            let added = try? CallMessages.read(step.request, after: steps)
        else { return nil }
        let rounds = step.request["history_rounds"]?.intValue.map { Int($0) } ?? 4
        let messages: [ModelMessage]
        switch step.request["purpose"]?.stringValue {
        case HistorySummary.purpose where step.request["upto"] != nil:
            let last = step.request["upto"]?.intValue.map { Int($0) }
            messages = HistorySummary.messages(upTo: last, rounds: rounds, turns)
        // What is asked besides stands for itself.
        case .some: messages = added
        case nil:
            var all = AgentTurn.conversation(
                turns,
                rounds: rounds,
                summaries: HistorySummary.read(before),
                adding: added
            )
            if !all.isEmpty { all[all.count - 1].cache = .short }
            messages = all
        }
        return try? frame.request(
            model: ModelReference(step.name)?.model ?? step.name,
            messages: messages,
            limit: step.request["max_output_tokens"],
            temperature: step.request["temperature"],
            call: step.request["purpose"] == nil
                ? before.count { $0.kind == .model && $0.request["purpose"] == nil } + 1 : nil
        )
    }

    private func gatewayRequest(_ record: JSONValue, _ frame: PromptFrame) -> ModelRequest? {
        GatewayPrompt.messages(of: record, requests).flatMap { messages in
            try? frame.request(
                model: record["model"]?.stringValue ?? "",
                messages: messages,
                limit: record["prompt_limit"],
                temperature: record["temperature"]
            )
        }
    }
}
