// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Random graphs under random histories. ``RunDriver`` checks after every turn that the log gives the state and that
/// every open task has a cause; here the run as a whole is checked.
@Suite struct RandomRunTests {
    @Test func `every run ends, no node runs twice, and nothing is left without a cause`() throws {
        for seed in 1...150 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            let yaml = Self.workflow(&random)
            var run = try RunDriver(yaml, seed: seed)
            var steps = 0
            while !run.state.status.isTerminal {
                steps += 1
                try #require(steps < 2000, "seed \(seed) does not end:\n\(yaml)\n\(run.statuses)")
                try Self.step(&run, &random)
            }
            for node in run.state.allTasks {
                let task = run.state[node]
                try #require(task.status.isTerminal, "seed \(seed): \(run.state.name(of: node))")
                let ends = run.events.count { $0.task == node && $0.body.endsTask }
                try #require(ends == 1, "seed \(seed): \(run.state.name(of: node)) ended \(ends) times")
            }
            let failures = run.state.root.tasks.count { $0.status == .failed }
            if run.state.status == .failed { #expect(failures > 0) }
        }
    }

    /// Pauses of the run and above it, crashes, barriers and the supervisor on top: ``RunDriver`` checks after every turn
    /// that `explain` names a cause for the run and for everything in it.
    @Test func `every open run has a cause, whatever holds it, and goes on when nothing does`() throws {
        for seed in 1...120 as ClosedRange<UInt64> {
            var random = SeededRandom(seed &+ 7000)
            var yaml = Self.workflow(&random)
            if Bool.random(using: &random) { yaml = "wave_mode: barrier\n" + yaml }
            var run = try RunDriver(yaml, seed: seed)
            var steps = 0
            while !run.state.status.isTerminal {
                steps += 1
                try #require(steps < 3000, "seed \(seed) does not end:\n\(yaml)\n\(run.statuses)")
                let isHeld = run.machine.isHeld
                switch Int.random(in: 0..<40, using: &random) {
                case 0...2: try run.hold(!isHeld)
                case 3: try run.restart()
                case 4:
                    let ready = run.state.allTasks.filter { run.state[$0].status == .ready && !isHeld }
                    let finding = Supervisor.Finding.stuck(Array(ready.prefix(1)))
                    if run.state.status == .running {
                        try run.send(.supervise(SupervisorOrder(finding: finding)))
                    }
                case 5 where steps > 500: try run.send(.terminate(reason: nil), by: "user:a")
                default:
                    if isHeld, run.running.isEmpty, Bool.random(using: &random) {
                        try run.hold(false)
                    } else {
                        try Self.step(&run, &random)
                    }
                }
            }
            for node in run.state.allTasks {
                try #require(run.state[node].status.isTerminal, "seed \(seed): \(run.state.name(of: node))")
                let ends = run.events.count { $0.task == node && $0.body.endsTask }
                try #require(ends == 1, "seed \(seed): \(run.state.name(of: node)) ended \(ends) times")
            }
        }
    }

    /// Compensations, groups, cancels, crashes and rollbacks on request on top.
    @Test func `every compensation that starts ends, and no task is undone twice`() throws {
        var compensated = 0
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededRandom(seed)
            guard let (graph, yaml) = Self.undoableWorkflow(&random) else { continue }
            var run = try RunDriver(graph: graph, seed: seed)
            var steps = 0
            var isRolledBack = false
            while !run.state.status.isTerminal || !isRolledBack {
                steps += 1
                try #require(steps < 3000, "seed \(seed) does not end:\n\(yaml)\n\(run.statuses)")
                if run.state.status.isTerminal {
                    isRolledBack = true
                    let canBe: Set<RunStatus> = [.completed, .failed, .cancelled]
                    if canBe.contains(run.state.status) { try run.send(.rollBack(to: nil), by: "user:a") }
                } else {
                    try undoingStep(&run, &random)
                }
            }
            try checkCompensations(of: run, "seed \(seed)\n\(yaml)")
            compensated += run.state.compensations.all.count { $0.status == .completed }
        }
        #expect(compensated > 100, "the generator makes too little to undo: \(compensated)")
    }

    private func checkCompensations(of run: RunDriver, _ what: String) throws {
        let state = run.state
        func count(_ task: TaskRef, _ type: EventType) -> Int {
            run.events.count { $0.task == task && $0.body.type == type }
        }
        for compensation in state.compensations.all {
            try #require(compensation.status != .running, "\(what)")
            guard let task = compensation.task, state.has(task) else { continue }
            try #require(count(task, .taskCompensated) == (compensation.status == .completed ? 1 : 0), "\(what)")
            try #require((state[task].status == .compensated) == (compensation.status == .completed), "\(what)")
        }
        let (starts, ends) = (
            run.events.count { $0.body.type == .compensationStarted },
            run.events.count {
                [.compensationCompleted, .compensationFailed, .compensationCancelled].contains($0.body.type)
            }
        )
        try #require(starts == ends, "\(what)")
        try #require(!state.compensations.isRollingBack && state.inner.isEmpty, "\(what)")
        if state.status == .compensated {
            let open = state.compensations.all.filter { $0.task != nil && !$0.isLate }
            try #require(open.allSatisfy { $0.status == .completed || $0.status == .skipped }, "\(what)")
        }
    }

    private func undoingStep(_ run: inout RunDriver, _ random: inout SeededRandom) throws {
        switch Int.random(in: 0..<60, using: &random) {
        case 0 where !run.state.hasEnded:
            let stopped = run.state.allTasks.filter {
                run.state[$0].status == .running && run.state.compensation(of: $0) == nil
            }
            try run.send(.cancel(reason: nil, compensate: Bool.random(using: &random)), by: "user:a")
            for task in stopped where Bool.random(using: &random) && run.state[task].status == .cancelled {
                let late = Command.taskCompleted(
                    task: task,
                    fence: run.state[task].fence,
                    output: Payload(inline: 1),
                    log: nil
                )
                try? run.send(late)
            }
        case 1: try run.restart()
        default:
            if run.state.hasEnded {
                try Self.endOne(&run, &random)
            } else {
                try Self.step(&run, &random)
            }
        }
    }

    /// While a run is undone nothing but its calls can go on.
    static func endOne(_ run: inout RunDriver, _ random: inout SeededRandom) throws {
        let asked = run.state.allTasks.first { run.state[$0].openRequest != nil }
        if let asked, run.running.isEmpty || Bool.random(using: &random) {
            let choice = ["retry", "retry", "skip", "stop"].randomElement(using: &random) ?? "stop"
            return try run.answer(run.state.name(of: asked), choice)
        }
        guard let name = run.running.randomElement(using: &random) else { return try run.advance(.seconds(20)) }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: try run.fail(name, .permanent)
        case 1, 2: try run.fail(name, .transient)
        default: try run.complete(name)
        }
    }

    static func undoableWorkflow(_ random: inout SeededRandom) -> (Graph, String)? {
        let policy = ["drain", "fail_fast", "continue", "compensate"].randomElement(using: &random) ?? "drain"
        var text = "workflow: random\non_failure: \(policy)\n"
        if Bool.random(using: &random) { text += "compensation: {parallel: true}\n" }
        text += "nodes:\n"
        let first = Int.random(in: 0..<6, using: &random)
        for node in 0..<Int.random(in: 4...12, using: &random) {
            let isMember = (first..<(first + 3)).contains(node)
            var line = "  - {id: n\(node), "
            line +=
                !isMember && Int.random(in: 0..<5, using: &random) == 0
                ? "type: wait, config: {for: 5s}" : "type: tool, config: {tool: noop}"
            if Int.random(in: 0..<3, using: &random) > 0 {
                line += ", compensate: {tool: noop, args: {o: '${ output }'}}"
            }
            if isMember { line += ", group: g" }
            let near = isMember && node > first ? node - 1 : -1
            let sources = (0..<node).filter { $0 == near || Int.random(in: 0..<4, using: &random) == 0 }
            if !sources.isEmpty {
                line += ", depends_on: [\(sources.map { "n\($0)" }.joined(separator: ", "))]"
                line += ", join: \(["all", "all", "any", "done"].randomElement(using: &random) ?? "all")"
            }
            if Int.random(in: 0..<8, using: &random) == 0 { line += ", continue_on_failure: true" }
            if Int.random(in: 0..<8, using: &random) == 0 { line += ", when: 'false'" }
            if Int.random(in: 0..<8, using: &random) == 0 { line += ", on_exhausted: compensate" }
            text += line + "}\n"
        }
        // A random group may be left and entered again, which is refused.
        return (try? compile(text)).map { ($0, text) }
    }

    /// Something that may happen to a run.
    static func step(_ run: inout RunDriver, _ random: inout SeededRandom) throws {
        if Int.random(in: 0..<25, using: &random) == 0 {
            if run.state.status == .paused {
                try run.send(.resume, by: "user:a")
            } else {
                try run.send(.pause(reason: nil), by: "user:a")
            }
            return
        }
        if Int.random(in: 0..<30, using: &random) == 0 {
            let open = run.state.allTasks.filter {
                !run.state[$0].status.isTerminal && run.state.compensation(of: $0) == nil
            }
            guard let task = open.randomElement(using: &random) else { return }
            return try run.send(.cancelTask(run.state.taskName(of: task), reason: nil), by: "user:a")
        }
        let asked = run.state.allTasks.filter { run.state[$0].openRequest != nil }
        let running = run.state.allTasks.filter {
            run.state[$0].status == .running && !run.state.node($0).kind.isContainer
        }
        if let node = asked.randomElement(using: &random), Bool.random(using: &random),
            let human = run.state[node].openRequest
        {
            let choice = human.request.choices.randomElement(using: &random)?.id ?? ""
            let answer = HumanAnswer(
                choice: choice,
                values: choice == "take_over" ? ["result": ["n": 1]] : [:],
                comment: "why"
            )
            try run.send(.person(task: node, request: human.id, .answer(answer)), by: "user:a")
        } else if let node = running.randomElement(using: &random) {
            let id = run.state.name(of: node)
            let fence = run.state[node].fence
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try run.fail(id, .permanent)
            case 1: try run.fail(id, .transient)
            case 2, 9: try run.send(.attemptLost(task: node, fence: fence, isRelease: Bool.random(using: &random)))
            case 3: try run.send(.attemptTimedOut(task: node, fence: fence))
            default: try run.complete(id, ["n": .int(Int64.random(in: 0..<10, using: &random))])
            }
        } else if run.state.status == .paused {
            try run.send(.resume, by: "user:a")
        } else {
            try run.advance(.seconds(20))
        }
    }

    /// A graph of every kind of node that can run here.
    static func workflow(_ random: inout SeededRandom) -> String {
        let policy = ["drain", "fail_fast", "continue"].randomElement(using: &random) ?? "drain"
        var text = "workflow: random\non_failure: \(policy)\nnodes:\n"
        let count = Int.random(in: 2...12, using: &random)
        for node in 0..<count {
            let kinds = [
                "type: tool, config: {tool: noop}", "type: tool, config: {tool: noop}", "type: join",
                "type: wait, config: {for: 5s}", "type: human, config: {message: m, deadline: 1m, on_expire: skip}",
                "type: transform, config: {set: {n: 1}}",
                "type: branch, config: {cases: [{name: x, when: 'true'}], default: y}",
                "type: loop, config: {max_iterations: 3, delay: 2s, body: {nodes: [\(body(node))]}}",
                "type: map, config: {items: [1, 2, 3], max_parallel: 2, body: {nodes: [\(body(node))]}}",
                "type: map, config: {items: [1, 2], on_item_failure: collect, body: {nodes: [\(body(node))]}}",
            ]
            var line = "  - {id: n\(node), \(kinds.randomElement(using: &random) ?? "")"
            let sources = (0..<node).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            if !sources.isEmpty {
                line += ", depends_on: [\(sources.map { "n\($0)" }.joined(separator: ", "))]"
                let joins = [
                    "all", "all", "any", "done", "{quorum: \(Int.random(in: 1...sources.count, using: &random))}",
                ]
                if !line.contains("type: join") { line += ", join: \(joins.randomElement(using: &random) ?? "all")" }
            }
            if Int.random(in: 0..<6, using: &random) == 0 { line += ", continue_on_failure: true" }
            if Int.random(in: 0..<3, using: &random) == 0 {
                let rules = ["escalate", "pause", "skip"]
                line += ", on_exhausted: \(rules.randomElement(using: &random) ?? "skip")"
            }
            if Int.random(in: 0..<6, using: &random) == 0 { line += ", when: 'false'" }
            text += line + "}\n"
        }
        return text
    }
}

/// Two nodes that stand in a loop or map.
private func body(_ node: Int) -> String {
    "{id: x\(node), type: tool, config: {tool: noop}}, {id: y\(node), type: tool, depends_on: [x\(node)], "
        + "config: {tool: noop}}"
}

extension Event.Body {
    fileprivate var endsTask: Bool {
        switch self {
        case .taskCompleted, .taskFailed, .taskSkipped, .taskCancelled: true
        default: false
        }
    }
}
