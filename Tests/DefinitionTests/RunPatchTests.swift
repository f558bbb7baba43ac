// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Testing

@Suite struct RunPatchTests {
    private static let document: JSONValue = [
        "workflow": "a", "limits": ["max_agent_nodes": 6],
        "nodes": [
            ["id": "first", "type": "echo", "config": ["text": "x"]],
            ["id": "second", "type": "echo", "config": ["text": "y"], "budget": ["usd": "1"]],
        ],
        "edges": [["from": "first", "to": "second"]],
    ]

    private static func agents(_ count: Int, from start: Int = 0) -> JSONValue {
        .array(
            (start..<start + count).map { number in
                [
                    "op": "add", "path": "/nodes/-",
                    "value": [
                        "id": .string("agent\(number)"), "type": "agent", "config": ["agent": "helper"],
                        "depends_on": ["second"],
                    ],
                ]
            }
        )
    }

    private static let node: JSONValue = [
        [
            "op": "add", "path": "/nodes/-",
            "value": ["id": "third", "type": "echo", "config": ["text": "z"], "depends_on": ["second"]],
        ]
    ]

    private struct Case {
        let code: Diagnostic.Code
        let refused: JSONValue
        let accepted: JSONValue
        var author = RunPatch.Author.person
        var progress = RunPatch.Progress()
        var base: Int64 = 0
    }

    /// For each code a patch that raises it and one that does not.
    private static let cases: [Case] = [
        Case(code: .patchOperation, refused: [["op": "move", "from": "/nodes/0", "path": "/x"]], accepted: node),
        Case(code: .patchOperation, refused: [["op": "add", "path": "nodes", "value": 1]], accepted: node),
        Case(code: .patchPath, refused: [["op": "remove", "path": "/nodes/@none"]], accepted: node),
        Case(
            code: .patchPath,
            refused: [["op": "test", "path": "/workflow", "value": "b"]],
            accepted: [["op": "test", "path": "/workflow", "value": "a"]]
        ),
        Case(code: .patchValue, refused: [["op": "replace", "path": "/workflow"]], accepted: node),
        Case(
            code: .patchStarted,
            refused: [["op": "replace", "path": "/nodes/@first/config/text", "value": "changed"]],
            accepted: [["op": "replace", "path": "/nodes/@second/config/text", "value": "changed"]],
            progress: .init(started: ["first"])
        ),
        Case(
            code: .patchStarted,
            refused: [["op": "remove", "path": "/nodes/@first"], ["op": "remove", "path": "/edges/0"]],
            accepted: [["op": "remove", "path": "/nodes/@second"], ["op": "remove", "path": "/edges/0"]],
            progress: .init(started: ["first"])
        ),
        Case(
            code: .patchStarted,
            refused: [["op": "remove", "path": "/edges/0"]],
            accepted: node,
            progress: .init(started: ["first", "second"])
        ),
        Case(code: .patchAgentLimit, refused: agents(6), accepted: agents(5)),
        Case(
            code: .patchAgentLimit,
            refused: agents(3),
            accepted: agents(2),
            author: .agent(.init(maxAgentNodes: 2))
        ),
        Case(code: .patchAgentLimit, refused: agents(1), accepted: node, progress: .init(spawnDepth: 3)),
        Case(code: .patchAgentLimit, refused: agents(1), accepted: node, progress: .init(addedAgentNodes: 50)),
        Case(
            code: .patchForbidden,
            refused: [["op": "replace", "path": "/limits/max_agent_nodes", "value": 100]],
            accepted: node,
            author: .agent(.init())
        ),
        Case(
            code: .patchForbidden,
            refused: [["op": "replace", "path": "/nodes/@second/budget/usd", "value": "9"]],
            accepted: node,
            author: .agent(.init())
        ),
        Case(
            code: .patchForbidden,
            refused: [["op": "add", "path": "/budget", "value": ["usd": 9]]],
            accepted: node
        ),
        Case(
            code: .patchForbidden,
            refused: [["op": "replace", "path": "/workflow", "value": "b"]],
            accepted: node,
            author: .agent(.init(paths: ["/nodes/-", "/edges/-"]))
        ),
        Case(
            code: .patchForbidden,
            refused: [["op": "remove", "path": "/nodes/@second"], ["op": "remove", "path": "/edges/0"]],
            accepted: node,
            author: .agent(.init(operations: ["add"]))
        ),
        Case(
            code: .patchForbidden,
            refused: node,
            accepted: [["op": "test", "path": "/workflow", "value": "a"]],
            progress: .init(addedNodes: 200)
        ),
        Case(
            code: .patchTooLarge,
            refused: .array(Array(repeating: ["op": "test", "path": "/workflow", "value": "a"], count: 101)),
            accepted: .array(Array(repeating: ["op": "test", "path": "/workflow", "value": "a"], count: 100))
        ),
    ]

    private func check(_ operations: JSONValue, _ item: Case, base: Int64? = nil) -> RunPatch.Result {
        var registry = Registry.sample
        registry.agents = ["helper": .init()]
        return RunPatch(compiler: Compiler(registry: registry))
            .check(operations, on: Self.document, base: base ?? item.base, by: item.author, item.progress)
    }

    @Test
    func `each guard refuses what it guards against and nothing else`() {
        for (index, item) in Self.cases.enumerated() {
            let refused = check(item.refused, item)
            #expect(refused.change == nil, "\(index)")
            #expect(refused.diagnostics.contains { $0.code == item.code }, "\(index): \(refused.diagnostics)")
            let accepted = check(item.accepted, item)
            #expect(accepted.change != nil, "\(index): \(accepted.diagnostics)")
            #expect(!accepted.diagnostics.contains { $0.code == item.code }, "\(index)")
        }
    }

    @Test
    func `a patch made for an older graph is refused`() {
        let item = Case(code: .patchOutdated, refused: [], accepted: [], progress: .init(sequence: 2))
        #expect(check(Self.node, item, base: 1).diagnostics.map(\.code) == [.patchOutdated])
        #expect(check(Self.node, item, base: 2).change != nil)
    }

    @Test
    func `a graph that cannot run is refused with the compiler's words, and the document stays as it was`() {
        let item = Case(code: .cycle, refused: [], accepted: [])
        let cycle: JSONValue = [["op": "add", "path": "/edges/-", "value": ["from": "second", "to": "first"]]]
        let result = check(cycle, item)
        #expect(result.change == nil && result.diagnostics.contains { $0.code == .cycle })
        #expect(check(Self.node, item).change?.graph.nodes.map(\.id) == ["first", "second", "third"])
    }
}
