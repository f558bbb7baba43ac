// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing
import Threads

@testable import Tools

/// Returns what the test says.
private struct ConstantTool: Tool {
    let definition: ToolDefinition
    let output: JSONValue

    init(_ name: String, input: JSONValue = true, outputSchema: JSONValue? = nil, output: JSONValue = .null) {
        definition = ToolDefinition(
            name: name,
            description: "",
            inputSchema: input,
            outputSchema: outputSchema,
            effects: .read,
            isIdempotent: true,
            category: "test"
        )
        self.output = output
    }

    func call(_ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult {
        ToolResult(output: output)
    }
}

@Suite struct ToolRegistryTests {
    @Test func `the built-in tools are sorted and their schemas compile`() throws {
        let registry = try ToolRegistry.builtIn()
        #expect(
            registry.names == [
                "context.delete", "context.list", "context.load", "context.merge", "context.save", "fs.list", "fs.read",
                "fs.search", "fs.write", "git.diff", "git.log", "git.status", "http.request", "knowledge.search",
                "lookup.symbol", "memory.bulk", "memory.forget", "memory.list", "memory.recall", "memory.remember",
                "memory.search", "rag.search", "shell.exec", "thinking.analyze", "thinking.conclude", "thinking.fork",
                "thinking.list", "thinking.plan", "thinking.reflect", "thinking.think",
            ]
        )
        #expect(registry.definitions.map(\.name) == registry.names)
        #expect(registry.definition(of: "shell.exec")?.json["effects"] == "write")
        #expect(registry.definition(of: "fs.read")?.json["timeout_ms"] == 60_000)
    }

    @Test func `a wrong name gets the nearest one`() throws {
        let registry = try ToolRegistry.builtIn()
        for (name, expected) in [
            ("fs.raed", "fs.read"), ("shel.exec", "shell.exec"), ("http_request", "http.request"),
            ("exec", "shell.exec"), ("zzzzzzzzz", nil),
        ] as [(String, String?)] {
            #expect(registry.nearestName(to: name) == expected, "\(name)")
        }
        let error = #expect(throws: TaskError.self) { try registry.checkedArguments(for: "fs.raed", .null) }
        #expect(error?.code == "tool.unavailable" && error?.errorClass == .permanent)
        #expect(error?.message.contains("did you mean fs.read?") == true)
    }

    @Test func `arguments are checked and get their defaults`() throws {
        let registry = try ToolRegistry.builtIn()
        let arguments = try registry.checkedArguments(for: "fs.read", ["path": "a"])
        #expect(arguments == ["path": "a", "max_bytes": 262_144, "encoding": "utf8"])
        for (name, wrong, pointer) in [
            ("fs.read", ["path": 1], "/path"), ("fs.read", [:], ""), ("fs.read", ["path": "a", "extra": 1], "/extra"),
            ("fs.read", ["path": "a", "max_bytes": 0], "/max_bytes"), ("shell.exec", ["argv": []], "/argv"),
            ("shell.exec", ["command": "a", "argv": ["b"]], ""), ("shell.exec", [:], ""), ("fs.list", "text", ""),
        ] as [(String, JSONValue, String)] {
            let error = #expect(throws: TaskError.self) { try registry.checkedArguments(for: name, wrong) }
            #expect(error?.code == "validation.failed" && error?.errorClass == .permanent)
            let pointers = error?.details?["violations"]?.arrayValue?.compactMap { $0["pointer"]?.stringValue } ?? []
            #expect(pointers.contains(pointer), "\(wrong): \(pointers)")
        }
    }

    @Test func `defaults reach into objects that are there`() {
        let schema: JSONValue = [
            "properties": [
                "a": ["properties": ["b": ["default": 1], "c": ["default": 2]]], "d": ["default": [:]], "e": [:],
            ]
        ]
        let filled = JSONValue.object(["a": ["b": 5]]).fillingDefaults(from: schema)
        #expect(filled == ["a": ["b": 5, "c": 2], "d": [:]])
        #expect(JSONValue.int(3).fillingDefaults(from: schema) == 3)
    }

    @Test func `a result that breaks its schema is invalid`() async throws {
        let schema: JSONValue = ["type": "object", "required": ["n"]]
        let registry = try ToolRegistry([
            ConstantTool("good", outputSchema: schema, output: ["n": 1]),
            ConstantTool("bad", outputSchema: schema, output: [:]),
        ])
        #expect(try await registry.call("good", [:], context: context("/tmp")).output == ["n": 1])
        let error = await #expect(throws: TaskError.self) {
            _ = try await registry.call("bad", [:], context: context("/tmp"))
        }
        #expect(error?.code == "output.invalid" && error?.errorClass == .permanent)
    }

    @Test func `names and schemas are checked at registration`() {
        for tools in [
            [ConstantTool("a"), ConstantTool("a")], [ConstantTool("A")], [ConstantTool("a..b")], [ConstantTool("")],
            [ConstantTool("a b")],
            [ConstantTool("a", input: ["type": "nonsense"])], [ConstantTool("a", outputSchema: 5)],
        ] {
            #expect(throws: ToolRegistry.Invalid.self, "\(tools.map(\.definition.name))") { try ToolRegistry(tools) }
        }
    }

    @Test func `a cancelled call does not begin`() async throws {
        let signal = CancellationSignal()
        signal.cancel()
        let error = try await failure("fs.list", [:], context("/tmp", cancellation: signal))
        #expect(error.code == "cancelled")
    }
}
