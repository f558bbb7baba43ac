// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Phases of workstacks (spec 3.3) and of workflows, and rollbacks to one (spec 3.10).
@Suite struct PhaseTests {
    /// Phases `one`, `two` and `three` in a row, each with a tool that is undone by a call; `two` has two of them.
    private static func stack(_ two: String = "") -> String {
        let call = "tool: noop, compensate: {tool: noop}"
        return """
            workstack: stack
            phases:
              - {id: one, tools: [{\(call)}]}
              - id: two
                tools: [{\(call)}, {tool: noop, args: {n: 2}}]
                rollback: [{tool: noop, args: {r: 1}}, {tool: noop, args: {r: "${ phases.one.status }"}}]
                \(two)
              - {id: three, tools: [{tool: noop}]}
            """
    }

    private func phaseEvents(_ run: RunDriver) -> [String] {
        run.events.filter { $0.body.type.rawValue.hasPrefix("phase.") }.map { event in
            event.body.type.rawValue.dropFirst(6) + " " + (event.body.data["phase"]?.stringValue ?? "")
        }
    }

    @Test func `each change of a phase is an event, once`() throws {
        var run = try RunDriver(Self.stack())
        for id in ["one_noop", "two_noop", "two_noop_2", "three_noop"] { try run.complete(id) }
        #expect(run.state.status == .completed)
        #expect(
            phaseEvents(run) == [
                "started one", "completed one", "started two", "completed two", "started three", "completed three",
            ]
        )
        #expect(run.timers.isEmpty)
    }

    @Test func `a phase that fails makes its rollback calls, then undoes what it completed, then the run ends`() throws
    {
        var run = try RunDriver(Self.stack())
        for id in ["one_noop", "two_noop"] { try run.complete(id) }
        try run.fail("two_noop_2")
        #expect(run.running == ["rollback:two"] && run.arguments("rollback:two") == ["r": 1])
        #expect(run.state.node(run.ref("rollback:two")).totalTimeout == .seconds(60))
        try run.fail("rollback:two")
        #expect(run.arguments("rollback:two/2") == ["r": "completed"], "a call that fails does not keep the next back")
        try run.complete("rollback:two/2")
        #expect(run.running == ["compensate:two_noop"] && run.state.status == .running)
        try run.complete("compensate:two_noop")
        #expect(run.state.status == .failed)
        #expect(run.status("three_noop") == .skipped && run.status("one_noop") == .completed)
        #expect(
            phaseEvents(run).suffix(4) == ["started two", "failed two", "skipped three", "rolled_back two"]
        )
        let report = RollbackReport(run.state)
        #expect(report.items.map(\.name) == ["two", "two", "two_noop", "one_noop"])
        #expect(report.items.map(\.status) == [.completed, .failed, .completed, .pending])
    }

    @Test func `a failed phase can be followed by a rollback of the whole run`() throws {
        var run = try RunDriver(Self.stack())
        for id in ["one_noop", "two_noop"] { try run.complete(id) }
        try run.fail("two_noop_2")
        for id in ["rollback:two", "rollback:two/2", "compensate:two_noop"] { try run.complete(id) }
        try run.send(.rollBack(to: nil), by: "user:a")
        #expect(run.running == ["compensate:one_noop"], "nothing is undone twice, and phases make no calls again")
        try run.complete("compensate:one_noop")
        #expect(run.state.status == .compensated && run.state.outcome == .failed)
    }

    @Test func `a phase whose failure is borne is rolled back before what follows begins`() throws {
        var run = try RunDriver(Self.stack("continue_on_failure: true"))
        try run.complete("one_noop")
        try run.fail("two_noop")
        #expect(run.status("two_noop_2") == .skipped)
        #expect(run.status("three_noop") == .blocked)
        #expect(run.state.waitCause(of: run.ref("three_noop")) == .rollback(phase: "two"))
        try run.complete("rollback:two")
        try run.complete("rollback:two/2")
        #expect(run.status("three_noop") == .running)
        try run.complete("three_noop")
        #expect(run.state.status == .completed)
        #expect(phaseEvents(run).contains("rolled_back two"))
    }

    @Test func `a borne failure with nothing to undo holds nothing up`() throws {
        let yaml = Self.stack("continue_on_failure: true").split(separator: "\n").filter { !$0.contains("rollback") }
        var run = try RunDriver(yaml.joined(separator: "\n"))
        try run.complete("one_noop")
        try run.fail("two_noop")
        #expect(run.status("three_noop") == .running)
        #expect(!phaseEvents(run).contains("rolled_back two"))
    }

    @Test func `a phase that takes too long fails`() throws {
        var run = try RunDriver(Self.stack("timeout: 10m"))
        try run.complete("one_noop")
        try run.advance(.seconds(599))
        #expect(run.status("two_noop") == .running)
        try run.advance(.seconds(1))
        #expect(run.stopped == ["two_noop"])
        #expect(run.task("two_noop").error?.code == "timeout" && run.status("two_noop_2") == .skipped)
        #expect(run.running == ["rollback:two"])
        try run.complete("rollback:two")
        try run.complete("rollback:two/2")
        #expect(run.state.status == .failed)
    }

    @Test func `a phase that ends in time stops its clock`() throws {
        var run = try RunDriver(Self.stack("timeout: 10m"))
        for id in ["one_noop", "two_noop", "two_noop_2"] { try run.complete(id) }
        #expect(run.timers.isEmpty)
    }

    @Test func `a run is rolled back to a phase`() throws {
        let nodes = ["a", "b", "c"].map { id in
            "  - {id: \(id), type: tool, config: {tool: noop}, phase: p_\(id), compensate: {tool: noop}}"
        }
        let yaml =
            "workflow: to_phase\nnodes:\n\(nodes.joined(separator: "\n"))\n"
            + "edges: [{from: a, to: b}, {from: b, to: c}]"
        var run = try RunDriver(yaml)
        for id in ["a", "b"] { try run.complete(id) }
        try run.fail("c")
        #expect(run.state.status == .failed, "in workflows phases are no more than names")
        #expect(throws: Refusal.invalid("there is no phase `x`; there are `p_a`, `p_b`, `p_c`")) {
            try run.send(.rollBack(to: "x"))
        }
        #expect(throws: Refusal.state("phase `p_c` did not complete: it is failed")) {
            try run.send(.rollBack(to: "p_c"))
        }
        try run.send(.rollBack(to: "p_a"), by: "user:a")
        #expect(run.running == ["compensate:b"])
        try run.complete("compensate:b")
        #expect(run.state.status == .compensated)
        #expect(run.statuses == "a:completed b:compensated c:failed")
    }

    @Test func `phases that never began are skipped when the run ends`() throws {
        var run = try RunDriver(Self.stack())
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(phaseEvents(run) == ["started one", "failed one", "skipped two", "skipped three"])
    }

    @Test func `a crash while a phase is rolled back loses nothing`() throws {
        var run = try RunDriver(Self.stack())
        for id in ["one_noop", "two_noop"] { try run.complete(id) }
        try run.fail("two_noop_2")
        try run.restart()
        for id in ["rollback:two", "rollback:two/2"] { try run.complete(id) }
        try run.restart()
        try run.complete("compensate:two_noop")
        #expect(run.state.status == .failed)
    }

    @Test func `spec 3.10: a fatal error or a deadline undoes no phase, but somebody may ask for it`()
        throws
    {
        for isFatal in [true, false] {
            let head = isFatal ? "" : "deadline: 1m\n"
            var run = try RunDriver(
                "workflow: w\n\(head)nodes:\n"
                    + "  - {id: a, type: tool, config: {tool: noop}, phase: p, compensate: {tool: noop}}\n"
                    + "  - {id: b, type: tool, config: {tool: noop}, phase: p, depends_on: [a]}\n"
            )
            try run.complete("a")
            isFatal ? try run.fail("b", .fatal) : try run.advance(.seconds(60))
            #expect(run.state.status == .failed && run.running.isEmpty)
            try run.send(.rollBack(to: nil), by: "user:a")
            #expect(run.running == ["compensate:a"])
        }
        var stack = try RunDriver(Self.stack())
        for id in ["one_noop", "two_noop"] { try stack.complete(id) }
        try stack.fail("two_noop_2", .fatal)
        #expect(stack.state.status == .failed && stack.running.isEmpty, "at once")
        try stack.send(.rollBack(to: nil), by: "user:a")
        #expect(stack.running == ["compensate:two_noop"])
    }
}
