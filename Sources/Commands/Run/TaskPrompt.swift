// Baton
// SPDX-License-Identifier: Apache-2.0

import Agents
import BatonClient
import Engine
import JSON
import Model
import Store

/// `baton task prompt`: what models were asked.
enum TaskPrompt {
    static let command: CommandDescription = .init(
        name: "prompt",
        summary: "Show what a model was asked in a task, and what it answered",
        discussion:
            "The whole request of a call: instructions, tools and the conversation as it was sent. `exact` says that it has\n"
            + "the hash that was taken when it was sent. Without --call the last one.",
        arguments: [
            RunCommands.run, ArgumentDescription(name: "NODE", summary: "the task; `check[3]` within a pass or item"),
        ],
        options: [
            OptionDescription(name: "call", kind: .number("N", 1...100_000), summary: "that call, from 1"),
            OptionDescription(name: "attempt", kind: .number("N", 1...1_000_000), summary: "only of that attempt"),
        ],
        examples: [
            .init(line: "baton task prompt last write", comment: "the last call of a task of the newest run"),
            .init(line: "baton task prompt last write --call 1 -o json", comment: "the first one, for programs"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = try RunAgain.taskName(context.invocation.word("NODE"))
        let shown = try prompt(of: name, context)
        context.console.show(shown) { text(of: shown) }
        return .ok
    }

    private static func prompt(of name: TaskName, _ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let (call, attempt) = (context.invocation.number("call"), context.invocation.number("attempt"))
        if let server = try context.server() {
            let query = [("call", call), ("attempt", attempt)].compactMap { key, number in
                number.map { (name: key, value: String($0)) }
            }
            let run = try server.run()
            guard let task = try server.findTask(name, of: run) else { throw .notFound("\(run) has no task `\(name)`") }
            return try server.get(APIRequest.path("v1", "tasks", task, "prompt"), query)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun() }
        let row = try IdentifierLookup(store: data.store).run(context.invocation.word("RUN"))
        let steps = try engineCall { () throws(EngineError) -> [LoggedStep] in
            guard let task = try data.reader.state(ofRun: row.key).task(named: name) else {
                throw EngineError(.notFound, "\(row.id) has no task `\(name)`")
            }
            return try data.reader.steps(of: task, ofRun: row.key)
        }
        guard let shown = PromptHistory(steps).json(call: call, attempt: attempt) else {
            throw .notFound("there is no such call of a model in `\(name)`")
        }
        return shown
    }

    private static func text(of shown: JSONValue) -> String {
        var lines: [String] = []
        for call in shown["calls"]?.arrayValue ?? [] {
            let purpose = word(call, "purpose") == "execution" ? "" : " (\(word(call, "purpose")))"
            lines.append(
                "call \(word(call, "call")): \(word(call, "model"))\(purpose), attempt \(word(call, "attempt")), "
                    + "\(RunDetails.date(call["at"])), \(word(call, "status"))"
            )
        }
        guard let prompt = shown["prompt"] else { return "" }
        let isExact = prompt["exact"] == true ? "as it was sent" : "put together; not as it was sent"
        lines += ["", "call \(word(prompt, "call")), \(isExact), sha256 \(word(prompt, "sha256").prefix(12))"]
        let request = prompt["request"]
        for block in request?["instructions"]?.arrayValue ?? [] {
            lines += ["", "[instructions]", word(block, "text")]
        }
        let tools = (request?["tools"]?.arrayValue ?? []).map { word($0, "name") }
        if !tools.isEmpty { lines += ["", "[tools] \(tools.joined(separator: ", "))"] }
        for message in request?["messages"]?.arrayValue ?? [] {
            lines += ["", "[\(word(message, "role"))]"] + (message["parts"]?.arrayValue ?? []).map(part)
        }
        if let parts = prompt["answer"]?["parts"]?.arrayValue { lines += ["", "[answer]"] + parts.map(part) }
        if let error = prompt["error"] { lines += ["", "[error] \(word(error, "code")): \(word(error, "message"))"] }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func part(_ part: JSONValue) -> String {
        switch part["type"]?.stringValue {
        case "text", "thinking": word(part, "text")
        case "tool_call": "calls \(word(part, "name")) \(part["arguments"]?.text ?? "")"
        case "tool_result": "\(word(part, "name")) gave \(word(part, "content"))"
        default: part.text
        }
    }

    private static func word(_ value: JSONValue, _ name: String) -> String {
        value[name].map { $0.stringValue ?? $0.text } ?? ""
    }
}
