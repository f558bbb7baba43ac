// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Maps (spec 3.6, 6.7).
@Suite struct MapTests {
    private static func over(_ items: String, _ rest: String = "") -> String {
        """
        workflow: w
        outputs: {results: "${ nodes.all.output.results }", failed: "${ nodes.all.output.failed }"}
        inputs: {list: {type: array, default: []}, file: {type: object, default: {}}}
        nodes:
          - id: all
            type: map
            config:
              items: \(items)
              \(rest)
              body: {nodes: [{id: one, type: tool, config: {tool: noop, args: {i: "${ item }", n: "${ index }"}}}]}
        """
    }

    private static func list(_ count: Int) -> JSONObject {
        ["list": .array((0..<count).map { .int(Int64($0)) })]
    }

    @Test func `items run in a window and results come in their order`() throws {
        var run = try RunDriver(Self.over("${ inputs.list }", "max_parallel: 2"), inputs: Self.list(5))
        #expect(run.running == ["one[0]", "one[1]"])
        try run.complete("one[1]", "b")
        #expect(run.running == ["one[0]", "one[2]"])
        for (item, result) in [(2, "c"), (3, "d"), (0, "a"), (4, "e")] {
            try run.complete("one[\(item)]", .string(result))
        }
        #expect(run.state.outputs?.value == ["results": ["a", "b", "c", "d", "e"], "failed": []])
        #expect(run.state.inner.isEmpty)
    }

    @Test func `no items, items from a blob of lines, and items that are none`() throws {
        let empty = try RunDriver(Self.over("${ inputs.list }"), inputs: Self.list(0))
        #expect(empty.state.outputs?.value == ["results": [], "failed": []])

        let none = try RunDriver(Self.over("${ inputs.file }"), inputs: ["file": ["x": 1]])
        #expect(none.task("all").error?.code == "expression.failed")

        let missing = try RunDriver(
            Self.over("${ inputs.file }"),
            inputs: ["file": ["blob": ["hash": "00", "size": 1]]]
        )
        #expect(missing.task("all").error?.code == "items.unreadable")
    }

    @Test func `a failing item fails the map, is listed, or is left out`() throws {
        func run(_ rule: String) throws -> RunDriver {
            var run = try RunDriver(Self.over("${ inputs.list }", rule), inputs: Self.list(3))
            try run.complete("one[0]", 10)
            try run.fail("one[1]")
            if !run.state.status.isTerminal { try run.complete("one[2]", 12) }
            return run
        }
        let failed = try run("on_item_failure: fail")
        #expect(failed.state.status == .failed)
        #expect(failed.state.error?.message.contains("item 1 failed: task `one` failed") == true)
        #expect(failed.stopped == ["one"])
        let borne = try run("max_failed: 1")
        #expect(borne.state.outputs?.value["results"] == [10, nil, 12])
        let collected = try run("on_item_failure: collect")
        #expect(collected.state.outputs?.value["results"] == [10, nil, 12])
        #expect(collected.state.outputs?.value["failed"]?.arrayValue?.first?["index"] == 1)
        #expect(try run("on_item_failure: ignore").state.outputs?.value["results"] == [10, 12])
    }

    @Test func `each item is retried by itself`() throws {
        var run = try RunDriver(Self.over("${ inputs.list }"), inputs: Self.list(2))
        try run.fail("one[0]", .transient)
        try run.complete("one[1]", 1)
        #expect(run.state.status == .waiting)
        try run.advance(.seconds(2))
        #expect(run.task("one[0]").attempts == 2)
        try run.complete("one[0]", 0)
        #expect(run.state.outputs?.value["results"] == [0, 1])
    }

    @Test func `a batch is opened when it fits, and only whole batches are`() throws {
        var run = try RunDriver(
            Self.over("${ inputs.list }", "max_parallel: 1\n      batch: 3"),
            inputs: Self.list(7)
        )
        #expect(run.running == ["one[0]", "one[1]", "one[2]"])
        try run.complete("one[0]")
        try run.complete("one[1]")
        #expect(run.running == ["one[2]"])
        try run.complete("one[2]")
        #expect(run.running == ["one[3]", "one[4]", "one[5]"])
    }

    @Test func `a body with its own graph, a map within a map and a loop within`() throws {
        var run = try RunDriver(
            """
            workflow: w
            outputs: {sums: "${ nodes.rows.output.results }"}
            inputs: {table: {type: array}}
            nodes:
              - id: rows
                type: map
                config:
                  items: ${ inputs.table }
                  as: row
                  body:
                    output: {row: "${ index }", sum: "${ sum(nodes.cells.output.results) + nodes.twice.output.last }"}
                    nodes:
                      - id: cells
                        type: map
                        config:
                          items: ${ row }
                          as: cell
                          body: {nodes: [{id: c, type: tool, config: {tool: noop, args: {v: "${ cell + size(row) }"}}}]}
                      - id: twice
                        type: loop
                        depends_on: [cells]
                        config:
                          max_iterations: 2
                          body: {nodes: [{id: l, type: transform, config: {expr: index * 100 + iteration}}]}
            """,
            inputs: ["table": [[1, 2], [3], []]]
        )
        #expect(run.running == ["c[0.0]", "c[0.1]", "c[1.0]"])
        for name in run.running { try run.complete(name, 7) }
        let rows: JSONValue = [["row": 0, "sum": 15], ["row": 1, "sum": 108], ["row": 2, "sum": 201]]
        #expect(run.state.outputs?.value == ["sums": rows])
    }

    @Test func `results of thousands of items are put aside in chunks`() throws {
        var run = try RunDriver(
            """
            workflow: w
            outputs: {n: "${ size(nodes.all.output.results) }", last: "${ nodes.all.output.results[2499] }"}
            inputs: {list: {type: array}}
            nodes:
              - id: all
                type: map
                config:
                  {items: "${ inputs.list }", max_parallel: 1000, body: {nodes: [{id: t, type: transform, config: {expr: item * 2}}]}}
            """,
            inputs: Self.list(2500)
        )
        #expect(run.state.outputs?.value == ["n": 2500, "last": 4998])
        #expect(run.events.count { $0.body.type == .mapChunkSealed } == 3)
        try run.advance(.seconds(3600))
    }
}
