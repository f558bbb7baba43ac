// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// Transactional groups (spec 3.10).
@Suite struct GroupTests {
    /// `a` and `b` begin the group, `c` ends it; `after` follows `a`, `last` follows `c`, `clean` any end of `c`.
    private static func group(_ head: String = "", inGroup extra: String = "") -> String {
        func member(_ id: String, _ rest: String = "") -> String {
            "  - {id: \(id), type: tool, config: {tool: noop}, group: g, "
                + "compensate: {tool: noop, args: {of: \(id)}}\(rest)}"
        }
        return """
            workflow: group
            \(head)
            nodes:
            \(member("a"))
            \(member("b"))
            \(member("c", ", depends_on: [a, b]" + extra))
              - {id: after, type: tool, config: {tool: noop}, depends_on: [a]}
              - {id: last, type: tool, config: {tool: noop}, depends_on: [c]}
              - {id: clean, type: tool, config: {tool: noop}, depends_on: [c], join: done}
              - {id: other, type: tool, config: {tool: noop}}
            """
    }

    @Test func `results leave the group only when every member completed`() throws {
        var run = try RunDriver(Self.group())
        try run.complete("a", 1)
        #expect(run.status("after") == .blocked)
        #expect(run.state.waitCause(of: run.ref("after")) == .group("g", waitsFor: ["b", "c"]))
        try run.complete("b")
        #expect(run.running == ["c", "other"])
        try run.complete("c")
        #expect(run.running == ["after", "last", "clean", "other"])
        #expect(run.events.count { $0.body.type == .groupCompleted } == 1)
    }

    @Test func `when a member fails the completed ones are undone before others see it`() throws {
        var run = try RunDriver(Self.group())
        for id in ["a", "b"] { try run.complete(id) }
        try run.fail("c")
        #expect(run.running == ["other", "compensate:b"])
        #expect(run.status("after") == .blocked && run.status("last") == .blocked && run.status("clean") == .blocked)
        #expect(run.state.waitCause(of: run.ref("after")) == .group("g", waitsFor: ["compensate:b"]))
        try run.complete("other")
        #expect(run.state.status == .running, "the run does not end before the group is undone")
        try run.complete("compensate:b")
        try run.complete("compensate:a")
        #expect(run.statuses.hasPrefix("a:compensated b:compensated c:failed after:skipped last:skipped clean:running"))
        try run.complete("clean")
        #expect(run.state.status == .completed, "a join that waits for any end takes the failure")
        #expect(run.events.count { $0.body.type == .groupFailed } == 1)
    }

    @Test func `members that have not begun do not begin, those that run are waited for`() throws {
        var run = try RunDriver(Self.group())
        try run.fail("a")
        #expect(run.running == ["b", "other"] && run.status("c") == .skipped)
        try run.complete("b")
        #expect(run.running == ["other", "compensate:b"])
        try run.complete("compensate:b")
        #expect(run.status("clean") == .running)
    }

    @Test func `a whole rollback later undoes no member twice`() throws {
        var run = try RunDriver(Self.group("on_failure: compensate").replacing("join: done", with: "join: all"))
        try run.complete("a")
        try run.fail("b")
        try run.complete("compensate:a")
        #expect(run.state.status == .running)
        try run.complete("other")
        #expect(run.state.status == .compensated)
        let started = run.events.count { $0.body.type == .compensationStarted }
        #expect(started == 1)
        #expect(RollbackReport(run.state).items[0].scope == "group g")
    }

    @Test func `a group without compensations only holds its failure back until all members ended`() throws {
        let yaml = Self.group().replacing("compensate: {tool: noop, args: {of: a}}", with: "priority: 1")
        var run = try RunDriver(yaml)
        try run.complete("a")
        try run.fail("b")
        #expect(run.status("after") == .skipped && run.status("clean") == .running)
        #expect(run.events.contains { $0.body.type == .groupFailed })
    }

    @Test func `a borne failure and a condition do not fail the group`() throws {
        var run = try RunDriver(Self.group(inGroup: ", continue_on_failure: true"))
        for id in ["a", "b"] { try run.complete(id) }
        try run.fail("c")
        #expect(run.events.contains { $0.body.type == .groupCompleted })
        #expect(run.running == ["after", "last", "clean", "other"])
        run = try RunDriver(Self.group(inGroup: ", when: 'false'"))
        for id in ["a", "b"] { try run.complete(id) }
        #expect(run.running == ["after", "last", "clean", "other"])
    }

    @Test func `a group that cannot be undone fails the run`() throws {
        var run = try RunDriver(Self.group())
        try run.complete("a")
        try run.fail("b")
        try run.fail("compensate:a")
        try run.complete("other")
        #expect(run.state.status == .waiting && run.state.waitReason == .human)
        try run.answer("compensate:a", "stop")
        #expect(run.state.status == .compensationFailed && run.state.outcome == .failed)
        #expect(run.state.error?.code == "compensation.failed")
        #expect(run.state.failedTask == run.ref("b"))
    }

    @Test func `a run that is cancelled while a group is undone can be undone as a whole`() throws {
        var run = try RunDriver(Self.group())
        try run.complete("other")
        try run.complete("a")
        try run.fail("b")
        #expect(run.running == ["compensate:a"])
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.stopped == ["compensate:a"])
        #expect(RollbackReport(run.state).items.map(\.status) == [.pending])
        try run.send(.rollBack(to: nil), by: "user:a")
        #expect(run.running == ["compensate:a"], "begun again, under the same key")
        try run.complete("compensate:a")
        #expect(run.state.status == .compensated && run.status("a") == .compensated)
    }

    @Test func `fail_fast ends the members that run, and waits for the group to be undone`() throws {
        var run = try RunDriver(Self.group("on_failure: fail_fast").replacing("join: done", with: "join: all"))
        try run.complete("a")
        try run.fail("b")
        #expect(run.running == ["other", "compensate:a"])
        try run.complete("compensate:a")
        #expect(run.state.status == .failed && run.stopped == ["other"])
    }

    @Test func `each pass and item has a group of its own, with what is within`() throws {
        var run = try RunDriver(
            """
            workflow: items
            nodes:
              - id: each
                type: map
                config:
                  items: [1, 2]
                  on_item_failure: collect
                  body:
                    nodes:
                      - {id: a, type: tool, config: {tool: noop}, group: g, compensate: {tool: noop}}
                      - {id: b, type: tool, config: {tool: noop}, group: g, depends_on: [a]}
                      - {id: out, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        )
        for id in ["a[0]", "a[1]", "b[0]"] { try run.complete(id) }
        #expect(run.running == ["out[0]", "b[1]"])
        try run.fail("b[1]")
        #expect(run.running == ["out[0]", "compensate:a[1]"])
        try run.complete("compensate:a[1]")
        try run.complete("out[0]")
        #expect(run.state.status == .completed)
        #expect(run.task("each").output?.value["failed"]?.arrayValue?.count == 1)
    }

    @Test func `a crash while a group is undone loses nothing`() throws {
        var run = try RunDriver(Self.group())
        for id in ["a", "b"] { try run.complete(id) }
        try run.fail("c")
        try run.restart()
        try run.complete("compensate:b")
        try run.restart()
        try run.complete("compensate:a")
        #expect(run.status("clean") == .running)
    }
}
