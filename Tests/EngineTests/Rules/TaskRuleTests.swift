// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// The status of a task, and of its attempts (spec 2.2).
@Suite struct TaskRuleTests {
    private static let tool = "type: tool, config: {tool: noop}"

    private func types(_ run: RunDriver, of task: String) -> [String] {
        run.events.filter { $0.task == run.ref(task) }.map(\.body.type.rawValue)
    }

    @Test func `spec 2.2: the straight path of a task is blocked, ready, running, completed`() throws {
        let graph = try compile("workflow: w\nnodes: [{id: a, \(Self.tool)}, {id: b, \(Self.tool), depends_on: [a]}]")
        var run = try RunDriver(graph: graph, startsByItself: false)
        #expect(run.statuses == "a:ready b:blocked")
        try run.startAll()
        #expect(run.statuses == "a:running b:blocked" && run.task("a").fence == 1)
        try run.complete("a")
        #expect(run.statuses == "a:completed b:running")
        #expect(types(run, of: "a") == ["task.ready", "task.started", "task.completed"])
    }

    @Test func `spec 2.2: a waiting or reviewed task never lets a run end`() throws {
        let waits: [(name: String, node: String, TaskStatus)] = [
            ("a person", "type: human, config: {message: go on}", .waiting),
            ("a time", "type: wait, config: {for: 30d}", .waiting),
            ("a signal", "type: wait, config: {signal: {type: t}}", .waiting),
            ("a child", "type: workflow, config: {workflow: other}", .waiting),
            ("a retry", Self.tool + ", retry: {on: [permanent], max_attempts: 2, delay: 1h}", .retrying),
            ("a review", Self.tool + ", on_exhausted: escalate", .needsReview),
        ]
        for (name, node, status) in waits {
            for policy in ["drain", "continue", "compensate"] {
                for fails in [false, true] {
                    var run = try RunDriver(
                        "workflow: w\non_failure: \(policy)\nnodes: [{id: x, \(node)}, {id: other, \(Self.tool)}]"
                    )
                    if status != .waiting { try run.fail("x") }
                    #expect(run.status("x") == status, "\(name)")
                    fails ? try run.fail("other") : try run.complete("other")
                    #expect(run.state.status == .waiting, "\(name), \(policy), \(fails)")
                    #expect(run.status("x") == status, "\(name), \(policy), \(fails)")
                }
            }
        }
    }

    @Test func `spec 2.2: a skip by a person releases dependents`() throws {
        let skips: [(node: String, skip: (inout RunDriver) throws -> Void)] = [
            ("type: human, config: {kind: escalation, message: m}", { try $0.answer("x", "skip") }),
            ("type: human, config: {message: m, deadline: 1h, on_expire: skip}", { try $0.advance(.seconds(3600)) }),
            (
                Self.tool + ", on_exhausted: escalate",
                {
                    try $0.fail("x")
                    try $0.answer("x", "skip")
                }
            ),
        ]
        for (node, skip) in skips {
            for join in ["all", "any", "{quorum: 1}", "done"] {
                var run = try RunDriver(
                    """
                    workflow: w
                    nodes:
                      - {id: x, \(node)}
                      - {id: y, \(Self.tool), depends_on: [x], join: \(join)}
                      - {id: seen, type: transform, depends_on: [y], config: {expr: "[nodes.x.status, nodes.x.output]"}}
                    """
                )
                try skip(&run)
                #expect(run.task("x").skipReason == .human, "\(node)")
                #expect(run.running == ["y"], "\(node), \(join)")
                try run.complete("y")
                #expect(run.task("seen").output?.value == ["skipped", nil], "\(node), \(join)")
                #expect(run.state.status == .completed, "\(node), \(join)")
            }
        }
    }

    @Test func `spec 2.2: a result counts once, with the fence of the attempt, and changes nothing otherwise`() throws {
        var run = try RunDriver("workflow: w\nnodes: [{id: a, \(Self.tool)}, {id: b, \(Self.tool), depends_on: [a]}]")
        let (a, b) = (run.ref("a"), run.ref("b"))
        func refused(_ task: TaskRef, _ fence: Int64, _ what: String) {
            let error = TaskError(code: "x", errorClass: .permanent, message: "x")
            let before = run.events.count
            let commands: [Command] = [
                .taskCompleted(task: task, fence: fence, output: Payload(inline: 1), log: nil),
                .taskFailed(task: task, fence: fence, error: error, log: nil),
                .attemptTimedOut(task: task, fence: fence),
                .attemptLost(task: task, fence: fence, isRelease: false),
            ]
            for command in commands {
                #expect(throws: Refusal.leaseLost, "\(what)") { try run.send(command) }
            }
            #expect(run.events.count == before, "\(what)")
        }
        refused(a, 0, "an old fence")
        refused(a, 2, "a fence that nobody has")
        refused(b, 0, "a task that is blocked")
        try run.complete("a", 1)
        refused(a, 1, "a task that completed")
        try run.fail("b")
        refused(b, 1, "a run that failed")
    }

    @Test func `spec 2.2: cancelling a run cancels tasks in every open state, and nothing of them is left`() throws {
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
        for command in [Command.cancel(reason: nil), .terminate(reason: nil)] {
            var run = try RunDriver(graph: graph)
            try run.fail("retrying")
            try run.fail("review")
            let open = run.state.allTasks.filter { !run.state[$0].status.isTerminal }.map { run.state[$0].status }
            #expect(Set(open) == [.running, .blocked, .waiting, .retrying, .needsReview])
            try run.send(command, by: "user:a")
            #expect(run.state.root.tasks.allSatisfy { $0.status == .cancelled }, "\(run.statuses)")
            #expect(run.timers.isEmpty && run.state.inner.isEmpty)
            #expect(run.cancelledChildren.count + run.terminatedChildren.count == 1)
            #expect(run.events.count { $0.body.type == .humanTaskCancelled } == 2)
        }
    }

    @Test func `spec 2.2: a task is skipped for the reason that there is`() throws {
        var run = try RunDriver(
            """
            workflow: w
            on_failure: continue
            nodes:
              - {id: bad, \(Self.tool)}
              - {id: after_bad, \(Self.tool), depends_on: [bad]}
              - {id: later, \(Self.tool), depends_on: [after_bad]}
              - {id: unwanted, \(Self.tool), when: "false"}
              - {id: after_unwanted, \(Self.tool), depends_on: [unwanted]}
              - {id: way, type: branch, config: {cases: [{name: x, when: "true"}], default: y}}
              - {id: y, \(Self.tool)}
              - {id: after_y, \(Self.tool), depends_on: [y]}
              - {id: ask, type: human, config: {message: m, deadline: 1h, on_expire: skip}}
              - {id: tired, \(Self.tool), on_exhausted: skip}
            edges: [{from: way, to: y, case: y}]
            """
        )
        try run.fail("bad")
        try run.fail("tired")
        try run.advance(.seconds(3600))
        let reasons = ["after_bad", "later", "unwanted", "y", "after_y", "ask", "tired"].map { run.task($0).skipReason }
        let expected: [SkipReason] = [
            .upstreamFailed, .upstreamFailed, .condition, .branch, .upstreamSkipped, .human, .exhausted,
        ]
        #expect(reasons == expected)
        #expect(run.status("after_unwanted") == .running)
    }

    @Test func `spec 2.2: an attempt succeeds, fails, times out, is cancelled or lost; only failures are retries`()
        throws
    {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, \(Self.tool), retry: {max_attempts: 3, delay: 1s, jitter: 0, multiplier: 1}, timeout: 5s}
              - {id: b, \(Self.tool)}
            """
        )
        try run.crash("a")
        try run.fail("a", .transient)
        try run.advance(.seconds(1))
        try run.send(.attemptTimedOut(task: run.ref("a"), fence: run.task("a").fence))
        #expect(run.status("a") == .retrying)
        try run.advance(.seconds(1))
        try run.crash("a")
        #expect(run.status("a") == .running && run.task("a").attempts == 5)
        #expect(run.task("a").failedAttempts.map(\.code) == ["attempt.lost", "tool.failed", "timeout", "attempt.lost"])
        #expect(run.task("a").lostAttempts == 2)
        try run.complete("a")
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.statuses == "a:completed b:cancelled" && run.stopped == ["a", "b"])
    }

    @Test func `spec 2.2: a task in review is ended by a person and by nothing else`()
        throws
    {
        let text = "workflow: w\nnodes: [{id: a, \(Self.tool), on_exhausted: escalate}, {id: b, \(Self.tool)}]"
        for (choice, values, status) in [
            ("retry", JSONObject(), TaskStatus.running), ("skip", [:], .skipped), ("fail", [:], .failed),
            ("take_over", ["result": 1], .completed),
        ] {
            var run = try RunDriver(text)
            try run.fail("a")
            try run.advance(.seconds(400 * 86_400))
            try run.complete("b")
            try run.restart()
            #expect(run.status("a") == .needsReview)
            try run.answer("a", choice, values: values, comment: "why")
            #expect(run.status("a") == status, "\(choice)")
        }
    }
}
