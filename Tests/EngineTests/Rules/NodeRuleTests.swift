// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// What the kinds of nodes do on data alone, and what expressions see (spec 3.6, 3.7).
@Suite struct NodeRuleTests {
    private static let tool = "type: tool, config: {tool: noop}"

    /// The output of a single node.
    private func output(_ node: String, inputs: String = "", _ values: JSONObject = [:]) throws -> JSONValue? {
        let run = try RunDriver("workflow: w\n\(inputs)\nnodes:\n  - {id: x, \(node)}", inputs: values)
        guard run.status("x") == .completed else { return run.task("x").error.map { .string($0.code) } }
        return run.task("x").output?.value
    }

    @Test func `spec 3.6: a branch fails, takes the next case or the default when a case cannot be evaluated`() throws {
        for (rule, expected) in [
            ("", JSONValue.string("expression.failed")), (", on_error: fail", "expression.failed"),
            (", on_error: next", ["case": "second", "index": 1]),
            (", on_error: default", ["case": "other", "index": nil]),
        ] {
            let first = "{name: first, when: inputs.o.missing > 1}"
            let node = "type: branch, config: {cases: [\(first), {name: second, when: 'true'}], default: other\(rule)}"
            let inputs = "inputs: {o: {type: object, default: {}}}"
            #expect(try output(node, inputs: inputs, ["o": [:]]) == expected, "\(rule)")
        }
    }

    @Test func `spec 3.6: without a match and a default all edges of a branch are dead`() throws {
        var run = try RunDriver(
            """
            workflow: w
            inputs: {n: {type: integer, default: 1}}
            nodes:
              - {id: way, type: branch, config: {cases: [{name: x, when: inputs.n > 5}]}}
              - {id: x, \(Self.tool)}
              - {id: y, \(Self.tool)}
              - {id: free, \(Self.tool)}
            edges: [{from: way, to: x, case: x}, {from: way, to: y, when: output.index == 7}]
            """,
            inputs: ["n": 1]
        )
        #expect(run.task("way").output?.value == ["case": nil, "index": nil])
        #expect(run.task("x").skipReason == .branch && run.task("y").skipReason == .branch)
        try run.complete("free")
        #expect(run.state.status == .completed)
    }

    @Test func `spec 3.6: a transform sets values of any type, gives one expression, and removes paths`() throws {
        let inputs = "inputs: {o: {type: object, default: {}}}"
        let values: JSONObject = ["o": ["n": 2, "s": "x", "deep": ["a": 1, "b": [1, 2]]]]
        #expect(
            try output(
                #"type: transform, config: {set: {n: "${ inputs.o.n + 1 }", t: "n is ${ inputs.o.n }", o: "${ inputs.o.deep }"}}"#,
                inputs: inputs,
                values
            ) == ["n": 3, "t": "n is 2", "o": ["a": 1, "b": [1, 2]]]
        )
        #expect(try output("type: transform, config: {expr: inputs.o.n * 2}", inputs: inputs, values) == 4)
        #expect(
            try output(
                "type: transform, config: {expr: inputs.o, remove: [/s, /deep/b/0, /nowhere]}",
                inputs: inputs,
                values
            ) == ["n": 2, "deep": ["a": 1, "b": [2]]]
        )
    }

    @Test func `spec 3.6: a filter keeps what its condition holds for, under the name of its item, up to its limit`()
        throws
    {
        let inputs = "inputs: {l: {type: array, default: []}}"
        let list: JSONObject = ["l": [5, 1, 7, 9]]
        let node = "type: filter, config: {items: '${ inputs.l }', "
        #expect(try output(node + "where: item > 4}", inputs: inputs, list) == [5, 7, 9])
        #expect(try output(node + "where: n > 4, as: n, limit: 2}", inputs: inputs, list) == [5, 7])
        #expect(try output(node + "where: index > 1}", inputs: inputs, list) == [7, 9])
        #expect(try output(node + "where: item.x > 1}", inputs: inputs, list) == "expression.failed")
        #expect(
            try output("type: filter, config: {items: '${ inputs.l[0] }', where: 'true'}", inputs: inputs, list)
                == "expression.failed",
            "a number is no list"
        )
    }

    @Test func `spec 3.6: each function of an aggregate gives what its name says`() throws {
        let inputs = "inputs: {l: {type: array, default: []}}"
        let cases: [(function: String, list: JSONValue, result: JSONValue)] = [
            ("count", [3, 1, 2, 1], 4), ("sum", [3, 1, 2, 1], 7), ("sum", [1, 0.5], 1.5), ("min", [3, 1, 2], 1),
            ("max", ["b", "c", "a"], "c"), ("avg", [1, 2], 1.5), ("first", [3, 1], 3), ("last", [3, 1], 1),
            ("collect", [3, 1], [3, 1]), ("distinct", [3, 1, 3], [3, 1]),
            ("merge", [["a": 1], ["a": 2, "b": 3]], ["a": 2, "b": 3]),
            ("concat", [[1], [2, 3]], [1, 2, 3]), ("concat", ["a", "b"], "ab"), ("count", [], 0), ("sum", [], 0),
            ("avg", [], nil), ("min", [], nil), ("first", [], nil), ("merge", [], [:]),
        ]
        for (function, list, result) in cases {
            let ops = "ops: [{as: r, fn: \(function), of: item}]"
            let value = try output(
                "type: aggregate, config: {items: '${ inputs.l }', \(ops)}",
                inputs: inputs,
                ["l": list]
            )
            #expect(value == ["r": result], "\(function) of \(list.text)")
        }
        let sum = "type: aggregate, config: {items: '${ inputs.l }', ops: [{as: r, fn: sum, of: item}]}"
        #expect(try output(sum, inputs: inputs, ["l": ["x"]]) == "expression.failed")
    }

    @Test func `spec 3.6: nodes see status, output, error, attempts and times of those before them`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, \(Self.tool), retry: {on: [permanent], max_attempts: 2, delay: 1s}}
              - {id: b, \(Self.tool), continue_on_failure: true}
              - {id: c, \(Self.tool), when: 'false'}
              - id: seen
                type: transform
                depends_on: [a, b, c]
                config:
                  set:
                    a: "${ [nodes.a.status, nodes.a.output.n, nodes.a.attempts, nodes.a.error] }"
                    b: "${ [nodes.b.status, nodes.b.error.code, nodes.b.error['class'], nodes.b.error.message] }"
                    c: "${ [nodes.c.status, nodes.c.output] }"
                    ended: "${ timestamp(nodes.a.ended_at) >= timestamp(nodes.a.started_at) }"
                    ctx: "${ ctx.a.n + ctx['a'].n }"
            """
        )
        try run.fail("a")
        try run.advance(.seconds(2))
        try run.complete("a", ["n": 4])
        try run.fail("b", code: "tool.broken")
        let seen = try #require(run.task("seen").output?.value, "\(run.task("seen").error.debugDescription)")
        #expect(seen["a"] == ["completed", 4, 2, nil])
        #expect(seen["b"] == ["failed", "tool.broken", "permanent", "as told"])
        #expect(seen["c"] == ["skipped", nil])
        #expect(seen["ended"] == true && seen["ctx"] == 8)
    }

    @Test func `spec 3.7: inputs, variables, the run, the project and the recorded time are seen everywhere`() throws {
        var run = try RunDriver(
            """
            workflow: named
            inputs: {n: {type: integer, default: 1}}
            nodes:
              - {id: keep, type: tool, config: {tool: noop, store_as: kept}}
              - id: seen
                type: transform
                depends_on: [keep]
                config:
                  set:
                    all: "${ [inputs.n, vars.kept.x, run.name, project.id] }"
                    run: "${ run.id }"
                    now: "${ string(now) }"
            """,
            inputs: ["n": 5]
        )
        try run.advance(.seconds(90))
        let now = run.now
        try run.complete("keep", ["x": 7])
        let seen = try #require(run.task("seen").output?.value, "\(run.task("seen").error.debugDescription)")
        #expect(seen["all"] == [5, 7, "named", .string(run.state.project)])
        #expect(seen["run"] == .string(run.state.id.description))
        #expect(seen["now"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) == now)
    }

    @Test func `spec 3.7: a missing field or a wrong type fails the task, and nothing is tried again`() throws {
        for expression in ["inputs.o.missing", "inputs.o.text + 1", "1 / inputs.o.zero", "inputs.o.list[9]"] {
            let run = try RunDriver(
                """
                workflow: w
                inputs: {o: {type: object, default: {}}}
                nodes: [{id: x, type: transform, config: {set: {v: "${ \(expression) }"}}}]
                """,
                inputs: ["o": ["text": "x", "zero": 0, "list": [1]]]
            )
            #expect(run.task("x").error?.code == "expression.failed", "\(expression)")
            #expect(run.task("x").error?.errorClass == .permanent && run.state.status == .failed, "\(expression)")
        }
    }

    @Test func `spec 3.7: a null within longer text is an error, alone it keeps its type`() throws {
        let inputs = "inputs: {o: {type: object, default: {}}}"
        let values: JSONObject = ["o": ["nothing": nil]]
        let alone = #"type: transform, config: {set: {v: "${ inputs.o.nothing }"}}"#
        #expect(try output(alone, inputs: inputs, values) == ["v": nil])
        let inText = #"type: transform, config: {set: {v: "it is ${ inputs.o.nothing }"}}"#
        #expect(try output(inText, inputs: inputs, values) == "expression.failed")
    }

    @Test func `spec 3.6: a wait for a time that is over ends at once`() throws {
        let run = try RunDriver(
            "workflow: w\nnodes: [{id: x, type: wait, config: {until: '2001-01-01T00:00:00Z'}}, {id: y, \(Self.tool), depends_on: [x]}]"
        )
        var later = run
        try later.advance(.milliseconds(1))
        #expect(later.running == ["y"])
        #expect(later.task("x").output?.value["fired_at"]?.stringValue != nil)
    }
}
