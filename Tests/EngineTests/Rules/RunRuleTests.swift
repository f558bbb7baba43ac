// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// The status of a run: which commands are taken in which status, and what a run that waits says (spec 2.2).
@Suite struct RunRuleTests {
    private static let text = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop}, compensate: {tool: noop}}
          - {id: ask, type: human, config: {message: go on}, depends_on: [a]}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [ask]}
        """

    /// A run in that status, and not yet begun for `queued`.
    private func machine(in status: RunStatus) throws -> RunMachine {
        if status == .queued {
            let graph = try compile(Self.text)
            let turn = Turn(now: Timestamp(milliseconds: 1_800_000_000_000), actor: "user:a", entropy: 1)
            let origin = Event.RunOrigin(
                id: RunID(high: 1, low: 9),
                workflow: graph.name,
                graphHash: graph.hash,
                inputs: Payload(inline: [:]),
                deadline: nil
            )
            return RunMachine.accept(origin, graph: RunGraph(graph), in: turn)
        }
        var run = try RunDriver(Self.text)
        if status == .running { return run.machine }
        try run.complete("a")
        switch status {
        case .queued, .running, .waiting: break
        case .paused: try run.send(.pause(reason: nil), by: "user:a")
        case .cancelled: try run.send(.cancel(reason: nil), by: "user:a")
        case .completed, .failed, .compensating, .compensated, .compensationFailed:
            try run.answer("ask", "approve")
            status == .completed ? try run.complete("b") : try run.fail("b")
            if status == .completed || status == .failed { break }
            try run.send(.rollBack(to: nil), by: "user:a")
            if status == .compensated { try run.complete("compensate:a") }
            if status == .compensationFailed {
                try run.fail("compensate:a")
                try run.answer("compensate:a", "stop")
            }
        }
        try #require(run.state.status == status)
        return run.machine
    }

    private typealias Outcomes = [RunStatus: RunStatus]

    private static let commands: [(name: String, command: Command, outcomes: Outcomes)] = [
        ("pause", .pause(reason: "r"), [.queued: .paused, .running: .paused, .waiting: .paused]),
        ("resume", .resume, [.paused: .waiting]),
        (
            "cancel", .cancel(reason: "r"),
            [.queued: .cancelled, .running: .cancelled, .waiting: .cancelled, .paused: .cancelled]
        ),
        (
            "terminate", .terminate(reason: "r"),
            [
                .queued: .cancelled, .running: .cancelled, .waiting: .cancelled, .paused: .cancelled,
                .compensating: .compensationFailed,
            ]
        ),
        (
            "roll back", .rollBack(to: nil),
            [.failed: .compensating, .cancelled: .compensating, .completed: .compensating]
        ),
        ("retry", .retry([]), [.failed: .running, .cancelled: .waiting]),
        ("rerun", .rerun(from: "b"), [.failed: .running, .cancelled: .waiting]),
        (
            "update", .update(RunUpdate(priority: 3)),
            [
                .queued: .queued, .running: .running, .waiting: .waiting, .paused: .paused,
                .compensating: .compensating,
            ]
        ),
        (
            "cancel a task", .cancelTask(TaskName(node: "b"), reason: nil),
            [.running: .running, .waiting: .waiting, .paused: .paused]
        ),
        (
            "signal", .signal(RunSignal(dedupeKey: "k", type: "t", key: nil, payload: Payload(inline: 1))),
            [.queued: .queued, .running: .running, .waiting: .waiting, .paused: .paused]
        ),
    ]

    @Test func `spec 2.2: each command is taken in the statuses that allow it, and refused in all others`() throws {
        for status in RunStatus.allCases {
            let before = try machine(in: status)
            for (name, command, outcomes) in Self.commands {
                var machine = before
                machine.events = []
                let turn = Turn(now: machine.turn.now, actor: "user:b", entropy: 7)
                do throws(Refusal) {
                    try machine.handle(command, in: turn)
                    for task in machine.offered.sorted() { machine.queue(task) }
                    machine.settle()
                } catch {
                    #expect(outcomes[status] == nil, "\(name) is refused when \(status): \(error)")
                    #expect(machine.state == before.state && machine.events.isEmpty, "\(name) when \(status)")
                    guard case .state(let message) = error else {
                        Issue.record("\(name) when \(status): \(error)")
                        continue
                    }
                    #expect(!message.isEmpty)
                    continue
                }
                #expect(outcomes[status] == machine.state.status, "\(name) when \(status)")
                guard machine.state.status != status else { continue }
                #expect(machine.events.contains { $0.actor == "user:b" }, "\(name) when \(status) names nobody")
            }
        }
    }

    @Test func `spec 2.2: pause, cancel and their reasons are events that name who did it`() throws {
        var run = try RunDriver(Self.text)
        try run.send(.pause(reason: "lunch"), by: "user:a")
        try run.send(.resume, by: "user:b")
        try run.send(.cancel(reason: "wrong"), by: "user:c")
        let types: Set<EventType> = [.runPaused, .runResumed, .runCancelled]
        let told = run.events.filter { types.contains($0.body.type) }
        #expect(told.map(\.actor) == ["user:a", "user:b", "user:c"])
        #expect(told.map { $0.body.data["reason"]?.stringValue } == ["lunch", nil, "wrong"])
    }

    @Test func `spec 2.2: a run that waits says for what, and runs again when any task is ready`() throws {
        let tool = "{id: after, type: tool, config: {tool: noop}, depends_on: [x]}"
        let cases: [(node: String, reason: WaitReason, goOn: (inout RunDriver) throws -> Void)] = [
            ("human, config: {message: go on}", .human, { try $0.answer("x", "approve") }),
            ("wait, config: {for: 5s}", .timer, { try $0.advance(.seconds(5)) }),
            (
                "wait, config: {signal: {type: t}}", .signal,
                {
                    let signal = RunSignal(dedupeKey: "k", type: "t", key: nil, payload: Payload(inline: 1))
                    try $0.send(.signal(signal))
                }
            ),
            (
                "workflow, config: {workflow: other}", .external,
                {
                    let end = ChildEnd.completed(outputs: Payload(inline: [:]))
                    try $0.send(.childEnded(task: $0.ref("x"), run: $0.children[0].run, end))
                }
            ),
            ("tool, config: {tool: noop}", .retry, { try $0.advance(.seconds(5)) }),
        ]
        for (node, reason, goOn) in cases {
            var run = try RunDriver("workflow: w\nnodes: [{id: x, type: \(node)}, \(tool)]")
            if reason == .retry { try run.fail("x", .transient) }
            #expect(run.state.status == .waiting && run.state.waitReason == reason, "\(reason): \(run.state.status)")
            try goOn(&run)
            #expect(run.state.status == .running && run.state.waitReason == nil, "\(reason)")
            #expect(run.events.contains { $0.body.type == .runResumed }, "\(reason)")
        }
    }

    @Test func `spec 2.2: a run completes only when every task is terminal and its outputs are evaluated`() throws {
        let text = """
            workflow: w
            outputs: {n: "${ nodes.a.output.n }"}
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
            """
        var run = try RunDriver(text)
        try run.complete("a", ["n": 1])
        #expect(run.state.status == .running && run.state.outputs == nil)
        try run.complete("b")
        #expect(run.state.status == .completed && run.state.outputs?.value == ["n": 1])
        var broken = try RunDriver(text)
        try broken.complete("a", [:])
        try broken.complete("b")
        #expect(broken.state.status == .failed && broken.state.error?.code == "expression.failed")
    }

    @Test func `spec 2.2: a person may let a run fail, and a paused run fails at its deadline`() throws {
        var run = try RunDriver(
            "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, on_exhausted: escalate}]"
        )
        try run.fail("a")
        try run.answer("a", "fail")
        #expect(run.state.status == .failed)
        var paused = try RunDriver("deadline: 1m\n" + Self.text)
        try paused.complete("a")
        try paused.send(.pause(reason: nil), by: "user:a")
        try paused.advance(.seconds(60))
        #expect(paused.state.status == .failed && paused.state.error?.code == "deadline.exceeded")
        #expect(paused.statuses == "a:completed ask:cancelled b:cancelled" && paused.timers.isEmpty)
    }
}
