// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Going on with a newer version of the workflow (spec 6.6).
@Suite struct MigrationTests {
    private static let newer = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {n: 2}}}
          - {id: check, type: tool, config: {tool: noop}, depends_on: [a]}
          - {id: c, type: tool, config: {tool: noop, args: {n: "${ nodes.a.output.n }"}}, depends_on: [check]}
        """

    @Test func `a run goes on with a newer version and its results`() throws {
        var run = try RunDriver(PatchTests.chain)
        try run.complete("a", ["n": 7])
        try run.complete("b")
        let graph = try compile(Self.newer)
        let dropped = MigrationReport(run.state, to: graph)
        #expect(dropped.conflicts.count == 1 && dropped.conflicts[0].contains("`b`"), "\(dropped.conflicts)")
        #expect(throws: Refusal.self) { try run.migrate(to: Self.newer) }
        let report = MigrationReport(run.state, to: graph, renamed: ["b": "check"])
        #expect(report.conflicts == [] && report.kept == ["a", "check", "c"] && report.new == [])
        try run.migrate(to: Self.newer, renamed: ["b": "check"])
        #expect(run.state.graph.hash == graph.hash && run.status("check") == .completed && run.running == ["c"])
        #expect(run.events.contains { $0.body.type == .runMigrated })
        try run.complete("c")
        #expect(run.state.status == .completed)
        let fork = try RunDriver(forking: run, from: "check")
        #expect(fork.running == ["check"])
    }

    @Test func `new nodes after what has ended start, and what has not begun may go`() throws {
        var run = try RunDriver(PatchTests.chain)
        try run.complete("a", ["n": 1])
        let other = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
              - {id: new, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        try run.migrate(to: other)
        #expect(run.running == ["b", "new"] && run.state.graph.index(of: "c") == nil)
        #expect(throws: Refusal.self) { try run.migrate(to: other) }
        try run.patch(.operations([PatchTests.add("z", after: ["new"])]))
        for node in ["b", "new", "z"] { try run.complete(node) }
        #expect(run.state.status == .completed)
    }

    @Test func `what has begun keeps its kind, its target and its schema`() throws {
        var run = try RunDriver(PatchTests.chain)
        try run.complete("a")
        for (document, word) in [
            ("{id: a, type: human, config: {message: m}}", "would be human"),
            ("{id: a, type: http, config: {url: \"https://example.com\"}}", "would be http"),
        ] {
            let yaml = """
                workflow: w
                nodes:
                  - \(document)
                  - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
                """
            let conflicts = MigrationReport(run.state, to: try compile(yaml)).conflicts
            #expect(conflicts.count == 1 && conflicts[0].contains(word), "\(conflicts)")
        }
        let renamed = PatchTests.chain.replacing("workflow: w", with: "workflow: v")
        let other = MigrationReport(run.state, to: try compile(renamed))
        #expect(other.conflicts.contains { $0.contains("another workflow") })
    }
}
