// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Doing things again where groups, phases, reviews and compensations are involved.
@Suite struct AgainTopicsTests {
    private static let group = """
        workflow: group
        nodes:
          - {id: a, type: tool, config: {tool: noop}, group: g, compensate: {tool: noop}}
          - {id: b, type: tool, config: {tool: noop}, group: g, depends_on: [a]}
          - {id: last, type: tool, config: {tool: noop}, depends_on: [b]}
        """

    @Test func `a group that was undone is done again as a whole`() throws {
        var run = try RunDriver(Self.group)
        try run.complete("a")
        try run.fail("b")
        try run.complete("compensate:a")
        #expect(run.statuses == "a:compensated b:failed last:skipped" && run.state.status == .failed)
        try run.send(.retry([]), by: "user:a")
        #expect(
            run.running == ["a"] && run.task("a").repeats == 1,
            "what was undone is something new to the other side"
        )
        try run.complete("a")
        #expect(run.status("last") == .blocked)
        try run.fail("b")
        #expect(run.running == ["compensate:a~2"], "a failure undoes it again")
        try run.complete("compensate:a~2")
        try run.send(.retry([]), by: "user:a")
        for id in ["a", "b", "last"] { try run.complete(id) }
        #expect(run.state.status == .completed)
        #expect(run.events.count { $0.body.type == .groupCompleted } == 1)
    }

    @Test func `a phase that was undone is done again as a whole, with its time`() throws {
        let yaml = """
            workstack: stack
            phases:
              - {id: one, tools: [{tool: noop}]}
              - id: two
                timeout: 10m
                tools: [{tool: noop, compensate: {tool: noop}}, {tool: noop, args: {n: 2}}]
              - {id: three, tools: [{tool: noop}]}
            """
        var run = try RunDriver(yaml)
        for id in ["one_noop", "two_noop"] { try run.complete(id) }
        try run.fail("two_noop_2")
        try run.complete("compensate:two_noop")
        #expect(run.state.status == .failed && run.state.phases[1].status == .rolledBack)
        #expect(!run.timers.contains { $0.kind == .phaseTimeout })
        try run.send(.retry([]), by: "user:a")
        #expect(run.running == ["two_noop"] && run.status("one_noop") == .completed)
        #expect(run.timers.count { $0.kind == .phaseTimeout } == 1)
        try run.complete("two_noop")
        try run.fail("two_noop_2")
        try run.complete("compensate:two_noop~2")
        #expect(run.state.phases[1].status == .rolledBack)
        try run.send(.retry([]), by: "user:a")
        for id in ["two_noop", "two_noop_2", "three_noop"] { try run.complete(id) }
        #expect(run.state.status == .completed && run.timers.isEmpty)
    }

    @Test func `a task in review can be retried, and nobody is asked any more`() throws {
        let yaml = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, on_exhausted: escalate}]"
        var run = try RunDriver(yaml)
        try run.fail("a")
        #expect(run.status("a") == .needsReview && run.task("a").openRequest != nil)
        try run.send(.retry([TaskName(node: "a")]), by: "user:a")
        #expect(run.running == ["a"] && run.task("a").openRequest == nil)
        try run.fail("a")
        var fork = try RunDriver(forking: run)
        #expect(fork.running == ["a"], "a fork tries by itself")
        try fork.complete("a")
        #expect(fork.state.status == .completed)
    }

    @Test func `what was undone cannot be gone on from, and a fork undoes only what it did`() throws {
        let yaml = """
            workflow: w
            on_failure: compensate
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a], compensate: {tool: noop}}
              - {id: c, type: tool, config: {tool: noop}, depends_on: [b]}
            """
        var run = try RunDriver(yaml)
        try run.complete("a")
        let moment = run.log.count
        try run.complete("b")
        try run.fail("c")
        #expect(throws: Refusal.self) { try run.send(.retry([])) }
        #expect(throws: Refusal.self) { _ = try RunDriver(forking: run, outputs: ["b": 1]) }
        for id in ["compensate:b", "compensate:a"] { try run.complete(id) }
        #expect(run.state.status == .compensated)
        for command in [Command.retry([]), .rerun(from: "c")] {
            #expect(throws: Refusal.self) { try run.send(command) }
        }
        var fork = try RunDriver(forking: run, at: moment)
        try fork.complete("b")
        try fork.fail("c")
        #expect(fork.running == ["compensate:b"])
        try fork.complete("compensate:b")
        #expect(fork.state.status == .compensated && fork.status("a") == .completed)
    }

    @Test func `the items of a map are read again when the process that did has died`() throws {
        let yaml = """
            workflow: w
            inputs: {list: {type: object}}
            nodes:
              - id: each
                type: map
                config: {items: "${ inputs.list }", body: {nodes: [{id: one, type: tool, config: {tool: noop}}]}}
            """
        var blobs = try RunDriver("workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        let blob = blobs.store([1, 2])
        let run = try RunDriver(yaml, inputs: ["list": ["blob": blob.json]])
        let begun = try #require(run.events.firstIndex { $0.body.type == .taskStarted })
        let state = try run.state(after: begun + 1)
        let turn = Turn(now: run.now, actor: nil, entropy: 1)
        var machine = RunMachine(state, turn: turn)
        try machine.handle(.reloadItems(task: run.ref("each")), in: turn)
        guard case .loadItems(_, _, blob)? = machine.effects.first else {
            Issue.record("\(machine.effects)")
            return
        }
    }

    @Test func `random runs with groups and compensations go on from every failure`() throws {
        var retries = 0
        for seed in 1...150 as ClosedRange<UInt64> {
            var random = SeededRandom(seed &* 77)
            guard let (graph, yaml) = RandomRunTests.undoableWorkflow(&random) else { continue }
            var run = try RunDriver(graph: graph, seed: seed)
            var (steps, left) = (0, 3)
            while !run.state.status.isTerminal || left > 0 {
                steps += 1
                try #require(steps < 3000, "seed \(seed) does not end:\n\(yaml)\n\(run.statuses)")
                if run.state.status.isTerminal {
                    left -= 1
                    if (try? run.send(.retry([]), by: "user:a")) != nil { retries += 1 }
                } else if run.state.hasEnded {
                    try RandomRunTests.endOne(&run, &random)
                } else {
                    try RandomRunTests.step(&run, &random)
                }
            }
            try #require(run.state.inner.isEmpty && !run.state.compensations.isRollingBack, "seed \(seed)\n\(yaml)")
        }
        #expect(retries > 30, "\(retries)")
    }
}
