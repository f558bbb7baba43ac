// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers

/// What skills say about calls (spec 8.7).
extension AgentMachine {
    /// Why a call may not be made; `nil` when it may.
    func refusal(of tool: AgentTool, _ arguments: JSONValue, at index: Int, in turn: AgentTurn) -> String? {
        guard !task.skills.isEmpty else { return nil }
        let earlier = made(before: index, of: turn)
        for skill in task.skills {
            for constraint in skill.constraints {
                if let reason = constraint.refusal(of: tool.name, arguments, after: earlier) {
                    return "\(reason) (skill \(skill.name))"
                }
            }
        }
        return nil
    }

    /// The arguments with what the skills say where the model said nothing.
    func filled(_ arguments: JSONValue, for tool: AgentTool) -> JSONValue {
        task.skills.reduce(arguments) { $1.filled($0, for: tool.name) }
    }

    /// What has to be called before the task is done.
    var leftToDo: String? {
        let made = made(before: .max, of: nil)
        for skill in task.skills {
            for constraint in skill.constraints {
                if let reason = constraint.isOpen(after: made) { return "\(reason) (skill \(skill.name))" }
            }
        }
        return nil
    }

    /// The calls of the task in order, up to one of a turn. One that has not ended counts as one that did not succeed.
    private func made(before index: Int, of turn: AgentTurn?) -> [SkillConstraint.Made] {
        var result: [SkillConstraint.Made] = []
        for earlier in turns where turn.map({ earlier.number <= $0.number }) ?? true {
            let limit = earlier.number == turn?.number ? index : .max
            for (position, call) in earlier.reply.toolCalls.enumerated() where position < limit {
                let isCurrent = earlier.number == turn?.number
                guard let tool = target(of: call), isCurrent || earlier.calls[position] != nil else { continue }
                let isSuccess = earlier.calls[position]?.result?["output"] != nil
                result.append(.init(tool: tool.name, isSuccess: isSuccess))
            }
        }
        return result
    }
}
