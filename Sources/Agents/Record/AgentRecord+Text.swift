// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Providers

extension AgentRecord {
    private static let keys = [
        "id", "kind", "name", "summary", "category", "capabilities", "operations", "tools", "skills", "tier", "model",
        "profile", "priority", "max_concurrent", "parallelizable", "enabled", "start", "latency_ms", "reset", "labels",
    ]

    /// Reads the text form.
    ///
    /// - Parameter expected: The id that it must have.
    public init(
        _ text: [UInt8],
        fileName: String,
        expecting expected: String? = nil,
        from origin: PromptOrigin = .file
    ) throws(AgentRecordError) {
        let file = try FrontMatter(text, fileName: fileName, known: Self.keys + CLIProgram.keys)
        guard let id = try file.word("id") else { throw file.wrong("id", rule: "must be there") }
        if let expected, id != expected { throw file.wrong("id", rule: "must stay \(expected)") }
        guard !file.body.isEmpty else { throw AgentRecordError("\(fileName):1", "has no instructions") }
        self.init(
            id: id,
            name: try file.text("name", limit: 100),
            summary: try file.text("summary", limit: 300) ?? "",
            category: try file.word("category") ?? "",
            instructions: file.body,
            tools: try file.names("tools"),
            tier: try file.choice("tier", ModelTier.self) ?? .medium,
            model: try file.text("model", limit: 200)
        )
        do throws(CLIProgram.Wrong) {
            program = try CLIProgram(file.fields)
        } catch {
            throw AgentRecordError("\(fileName):2", error.rule)
        }
        (source, self.origin) = (text, origin)
        capabilities = try file.words("capabilities")
        skills = try file.words("skills")
        profile = try file.word("profile")
        operations = try Self.operations(file)
        priority = try file.number("priority", 0...100) ?? priority
        maxConcurrent = try file.number("max_concurrent", 1...1000) ?? maxConcurrent
        isParallelizable = try file.flag("parallelizable") ?? true
        isEnabled = try file.flag("enabled") ?? true
        isEager = try file.choice("start", Start.self) == .eager
        latency = try file.number("latency_ms", 0...3_600_000) ?? 0
        if let word = try file.text("reset", limit: 20) {
            guard let span = Duration(text: word), span >= .seconds(1), span <= .seconds(86_400) else {
                throw file.wrong("reset", rule: "must be a span such as 60s, from 1s to 1d")
            }
            reset = span
        }
        for member in try file.mapping("labels").members {
            guard let text = member.value.stringValue else {
                throw file.wrong("labels", member.key, rule: "must be text")
            }
            labels[member.key] = text
        }
    }

    private enum Start: String, CaseIterable { case eager, lazy }

    private static func operations(_ file: FrontMatter) throws(AgentRecordError) -> [Operation] {
        var operations: [Operation] = []
        for member in try file.mapping("operations").members {
            guard FrontMatter.isWord(member.key) else {
                throw file.wrong("operations", member.key, rule: "must be letters in lower case, digits, _ and -")
            }
            guard member.value.objectValue != nil else {
                throw file.wrong("operations", member.key, rule: "must be a JSON Schema of the arguments")
            }
            do throws(JSONSchemaError) {
                _ = try JSONSchema(member.value)
            } catch {
                throw file.wrong("operations", member.key, rule: "is no JSON Schema: \(error)")
            }
            operations.append(Operation(name: member.key, schema: member.value))
        }
        return operations
    }
}
