// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Hashing
import JSON
import Model
import Providers
import Store

/// A step of an agent with its values read.
///
/// | kind | request | result |
/// |---|---|---|
/// | `model` | `{messages, frame, history_rounds, sha256, max_output_tokens, temperature?, repair, guidance, feedback?}` | `{reply}`, `{error}` or `{lost: true}` |
/// | `tool` | `{round, index, call, arguments, human_task?}` | `{output}` or `{error: {code, message}}` |
///
/// `messages` are those that were new with this call; what came before is in the steps before, and so are results of tools;
/// see ``CallMessages``. `sha256` is that of the whole
/// request before its longest answer was fitted to what it may cost. `frame` is what is the same from call to call, or the
/// number of the step that has it; see ``PromptHistory``.
struct AgentStep: Sendable, Equatable {
    let number: Int
    let kind: TaskStep.Kind
    let name: String
    let request: JSONValue
    var result: JSONValue?
    /// Of a call of a model that is answered later.
    var ticket: JSONValue?

    init(number: Int, kind: TaskStep.Kind, name: String, request: JSONValue, result: JSONValue? = nil) {
        (self.number, self.kind, self.name, self.request, self.result) = (number, kind, name, request, result)
    }

    init(_ step: TaskStep, request: JSONValue, result: JSONValue? = nil) {
        self.init(number: step.number, kind: step.kind, name: step.name, request: request, result: result)
        ticket = step.ticket
    }

    /// Its answer has not come, and will.
    var isHandedOver: Bool { ticket != nil && result == nil }

    /// A call of a model whose answer will never come.
    static let lost: JSONValue = ["lost": true]

    /// A call of a model that gave no answer.
    static func failed(_ error: TaskError) -> JSONValue {
        [
            "error": [
                "code": .string(error.code), "class": .string(error.errorClass.rawValue),
                "message": .string(error.message),
            ]
        ]
    }

    static func answered(_ reply: ModelReply) -> JSONValue { ["reply": reply.json] }
}

/// A call of a model to make.
struct AgentAsk: Sendable, Equatable {
    /// All of it but the model.
    var request: ModelRequest
    /// The messages that no earlier call had.
    let added: [ModelMessage]
    /// The last answer has to be corrected.
    let isRepair: Bool
    /// How much people had said by then.
    let guidance: Int
    /// The last attempt whose output had been checked by then; 0 for none.
    let feedback: Int

    /// Of the rounds before so many were whole.
    let historyRounds: Int

    /// What the step says.
    ///
    /// - Parameter steps: Those before it.
    func record(after steps: [AgentStep]) -> JSONValue {
        var record: JSONObject = [
            "messages": CallMessages.record(added, after: steps),
            "sha256": .string(SHA256.hex(request.canonicalBytes())),
            "max_output_tokens": .int(Int64(request.maxOutputTokens)),
            "history_rounds": .int(Int64(historyRounds)), "frame": PromptFrame(request).record(after: steps),
        ]
        if isRepair { record["repair"] = true }
        if guidance > 0 { record["guidance"] = .int(Int64(guidance)) }
        if feedback > 0 { record["feedback"] = .int(Int64(feedback)) }
        record["temperature"] = request.temperature.map { .double($0) }
        return .object(record)
    }
}

/// A call of a model that serves the agent and is no part of its conversation: cheap, made once, and left out when it cannot
/// be made.
struct AgentAside: Sendable {
    /// All of it but the model.
    var request: ModelRequest
    let purpose: UsageSubject.Purpose
    /// What the step says of it.
    let fields: JSONObject

    /// What it does, for people.
    var words: String {
        switch purpose {
        case .extraction: fields["thread"] == nil ? "summed up earlier rounds" : "summed up earlier turns of the thread"
        default: "looked at what is wanted"
        }
    }

    func record(after steps: [AgentStep]) -> JSONValue {
        var record = fields
        record["purpose"] = .string(purpose.rawValue)
        record["sha256"] = .string(SHA256.hex(request.canonicalBytes()))
        record["frame"] = PromptFrame(request).record(after: steps)
        record["max_output_tokens"] = .int(Int64(request.maxOutputTokens))
        return .object(record)
    }
}

/// A call of a tool to make.
struct AgentCall: Sendable, Equatable {
    /// The step of the answer that asks for it, and its position in there.
    let round: Int
    let index: Int
    let call: ToolCall
    let tool: AgentTool
    /// With defaults.
    let arguments: JSONValue
    /// The step of an attempt that ended before the call did, which is made again.
    let step: Int?
    /// The request by which a person agreed to it.
    var consent: HumanTaskID?

    var record: JSONValue {
        var record: JSONObject = [
            "round": .int(Int64(round)), "index": .int(Int64(index)), "call": .string(call.id), "arguments": arguments,
        ]
        record["human_task"] = consent.map { .string($0.description) }
        return .object(record)
    }

    /// As a person is asked about it.
    func approval(_ rule: String) -> CallApproval {
        CallApproval(call: "\(round)/\(index)", tool: tool.name, arguments: arguments, rule: rule)
    }
}

extension TaskStep {
    /// It is a call that serves an agent and is no part of its conversation; these are short enough to be in the log itself.
    var isAside: Bool {
        guard case .inline(let request) = request else { return false }
        return kind == .model && request["purpose"] != nil
    }
}
