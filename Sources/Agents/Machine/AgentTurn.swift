// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers

/// An answer of a model, with what was new in the call for it and the calls of tools that it led to.
struct AgentTurn: Sendable, Equatable {
    /// The number of the step.
    let number: Int
    let added: [ModelMessage]
    let reply: ModelReply
    let isRepair: Bool
    let guidance: Int
    let feedback: Int
    /// An answer came back because it said more than was done.
    var isClaimsReturn: Bool {
        added.contains { message in
            message.parts.contains {
                if case .text(let text) = $0 { text.hasPrefix(Self.claimsWords) } else { false }
            }
        }
    }
    /// What an agent is told then begins so.
    static let claimsWords = "Your answer says that something was done which no tool has done:"
    /// By position in the answer.
    var calls: [Int: AgentStep] = [:]

    /// Reads turns from steps; calls of models that were never answered are left out.
    ///
    /// - Throws: `agent.corrupted` when they cannot be read.
    static func read(_ steps: [AgentStep]) throws(TaskError) -> [AgentTurn] {
        var turns: [AgentTurn] = []
        for step in steps {
            switch step.kind {
            case .model:
                // What is asked besides is no turn.
                guard step.request["purpose"] == nil, let reply = step.result?["reply"] else { continue }
                turns.append(try AgentTurn(step, reply, after: steps))
            case .tool:
                guard let round = step.request["round"]?.intValue, let index = step.request["index"]?.intValue,
                    let turn = turns.lastIndex(where: { $0.number == Int(round) })
                else { throw .corrupted(step) }
                turns[turn].calls[Int(index)] = step
            }
        }
        return turns
    }

    private init(_ step: AgentStep, _ reply: JSONValue, after steps: [AgentStep]) throws(TaskError) {
        do {
            number = step.number
            added = try CallMessages.read(step.request, after: steps)
            self.reply = try ModelReply(json: reply)
        } catch {
            throw .corrupted(step)
        }
        isRepair = step.request["repair"] == true
        guidance = step.request["guidance"]?.intValue.map { Int($0) } ?? 0
        feedback = step.request["feedback"]?.intValue.map { Int($0) } ?? 0
    }
}

extension TaskError {
    fileprivate static func corrupted(_ step: AgentStep) -> TaskError {
        TaskError(
            code: "agent.corrupted",
            errorClass: .permanent,
            message: "step \(step.number) of the task cannot be read"
        )
    }
}

extension AgentTurn {
    /// The conversation of these turns with what follows: the first message, what stands for the rounds that are left out,
    /// the rounds that stay, and all other words. From call to call it only grows, until more rounds are left out.
    static func conversation(
        _ turns: [AgentTurn],
        rounds: Int,
        summaries: [HistorySummary] = [],
        adding: [ModelMessage]
    ) -> [ModelMessage] {
        let plan = HistoryPlan(turns, rounds: rounds)
        var messages: [ModelMessage] = []
        for (position, turn) in turns.enumerated() {
            let isCut = plan.cut(of: position) != nil && !turn.reply.toolCalls.isEmpty
            let follows = position > 0 && !turns[position - 1].reply.toolCalls.isEmpty
            let isResult = follows && plan.cut(of: position - 1) != nil
            for message in turn.added { append(isResult ? message.onlyText : message, to: &messages) }
            if !isCut { append(turn.reply.message, to: &messages) }
            for cut in plan.cuts where cut.turns.upperBound == position + 1 {
                guard let part = summaries.last(where: { $0.last == cut.last })?.part else { continue }
                append(ModelMessage(.user, [part]), to: &messages)
            }
        }
        for message in adding { append(message, to: &messages) }
        return messages
    }

    /// Speakers take turns.
    private static func append(_ message: ModelMessage, to messages: inout [ModelMessage]) {
        guard !message.parts.isEmpty else { return }
        if let last = messages.last, last.role == message.role {
            messages[messages.count - 1].parts += message.parts
        } else {
            messages.append(message)
        }
    }
}

extension ModelMessage {
    fileprivate var onlyText: ModelMessage {
        ModelMessage(
            role,
            parts.filter {
                if case .text = $0 { true } else { false }
            }
        )
    }
}
