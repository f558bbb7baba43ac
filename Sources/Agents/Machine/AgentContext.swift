// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model

/// What the conversation of an agent begins with.
enum AgentContext {
    /// So many characters of each output on which a node depends, and of all of them, are forwarded without being named.
    private static let (eachLimit, wholeLimit) = (2000, 20_000)

    /// Outputs of other nodes, the operation, the prompt and the arguments.
    static func opening(_ config: JSONValue, _ context: [ForwardedOutput]) throws(TaskError) -> String {
        let limit = config["context"]?["max_chars"]?.intValue.map { Int($0) }
        var parts = blocks(context.filter(\.isNamed), each: limit ?? eachLimit, whole: limit ?? eachLimit)
        parts += blocks(context.filter { !$0.isNamed }, each: eachLimit, whole: limit ?? wholeLimit)
        if let operation = config["operation"]?.stringValue { parts.append("Operation: \(operation)") }
        if let prompt = config["prompt"]?.stringValue, !prompt.isEmpty { parts.append(prompt) }
        if let arguments = config["arguments"]?.objectValue, !arguments.isEmpty {
            parts.append("Arguments:\n\(JSONValue.object(arguments).text)")
        }
        guard config["prompt"] != nil || config["operation"] != nil || config["arguments"] != nil else {
            throw .invalid("an agent needs a `prompt`, an `operation` or `arguments`")
        }
        return parts.joined(separator: "\n\n")
    }

    /// What the others gave with whom an agent works, in parts.
    static func team(_ given: JSONValue?) -> [String] {
        if let previous = given?["previous_result"] {
            return ["The agent before you gave:", result(previous)]
        }
        if let input = given?["input"] {
            return ["Your input is what the agent before you gave:", result(input)]
        }
        guard let answers = given?["answers"]?.arrayValue, let own = given?["own"] else { return [] }
        let others = answers.filter { $0["agent"] != own }.map(result)
        let yours = answers.first { $0["agent"] == own }.map { ["You answered:", result($0)] } ?? []
        let ask =
            "Look at what speaks for each answer, then answer again. Keep yours if it is right; take another one, in the same "
            + "words, if that is better."
        return yours + ["The others answered:"] + others + [ask]
    }

    private static func result(_ given: JSONValue) -> String {
        let output = given["output"] ?? .null
        let whole = output.stringValue ?? output["text"]?.stringValue ?? output.text
        let text = whole.prefix(teamLimit)
        let isCut = text.endIndex < whole.endIndex ? " cut=\"true\"" : ""
        return "<result agent=\"\(given["agent"]?.stringValue ?? "")\" trust=\"agent\"\(isCut)>\n\(text)\n</result>"
    }

    /// So many characters of what another agent gave are put into a prompt.
    private static let teamLimit = 50_000

    /// Tagged by where they come from: what is inside is material, no instruction. The limits count characters of the
    /// outputs; what is beyond is cut. An output that has a `summary` is told by that, unless it is named.
    private static func blocks(_ context: [ForwardedOutput], each: Int, whole limit: Int) -> [String] {
        var left = limit
        var parts: [String] = []
        for block in context where left > 0 {
            let summary = block.isNamed ? nil : block.output["summary"]?.stringValue
            let whole = summary ?? block.output.stringValue ?? block.output["text"]?.stringValue ?? block.output.text
            let text = whole.prefix(min(left, each))
            left -= text.count
            let isCut = text.endIndex < whole.endIndex ? " cut=\"true\"" : ""
            let isSummary = summary == nil ? "" : " summary=\"true\""
            parts.append(
                "<output node=\"\(block.node)\" trust=\"\(block.trust.rawValue)\"\(isSummary)\(isCut)>\n\(text)\n</output>"
            )
        }
        return parts
    }
}
