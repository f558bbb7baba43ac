// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Undoing a run (spec 3.10, 2.2).
@Suite struct CompensationTests {
    /// `a`, `b`, `c` in a row, each of them undone by a call with its output; then `bad`.
    private static func chain(_ head: String = "on_failure: compensate", _ last: String = "") -> String {
        """
        workflow: chain
        \(head)
        nodes:
        \(["a", "b", "c"].map(undoable).joined(separator: "\n"))
          - {id: bad, type: tool, config: {tool: noop}, depends_on: [c]\(last)}
        edges: [{from: a, to: b}, {from: b, to: c}]
        """
    }

    static func undoable(_ id: String) -> String {
        "  - {id: \(id), type: tool, config: {tool: noop}, "
            + "compensate: {tool: noop, args: {undo: '${ output }', of: \(id)}}}"
    }

    private func failed(_ yaml: String) throws -> RunDriver {
        var run = try RunDriver(yaml)
        for id in ["a", "b", "c"] { try run.complete(id, .string("made by \(id)")) }
        try run.fail("bad")
        return run
    }

    @Test func `a failed run is undone in reverse order of completion, one at a time`() throws {
        var run = try failed(Self.chain())
        #expect(run.state.status == .compensating && run.state.outcome == .failed)
        #expect(run.state.endedAt == nil)
        for id in ["c", "b", "a"] {
            #expect(run.running == ["compensate:\(id)"])
            #expect(run.arguments("compensate:\(id)") == ["undo": .string("made by \(id)"), "of": .string(id)])
            try run.complete("compensate:\(id)")
            #expect(run.status(id) == .compensated)
        }
        #expect(run.state.status == .compensated && run.state.outcome == .failed)
        #expect(run.state.error?.code == "tool.failed" && run.state.endedAt == run.now)
        let types = run.events.map(\.body.type.rawValue).filter { $0.hasPrefix("run.") || $0.hasPrefix("comp") }
        #expect(
            types.suffix(8) == [
                "run.compensating", "compensation.started", "compensation.completed", "compensation.started",
                "compensation.completed", "compensation.started", "compensation.completed", "run.compensated",
            ]
        )
    }

    @Test func `a compensation is retried like any task, under one key`() throws {
        var run = try failed(Self.chain())
        let key = run.key("compensate:c")
        #expect(key == "\(run.state.id)/compensate:c")
        try run.fail("compensate:c", .transient)
        #expect(run.state.status == .compensating && run.state.waitReason == nil)
        #expect(run.status("compensate:c") == .retrying)
        try run.advance(.seconds(2))
        #expect(run.running == ["compensate:c"] && run.key("compensate:c") == key)
        try run.complete("compensate:c")
        #expect(RollbackReport(run.state).items[0].attempts == 2)
    }

    @Test func `a person decides about a compensation whose attempts are used up`() throws {
        var run = try failed(Self.chain())
        try run.fail("compensate:c")
        #expect(run.status("compensate:c") == .needsReview && run.state.status == .compensating)
        let request = try #require(run.task("compensate:c").openRequest?.request)
        #expect(request.kind == .escalation && request.choices.map(\.id) == ["retry", "skip", "stop"])
        #expect(Explanation(run.state, now: run.now).waitingFor.map(\.node) == ["compensate:c"])
        try run.answer("compensate:c", "retry")
        #expect(run.running == ["compensate:c"] && run.key("compensate:c") == "\(run.state.id)/compensate:c")
        try run.complete("compensate:c")
        try run.fail("compensate:b")
        try run.answer("compensate:b", "skip")
        #expect(run.running == ["compensate:a"])
        try run.complete("compensate:a")
        #expect(run.state.status == .compensated, "a person bore that `b` is left")
        #expect(RollbackReport(run.state).items.map(\.status) == [.completed, .skipped, .completed])
        #expect(RollbackReport(run.state).items[1].error?.code == "tool.failed")
        #expect(run.statuses == "a:compensated b:completed c:compensated bad:failed")
    }

    @Test func `a compensation that is given up ends the run and leaves the rest`() throws {
        var run = try failed(Self.chain())
        try run.complete("compensate:c")
        try run.fail("compensate:b")
        try run.restart()
        try run.answer("compensate:b", "stop")
        #expect(run.state.status == .compensationFailed && run.state.outcome == .failed)
        let report = RollbackReport(run.state)
        #expect(report.items.map(\.name) == ["c", "b", "a"])
        #expect(report.items.map(\.status) == [.completed, .failed, .pending])
        #expect(report.items[1].error?.code == "tool.failed")
        #expect(run.statuses == "a:completed b:completed c:compensated bad:failed")
        let explanation = Explanation(run.state, now: run.now)
        #expect(explanation.causes[0].hasPrefix("`bad` failed after 1 attempts"))
        #expect(explanation.causes.contains { $0.hasPrefix("`b` could not be undone after 1 attempts: tool.failed") })
        #expect(explanation.causes.last == "`a` was not undone")
    }

    @Test func `a list of calls is made in order`() throws {
        let calls = "compensate: [{tool: noop, args: {n: 1}}, {tool: noop, args: {n: 2}}]"
        var run = try RunDriver(
            """
            workflow: calls
            on_failure: compensate
            nodes:
              - {id: a, type: tool, config: {tool: noop}, \(calls)}
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        )
        try run.complete("a")
        try run.fail("bad")
        #expect(run.arguments("compensate:a") == ["n": 1])
        #expect(run.status("compensate:a/2") == .blocked)
        let cause = run.state.waitCause(of: run.ref("compensate:a/2"))
        #expect(cause == .dependency(on: ["compensate:a"], root: "compensate:a"))
        try run.complete("compensate:a")
        #expect(run.arguments("compensate:a/2") == ["n": 2])
        #expect(run.key("compensate:a/2") == "\(run.state.id)/compensate:a/2")
        try run.complete("compensate:a/2")
        #expect(run.state.status == .compensated)
    }

    @Test func `a node can undo another one, with its own retries and timeout`() throws {
        var run = try RunDriver(
            """
            workflow: by_node
            on_failure: compensate
            inputs: {url: {type: string}}
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: undo}
              - id: undo
                type: http
                config: {method: DELETE, url: "${ inputs.url }/${ nodes.a.output.id }"}
                retry: {max_attempts: 1}
                timeout: 7s
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [a]}
            """,
            inputs: ["url": "https://x.example"]
        )
        #expect(run.status("undo") == .skipped)
        try run.complete("a", ["id": 5])
        try run.fail("bad")
        let node = run.state.node(run.ref("compensate:a"))
        guard case .http(let config) = node.kind else {
            Issue.record("it is no request")
            return
        }
        #expect(config.source["url"] == "https://x.example/5")
        #expect(node.timeout == .seconds(7))
        try run.fail("compensate:a", .transient)
        #expect(run.status("compensate:a") == .needsReview, "the node says one attempt")
    }

    @Test func `text that looks like an expression stays text`() throws {
        var run = try failed(Self.chain("on_failure: drain"))
        try run.send(.rollBack(to: nil), by: "user:a")
        try run.complete("compensate:c")
        var tricky = try RunDriver(Self.chain())
        try tricky.complete("a", "${ inputs.secret }")
        try tricky.fail("b")
        #expect(tricky.arguments("compensate:a") == ["undo": "${ inputs.secret }", "of": "a"])
    }

    @Test func `arguments that cannot be evaluated are a compensation that fails`() throws {
        var run = try RunDriver(
            """
            workflow: broken
            on_failure: compensate
            nodes:
              - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop, args: {id: "${ output.id }"}}}
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [a]}
            """
        )
        try run.complete("a", [:])
        #expect(run.status("bad") == .running, "the task itself completed")
        try run.fail("bad")
        #expect(run.status("compensate:a") == .needsReview)
        try run.answer("compensate:a", "stop")
        #expect(run.state.status == .compensationFailed)
        let item = RollbackReport(run.state).items[0]
        #expect(item.status == .failed && item.error?.code == "expression.failed" && item.attempts == 0)
    }

    @Test func `siblings of one wave are undone in parallel if the document says so`() throws {
        var run = try RunDriver(
            """
            workflow: waves
            on_failure: compensate
            compensation: {parallel: true}
            nodes:
            \(["a", "b", "c"].map(Self.undoable).joined(separator: "\n"))
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [c]}
            edges: [{from: a, to: c}, {from: b, to: c}]
            """
        )
        for id in ["b", "a", "c"] { try run.complete(id) }
        try run.fail("bad")
        #expect(run.running == ["compensate:c"])
        try run.complete("compensate:c")
        #expect(run.running.sorted() == ["compensate:a", "compensate:b"])
        try run.fail("compensate:a")
        #expect(run.state.status == .compensating, "what runs is finished")
        try run.complete("compensate:b")
        try run.answer("compensate:a", "stop")
        #expect(run.state.status == .compensationFailed)
        #expect(run.statuses == "a:completed b:compensated c:compensated bad:failed")
    }

    @Test func `waiting attempts are drained before anything is undone`() throws {
        var run = try RunDriver(
            """
            workflow: drained
            on_failure: compensate
            nodes:
            \(["a", "slow"].map(Self.undoable).joined(separator: "\n"))
              - {id: bad, type: tool, config: {tool: noop}}
            """
        )
        try run.complete("a")
        try run.fail("bad")
        #expect(run.state.status == .running)
        try run.complete("slow")
        #expect(run.state.status == .compensating)
        #expect(run.running == ["compensate:slow"], "it completed last")
    }

    @Test func `a run that completed, failed or was cancelled is undone on request, once`() throws {
        var run = try RunDriver(Self.chain("on_failure: drain"))
        #expect(throws: Refusal.self) { try run.send(.rollBack(to: nil)) }
        for id in ["a", "b", "c", "bad"] { try run.complete(id) }
        #expect(run.state.status == .completed)
        try run.send(.rollBack(to: nil), by: "user:a")
        #expect(run.state.status == .compensating && run.state.outcome == .completed)
        #expect(run.events.contains { $0.actor == "user:a" && $0.body == .compensation(.runCompensating(to: nil)) })
        for command in [Command.pause(reason: nil), .resume, .cancel(reason: nil), .rollBack(to: nil)] {
            #expect(throws: Refusal.self) { try run.send(command, by: "user:a") }
        }
        for id in ["c", "b", "a"] { try run.complete("compensate:\(id)") }
        #expect(run.state.status == .compensated && run.state.outcome == .completed)
        #expect(run.state.outputs != nil, "why it ended is kept")
        #expect(throws: Refusal.self) { try run.send(.rollBack(to: nil), by: "user:a") }
    }

    @Test func `a run without anything to undo is compensated at once`() throws {
        var run = try RunDriver(
            "workflow: none\non_failure: compensate\nnodes: [{id: a, type: tool, config: {tool: noop}}]"
        )
        try run.fail("a")
        #expect(run.state.status == .compensated && run.state.outcome == .failed)
    }

    @Test func `a cancelled run is undone if asked to, and late results too`() throws {
        var run = try RunDriver(Self.chain("on_failure: drain"))
        try run.complete("a")
        let fence = run.task("b").fence
        try run.send(.cancel(reason: "wrong", compensate: true), by: "user:a")
        #expect(run.state.status == .compensating && run.state.outcome == .cancelled)
        #expect(run.stopped == ["b"] && run.running == ["compensate:a"])
        let late = Command.taskCompleted(
            task: run.ref("b"),
            fence: fence,
            output: Payload(inline: "late"),
            log: nil
        )
        try run.send(late)
        #expect(run.events.contains { $0.body.type == .compensationLate })
        #expect(throws: Refusal.leaseLost) { try run.send(late) }
        #expect(run.running == ["compensate:a"])
        try run.complete("compensate:a")
        #expect(run.arguments("compensate:b") == ["undo": "late", "of": "b"])
        try run.complete("compensate:b")
        #expect(run.state.status == .compensated)
        #expect(run.status("b") == .compensated)
        #expect(RollbackReport(run.state).items.map(\.isLate) == [true, false])
    }

    @Test func `a late result of a run that is not undone is kept for a rollback on request`() throws {
        var run = try RunDriver(Self.chain("on_failure: drain"))
        let fence = run.task("a").fence
        try run.send(.cancel(reason: nil), by: "user:a")
        try run.send(.taskCompleted(task: run.ref("a"), fence: fence, output: Payload(inline: 1), log: nil))
        #expect(run.state.status == .cancelled)
        #expect(throws: Refusal.leaseLost) {
            try run.send(.taskCompleted(task: run.ref("b"), fence: 0, output: Payload(inline: 1), log: nil))
        }
        try run.send(.rollBack(to: nil), by: "user:a")
        #expect(run.running == ["compensate:a"])
    }

    @Test func `passes and items are undone with what they knew`() throws {
        var run = try RunDriver(
            """
            workflow: items
            on_failure: compensate
            nodes:
              - id: each
                type: map
                config:
                  items: [x, y]
                  body:
                    nodes:
                      - {id: make, type: tool, config: {tool: noop}, compensate: {tool: noop, args: {it: "${ item }"}}}
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [each]}
            """
        )
        try run.complete("make[0]")
        try run.complete("make[1]")
        try run.fail("bad")
        #expect(run.arguments("compensate:make[1]") == ["it": "y"])
        #expect(run.key("compensate:make[1]") == "\(run.state.id)/compensate:make[1]")
        try run.complete("compensate:make[1]")
        #expect(run.arguments("compensate:make[0]") == ["it": "x"])
        try run.complete("compensate:make[0]")
        #expect(run.state.status == .compensated)
    }

    @Test func `a crash in the middle loses nothing and repeats what was in flight`() throws {
        var run = try failed(Self.chain())
        try run.complete("compensate:c")
        let before = run.task("compensate:b")
        try run.restart()
        #expect(run.running == ["compensate:b"])
        #expect(run.task("compensate:b").fence == before.fence + 1)
        try run.complete("compensate:b")
        try run.restart()
        try run.complete("compensate:a")
        #expect(run.state.status == .compensated)
    }

    @Test func `what cannot be undone is listed as left in place`() throws {
        var run = try RunDriver(
            """
            workflow: left
            on_failure: compensate
            nodes:
              - {id: mail, type: tool, config: {tool: noop}, reversible: false}
              - {id: never, type: tool, config: {tool: noop}, reversible: false, when: 'false'}
              - id: each
                type: map
                config:
                  items: [1]
                  body: {nodes: [{id: post, type: tool, config: {tool: noop}, reversible: false}]}
              - {id: bad, type: tool, config: {tool: noop}, depends_on: [mail, each]}
            """
        )
        try run.complete("mail")
        try run.complete("post[0]")
        try run.fail("bad")
        #expect(RollbackReport(run.state).leftInPlace == ["mail", "post (in `each`)"])
    }

    @Test func `a node whose attempts are used up can have the run undone`() throws {
        var run = try failed(Self.chain("on_failure: drain", ", on_exhausted: compensate"))
        #expect(run.state.status == .compensating)
        run = try failed(Self.chain("on_failure: drain"))
        #expect(run.state.status == .failed)
    }

    @Test func `a fatal error and a passed deadline also lead to a rollback`() throws {
        var run = try RunDriver(Self.chain("on_failure: compensate\ndeadline: 1m"))
        try run.complete("a")
        try run.advance(.seconds(61))
        #expect(run.state.status == .compensating && run.state.error?.code == "deadline.exceeded")
        try run.fail("compensate:a", .fatal)
        try run.answer("compensate:a", "stop")
        #expect(run.state.status == .compensationFailed)
        run = try RunDriver(Self.chain())
        try run.complete("a")
        try run.fail("b", .fatal)
        #expect(run.running == ["compensate:a"])
    }

    @Test func `explain tells what a rollback waits for`() throws {
        var run = try failed(Self.chain())
        var explanation = Explanation(run.state, now: run.now)
        #expect(explanation.summary.hasPrefix("compensating, after it had failed: tool.failed"))
        #expect(explanation.waitingFor.map(\.node) == ["compensate:c"])
        for id in ["c", "b", "a"] { try run.complete("compensate:\(id)") }
        explanation = Explanation(run.state, now: run.now)
        #expect(explanation.summary.hasPrefix("compensated at"))
        #expect(explanation.causes.contains("`a` was undone"))
    }
}

extension RunDriver {
    /// What a call is made with.
    func arguments(_ name: String) -> JSONValue? {
        guard case .tool(_, let arguments, _) = state.node(ref(name)).kind else { return nil }
        return try? arguments.evaluate(in: ScopeSnapshot())
    }

    /// The idempotency key of the attempt that runs.
    func key(_ name: String) -> String {
        let key = TaskKey(runKey: 1, task: ref(name).number)
        return Assignment(key: key, state: state, timeout: nil, now: now).idempotencyKey
    }
}
