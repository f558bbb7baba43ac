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
            let yaml = randomWorkflow(&random)
            var run = try RunDriver(yaml, seed: seed)
            var steps = 0
            while !run.state.status.isTerminal {
                steps += 1
                try #require(steps < 2000, "seed \(seed) does not end:\n\(yaml)\n\(run.statuses)")
                try step(&run, &random)
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

    private func step(_ run: inout RunDriver, _ random: inout SeededRandom) throws {
        if Int.random(in: 0..<25, using: &random) == 0 {
            if run.state.status == .paused {
                try run.send(.resume, by: "user:a")
            } else {
                try run.send(.pause(reason: nil), by: "user:a")
            }
            return
        }
        let running = run.state.allTasks.filter { run.state[$0].status == .running }
        let asked = run.state.allTasks.filter {
            run.state[$0].status == .waiting && run.state[$0].humanTask != nil
        }
        if let node = asked.randomElement(using: &random), Bool.random(using: &random),
            let request = run.state[node].humanTask
        {
            let isApproved = Bool.random(using: &random)
            try run.send(.decide(task: node, request: request.id, isApproved: isApproved, comment: nil), by: "user:a")
        } else if let node = running.randomElement(using: &random) {
            let id = run.state.name(of: node)
            let fence = run.state[node].fence
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try run.fail(id, .permanent)
            case 1: try run.fail(id, .transient)
            case 2: try run.send(.attemptLost(task: node, fence: fence, isRelease: Bool.random(using: &random)))
            case 3: try run.send(.attemptTimedOut(task: node, fence: fence))
            default: try run.complete(id, ["n": .int(Int64.random(in: 0..<10, using: &random))])
            }
        } else if run.state.status == .paused {
            try run.send(.resume, by: "user:a")
        } else {
            try run.advance(.seconds(20))
        }
    }

    private func randomWorkflow(_ random: inout SeededRandom) -> String {
        let policy = ["drain", "fail_fast", "continue"].randomElement(using: &random) ?? "drain"
        var text = "workflow: random\non_failure: \(policy)\nnodes:\n"
        let count = Int.random(in: 2...12, using: &random)
        for node in 0..<count {
            let kinds = [
                "type: tool, config: {tool: noop}", "type: tool, config: {tool: noop}", "type: join",
                "type: wait, config: {for: 5s}", "type: human, config: {message: m, deadline: 1m, on_expire: skip}",
                "type: transform, config: {set: {n: 1}}",
                "type: branch, config: {cases: [{name: x, when: 'true'}], default: y}",
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
            if Int.random(in: 0..<6, using: &random) == 0 { line += ", when: 'false'" }
            text += line + "}\n"
        }
        return text
    }
}

extension Event.Body {
    fileprivate var endsTask: Bool {
        switch self {
        case .taskCompleted, .taskFailed, .taskSkipped, .taskCancelled: true
        default: false
        }
    }
}
