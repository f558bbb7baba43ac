// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers

/// What becomes of the calls that a model asks for.
extension AgentMachine {
    enum Fate {
        /// The model hears this.
        case known(ToolResult)
        /// It has to be made.
        case due(AgentCall)
        /// It ends the task.
        case end(TaskError)
        /// It is the answer.
        case answer
    }

    /// The longest result that goes to a model, in bytes of UTF-8; what is beyond is cut, and the step keeps the whole.
    static let resultLimit = 65_536

    /// The third call with the same arguments is answered with a notice, the fifth ends the task.
    private static let noticeAt = 3
    private static let endAt = 5

    func fate(of call: ToolCall, at index: Int, in turn: AgentTurn) -> Fate {
        let repeats = count(of: call, at: index, in: turn)
        if repeats >= Self.endAt {
            return .end(.agent("loop", "the agent called \(call.name) \(repeats) times with the same arguments"))
        }
        if let step = turn.calls[index], let result = step.result { return .known(Self.result(result, of: call)) }
        if repeats >= Self.noticeAt, turn.calls[index] == nil {
            let message =
                "this is call \(repeats) of \(call.name) with the same arguments; it was not made, the results above hold; "
                + "do something else, or answer"
            return .known(.refused(call, "agent.repeated", message))
        }
        if let malformed = call.malformed {
            return .known(
                .refused(call, "validation.failed", "the arguments are no JSON object: \(malformed.prefix(200))")
            )
        }
        guard let tool = tools[call.name] else {
            let names = tools.keys.sorted().joined(separator: ", ")
            return .known(
                .refused(call, "tool.unavailable", "there is no tool \(call.name.prefix(100)); there are \(names)")
            )
        }
        return due(call, tool, at: index, in: turn)
    }

    private func due(_ call: ToolCall, _ told: AgentTool, at index: Int, in turn: AgentTurn) -> Fate {
        if told.kind == .respond { return .answer }
        if told.kind == .giveUp { return .end(.gaveUp(call.arguments.objectValue ?? [:])) }
        var (tool, arguments) = (told, call.arguments)
        if told.kind == .execute {
            let name = call.arguments["name"]?.stringValue ?? ""
            guard let found = task.catalogue?.tool(name) else {
                let error = (task.catalogue ?? ToolCatalogue([])).unknown(name)
                return .known(.refused(call, error.code, error.message))
            }
            guard intent.map({ $0.guidance != task.guidance.count || $0.offers(found) }) ?? true else {
                return .known(.refused(call, "tool.unavailable", "\(found.name) is not offered for this task"))
            }
            (tool, arguments) = (found, call.arguments["arguments"] ?? [:])
        }
        if tool.kind == .tool {
            do throws(TaskError) {
                arguments = try task.check(tool.name, filled(arguments, for: tool))
            } catch {
                return .known(.refused(call, error.code, error.message))
            }
            if turn.calls[index] == nil, let reason = refusal(of: tool, arguments, at: index, in: turn) {
                return .known(.refused(call, "skill.constraint", reason))
            }
        }
        let step = turn.calls[index]
        if let step, !tool.isRepeatable {
            return .end(
                TaskError(
                    code: "tool.interrupted",
                    errorClass: .permanent,
                    message:
                        "the process ended while \(tool.name) was called (step \(step.number)); nobody knows whether it "
                        + "had its effect, and it must not be called twice",
                    details: ["step": .int(Int64(step.number)), "tool": .string(tool.name), "arguments": arguments]
                )
            )
        }
        return .due(
            AgentCall(
                round: turn.number,
                index: index,
                call: call,
                tool: tool,
                arguments: arguments,
                step: step?.number,
                consent: step?.request["human_task"]?.stringValue.flatMap(HumanTaskID.init)
            )
        )
    }

    /// The tool that a call is one of: the one that it names when it goes by `execute_tool`.
    func target(of call: ToolCall) -> AgentTool? {
        guard let tool = task.tools[call.name], tool.kind == .execute else { return task.tools[call.name] }
        return task.catalogue?.tool(call.arguments["name"]?.stringValue ?? "")
    }

    /// The result of a call of a turn that people ended.
    func settled(_ call: ToolCall, at index: Int, of turn: AgentTurn) -> ToolResult {
        guard let step = turn.calls[index] else { return .refused(call, "cancelled", "the call was not made") }
        guard let result = step.result else {
            return .refused(
                call,
                "tool.interrupted",
                "the call was interrupted; nobody knows whether it had its effect"
            )
        }
        return Self.result(result, of: call)
    }

    /// How often the agent has asked for the same, this time included.
    private func count(of call: ToolCall, at index: Int, in turn: AgentTurn) -> Int {
        let earlier = recent.prefix { $0.number < turn.number }.flatMap(\.reply.toolCalls)
        let same = (earlier + turn.reply.toolCalls.prefix(index)).count {
            $0.name == call.name && $0.arguments == call.arguments && $0.malformed == call.malformed
        }
        return same + 1
    }

    /// What the model hears of a call that was made; the same step always gives the same.
    static func result(_ result: JSONValue, of call: ToolCall) -> ToolResult {
        if let error = result["error"] {
            return ToolResult(callID: call.id, name: call.name, content: error.text, isError: true)
        }
        let output = result["output"] ?? .null
        return ToolResult(callID: call.id, name: call.name, content: short(output.stringValue ?? output.text))
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > resultLimit else { return text }
        var kept = Array(text.utf8.prefix(resultLimit))
        // No half characters at the end.
        while let last = kept.last, last & 0xc0 == 0x80 { kept.removeLast() }
        if let last = kept.last, last >= 0xc0 { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self) + "\n[cut here: \(text.utf8.count - kept.count) more bytes]"
    }
}

extension ToolResult {
    /// `{code, message}`.
    fileprivate static func refused(_ call: ToolCall, _ code: String, _ message: String) -> ToolResult {
        let error: JSONValue = ["code": .string(code), "message": .string(message)]
        return ToolResult(callID: call.id, name: call.name, content: error.text, isError: true)
    }
}
