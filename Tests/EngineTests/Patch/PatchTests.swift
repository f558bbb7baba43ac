// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Changing the graph of a run (spec 5.1). The driver checks after every turn that the log alone gives the state.
@Suite struct PatchTests {
    static let chain = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop}}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
          - {id: c, type: tool, config: {tool: noop}, depends_on: [b]}
        """

    static func node(_ id: String, after: [String] = [], _ more: JSONObject = [:]) -> JSONValue {
        var node: JSONObject = ["id": .string(id), "type": "tool", "config": ["tool": "noop"]]
        if !after.isEmpty { node["depends_on"] = .array(after.map(JSONValue.string)) }
        for member in more.members { node[member.key] = member.value }
        return .object(node)
    }

    static func add(_ id: String, after: [String] = [], _ more: JSONObject = [:]) -> JSONValue {
        ["op": "add", "path": "/nodes/-", "value": node(id, after: after, more)]
    }

    static func replace(_ id: String, after: [String], _ more: JSONObject = [:]) -> JSONValue {
        ["op": "replace", "path": .string("/nodes/@\(id)"), "value": node(id, after: after, more)]
    }

    @Test func `a node can be put between one that runs and one that waits for it`() throws {
        var run = try RunDriver(Self.chain)
        let (b, c) = (run.ref("b"), run.ref("c"))
        try run.complete("a")
        let record = try run.patch(.operations([Self.add("x", after: ["b"]), Self.replace("c", after: ["x"])]))
        #expect(record.status == .applied && record.number == 1)
        #expect(record.change?.added == ["x"] && record.change?.removed == [])
        #expect(run.ref("b") == b && run.ref("c") == c && run.ref("x").node == 3)
        try run.complete("b")
        #expect(run.running == ["x"] && run.status("c") == .blocked)
        try run.complete("x")
        try run.complete("c")
        #expect(run.state.status == .completed && run.state.patches.sequence == 1)
    }

    @Test func `a node after one that has ended starts at once, also when the run waits`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: h, type: human, config: {message: m}, depends_on: [a]}
            """
        )
        try run.complete("a", ["n": 1])
        #expect(run.state.status == .waiting)
        let taken: JSONValue = [
            "op": "add", "path": "/edges",
            "value": [
                ["from": "a", "to": "x", "when": "output.n == 1"], ["from": "a", "to": "y", "when": "output.n == 2"],
            ],
        ]
        try run.patch(.operations([Self.add("x"), Self.add("y"), taken]))
        #expect(run.running == ["x"] && run.status("y") == .skipped && run.state.status == .running)
        try run.complete("x")
        #expect(run.state.status == .waiting)
        try run.answer("h", "approve")
        #expect(run.state.status == .completed)
    }

    @Test func `what has started, or leads to what has, cannot change, and the run goes on`() throws {
        var run = try RunDriver(Self.chain)
        try run.complete("a")
        for operations: JSONValue in [
            [["op": "remove", "path": "/nodes/@a"], ["op": "remove", "path": "/nodes/@b/depends_on"]],
            [["op": "replace", "path": "/nodes/@b/config", "value": ["tool": "noop", "args": ["n": 1]]]],
            [Self.replace("b", after: [])],
            [["op": "replace", "path": "/nodes/@b/depends_on", "value": ["c"]]],
        ] {
            let record = try run.patch(.operations(operations))
            #expect(record.status == .rejected, "\(operations)")
            #expect(!record.findings.isEmpty && record.findings.allSatisfy { !$0.message.isEmpty })
        }
        let rejected = run.events.filter { $0.body.type == .patchRejected }
        #expect(rejected.count == 4)
        #expect(run.state.patches[1]?.findings.map(\.code).contains("E504") == true)
        try run.complete("b")
        try run.complete("c")
        #expect(run.state.status == .completed)
    }

    @Test func `a patch for an older graph, or with a known key, changes nothing`() throws {
        var run = try RunDriver(Self.chain)
        let first = try run.patch(.operations([Self.add("x", after: ["c"])]), key: "one", base: 0)
        let events = run.log.count
        #expect(try run.patch(.operations([Self.add("x", after: ["c"])]), key: "one", base: 0) == first)
        #expect(run.log.count == events)
        #expect(throws: Refusal.self) { try run.patch(.operations([Self.add("z")]), key: "one") }
        let stale = try run.patch(.operations([Self.add("y", after: ["c"])]), base: 0)
        #expect(stale.status == .rejected && stale.findings.map(\.code) == ["E508"])
        #expect(try run.patch(.operations([Self.add("y", after: ["c"])]), base: 1).status == .applied)
    }

    @Test func `a run that has ended is not patched`() throws {
        var run = try RunDriver(Self.chain)
        try run.send(.cancel(reason: nil))
        #expect(throws: Refusal.self) { try run.patch(.operations([Self.add("x")])) }
    }

    @Test func `blocked nodes go, their numbers are not given again, and undo brings them back`() throws {
        var run = try RunDriver(Self.chain)
        let before = run.state.graph.hash
        try run.patch(.operations([["op": "remove", "path": "/nodes/@c"]]))
        #expect(run.state.graph.index(of: "c") == nil && run.state.root.tasks.count == 2)
        let undo = try run.patch(.undo(1))
        #expect(undo.status == .applied && run.state.patches[1]?.status == .reverted)
        #expect(run.state.graph.hash == before && run.ref("c").node == 3)
        #expect(run.events.contains { $0.body.type == .patchReverted })
        for node in ["a", "b", "c"] { try run.complete(node) }
        #expect(run.state.status == .completed)
    }

    @Test func `a patch cannot be taken back once one of its nodes has started`() throws {
        var run = try RunDriver(Self.chain)
        try run.patch(.operations([Self.add("x")]))
        #expect(run.running == ["a", "x"])
        let undo = try run.patch(.undo(1))
        #expect(undo.status == .rejected && undo.findings.map(\.code) == ["E504"])
        #expect(throws: EngineError.self) { try run.patch(.undo(9)) }
        try run.patch(.operations([Self.add("y", after: ["c"])]))
        try run.patch(.operations([Self.add("z", after: ["c"])]))
        #expect(try run.patch(.undo(3)).status == .applied)
        #expect(run.state.graph.index(of: "y") == nil && run.state.graph.index(of: "z") != nil)
    }

    @Test func `loops that run keep their passes, loops that wait may change`() throws {
        let other: JSONValue = ["nodes": [["id": "j", "type": "tool", "config": ["tool": "noop"]]]]
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - id: l
                type: loop
                config:
                  until: "iteration >= 1"
                  max_iterations: 3
                  body: {nodes: [{id: i, type: tool, config: {tool: noop}}]}
              - id: m
                type: loop
                depends_on: [l]
                config:
                  until: "true"
                  max_iterations: 1
                  body: {nodes: [{id: k, type: tool, config: {tool: noop}}]}
            """
        )
        #expect(run.running == ["i[0]"])
        let record = try run.patch(
            .operations([
                ["op": "replace", "path": "/nodes/@m/config/body", "value": other], Self.add("x", after: ["l"]),
            ])
        )
        #expect(record.status == .applied, "\(record.findings)")
        let refused = try run.patch(.operations([["op": "replace", "path": "/nodes/@l/config/body", "value": other]]))
        #expect(refused.status == .rejected)
        while let name = run.running.first {
            try run.complete(name)
        }
        #expect(run.state.status == .completed && run.state.graph.index(of: "k") == nil)
        #expect(run.events.contains { $0.task.map { task in run.state.node(task).id == "j" } ?? false })
    }

    @Test func `calls that undo a group and patches add to the graph in turns`() throws {
        var run = try RunDriver(
            """
            workflow: w
            on_failure: continue
            nodes:
              - {id: a, type: tool, config: {tool: noop}, group: g, compensate: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, group: g, depends_on: [a]}
              - {id: c, type: tool, config: {tool: noop}}
              - {id: d, type: tool, config: {tool: noop}, depends_on: [c]}
            """
        )
        try run.patch(.operations([Self.add("x", after: ["d"])]))
        try run.complete("a")
        try run.fail("b")
        #expect(run.running.contains { $0.hasPrefix("compensate:a") })
        try run.patch(.operations([Self.add("y", after: ["d"])]))
        try run.complete(try #require(run.running.first { $0.hasPrefix("compensate:a") }))
        try run.restart()
        try run.patch(.operations([Self.add("z", after: ["y"])]))
        for node in ["c", "d", "x", "y", "z"] { try run.complete(node) }
        #expect(run.state.graph.hash != run.state.graph.base.hash && run.state.status.isTerminal)
        let early = try RunDriver(forking: run, at: run.turnEnds[1])
        #expect(early.state.graph.index(of: "x") != nil && early.state.graph.index(of: "z") == nil)
        var again = try RunDriver(forking: run, from: "c")
        #expect(again.running == ["a", "c"])
        for node in ["a", "b", "c", "d", "x", "y", "z"] { try again.complete(node) }
        #expect(again.state.status == .completed)
    }

    @Test func `a run forked before or after a patch has the graph of that moment and can be patched itself`() throws {
        var run = try RunDriver(Self.chain)
        try run.complete("a")
        let before = run.log.count
        try run.patch(.operations([Self.add("x", after: ["a"])]))
        var early = try RunDriver(forking: run, at: before)
        var late = try RunDriver(forking: run)
        #expect(early.state.graph.index(of: "x") == nil && late.running.contains("x"))
        try late.patch(.operations([Self.add("y", after: ["x"])]))
        try early.patch(.operations([Self.add("y", after: ["a"])]))
        for node in ["b", "x", "c", "y"] { try late.complete(node) }
        for node in ["b", "y", "c"] { try early.complete(node) }
        #expect(late.state.status == .completed && early.state.status == .completed)
    }
}
