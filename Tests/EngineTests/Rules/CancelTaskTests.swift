// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Cancelling one task of a run that goes on (spec 2.2, 3.9).
@Suite struct CancelTaskTests {
    private static let tool = "type: tool, config: {tool: noop}"

    private func cancel(_ name: String, _ reason: String? = nil) throws -> Command {
        .cancelTask(try #require(TaskName(name)), reason: reason)
    }

    @Test func `spec 2.2: a task is cancelled from every open state, alone, and nothing of it is left`() throws {
        let graph = try compile(
            """
            workflow: w
            nodes:
              - {id: running, \(Self.tool)}
              - {id: blocked, \(Self.tool), depends_on: [running]}
              - {id: ask, type: human, config: {message: m, deadline: 1h}}
              - {id: time, type: wait, config: {for: 1h}}
              - {id: signal, type: wait, config: {signal: {type: t}, timeout: 1h}}
              - {id: child, type: workflow, config: {workflow: other}}
              - {id: retrying, \(Self.tool), retry: {on: [permanent], max_attempts: 2, delay: 1h}}
              - {id: review, \(Self.tool), on_exhausted: escalate}
              - {id: again, type: loop, config: {max_iterations: 2, body: {nodes: [{id: inner, \(Self.tool)}]}}}
            """
        )
        for node in graph.nodes.map(\.id) {
            var run = try RunDriver(graph: graph)
            try run.fail("retrying")
            try run.fail("review")
            let fence = run.task(node).fence
            let before = run.statuses
            try run.send(cancel(node, "not needed"), by: "user:a")
            let after = before.replacing(
                "\(node):\(try #require(before.split(separator: " ").first { $0.hasPrefix("\(node):") }).split(separator: ":")[1])",
                with: "\(node):cancelled"
            )
            let skipped = node == "running" ? after.replacing("blocked:blocked", with: "blocked:skipped") : after
            #expect(run.statuses == skipped, "\(node)")
            let event = try #require(run.events.last { $0.body.type == .taskCancelled }, "\(node)")
            #expect(event.actor == "user:a" && event.body == .taskCancelled(reason: "requested: not needed"), "\(node)")
            #expect(!run.timers.contains { $0.task == run.ref(node) }, "\(node)")
            #expect(run.cancelledChildren.count == (node == "child" ? 1 : 0))
            if node == "again" { #expect(run.state.inner.isEmpty) }
            if node == "running" { #expect(run.stopped == ["running"]) }
            let late = Command.taskCompleted(task: run.ref(node), fence: fence, output: Payload(inline: 1), log: nil)
            #expect(throws: Refusal.leaseLost, "\(node)") { try run.send(late) }
            try run.restart()
            #expect(run.status(node) == .cancelled)
        }
    }

    @Test func `spec 3.9: what needs a cancelled task is skipped, the rest goes on, and no failure comes of it`() throws
    {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, \(Self.tool)}
              - {id: x, \(Self.tool)}
              - {id: all, \(Self.tool), depends_on: [a, x]}
              - {id: later, \(Self.tool), depends_on: [all]}
              - {id: any, \(Self.tool), join: any, depends_on: [a, x]}
              - {id: done, \(Self.tool), join: done, depends_on: [a]}
            """
        )
        try run.send(cancel("a"), by: "user:a")
        #expect(run.statuses == "a:cancelled x:running all:skipped later:skipped any:blocked done:running")
        #expect(run.task("all").skipReason == .upstreamFailed)
        try run.complete("x")
        try run.complete("any")
        try run.complete("done")
        #expect(run.state.status == .completed)
    }

    @Test func `a pass or an item goes on without the cancelled task, and a group is undone`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: each, type: map, config: {items: [1, 2], body: {nodes: [{id: one, \(Self.tool)}]}}}
              - {id: first, \(Self.tool), group: g, compensate: {tool: noop}}
              - {id: second, \(Self.tool), group: g, depends_on: [first]}
              - {id: third, \(Self.tool), group: g, depends_on: [first]}
            """
        )
        try run.send(cancel("one[0]"), by: "user:a")
        try run.complete("one[1]", 7)
        #expect(run.task("each").output?.value["results"] == [nil, 7])
        try run.complete("first")
        try run.send(cancel("second"), by: "user:a")
        #expect(run.running == ["third"], "the group ends when its members have")
        try run.complete("third")
        #expect(run.events.contains { $0.body.type == .rollbackStarted })
        #expect(run.running == ["compensate:first"])
        #expect(throws: Refusal.self, "a call that undoes something") { try run.send(cancel("compensate:first")) }
        try run.complete("compensate:first")
        #expect(run.state.status == .completed && run.status("first") == .compensated)
    }

    @Test func `the last open task of a failing or paused run, and tasks that cannot be cancelled`() throws {
        let text =
            "workflow: w\nnodes: [{id: a, \(Self.tool)}, {id: b, \(Self.tool)}, {id: c, type: join, depends_on: [b]}]"
        var run = try RunDriver(text)
        #expect(throws: Refusal.self) { try run.send(cancel("nobody")) }
        try run.fail("a")
        #expect(throws: Refusal.state("cannot cancel `a`: it is failed")) { try run.send(cancel("a")) }
        try run.send(cancel("b"), by: "user:a")
        #expect(run.state.status == .failed && run.statuses == "a:failed b:cancelled c:skipped")
        #expect(throws: Refusal.self, "the run has ended") { try run.send(cancel("b")) }
        run = try RunDriver(text)
        try run.send(.pause(reason: nil), by: "user:a")
        try run.complete("a")
        try run.send(cancel("b"), by: "user:a")
        #expect(run.state.status == .paused)
        try run.send(.resume, by: "user:a")
        #expect(run.state.status == .completed && run.statuses == "a:completed b:cancelled c:skipped")
    }
}
