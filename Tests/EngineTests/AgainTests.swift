// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Retry, rerun and fork (spec 6.6). The driver checks after every turn that the log gives the state.
@Suite struct AgainTests {
    private static let diamond = """
        workflow: diamond
        inputs: {n: {type: integer, default: 1}}
        outputs: {d: "${ nodes.d.output }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop, args: {n: "${ inputs.n }"}}}
          - {id: b, type: tool, depends_on: [a], config: {tool: noop, args: {n: "${ nodes.a.output.n }"}}}
          - {id: c, type: tool, depends_on: [a], config: {tool: noop}}
          - {id: d, type: transform, depends_on: [b, c], config: {expr: "nodes.b.output.n + nodes.c.output.n"}}
          - {id: e, type: tool, depends_on: [d], config: {tool: noop}}
        """

    // MARK: Retry

    @Test func `a failed run goes on from what failed, and what completed is not done again`() throws {
        var run = try RunDriver(Self.diamond)
        try run.complete("a", ["n": 1])
        try run.complete("b", ["n": 2])
        try run.fail("c")
        #expect(run.statuses == "a:completed b:completed c:failed d:skipped e:skipped")
        #expect(run.state.status == .failed)
        let old = run.task("c")
        try run.send(.retry([]), by: "user:a")
        #expect(run.statuses == "a:completed b:completed c:running d:blocked e:blocked")
        #expect(run.state.status == .running)
        #expect(run.state.error == nil && run.state.failedTask == nil && run.state.endedAt == nil)
        #expect(run.events.contains { $0.body.type == .runReopened && $0.actor == "user:a" })
        #expect(run.task("c").attempts == 2 && run.task("c").fence == old.fence + 1)
        #expect(throws: Refusal.leaseLost) {
            let ref = run.ref("c")
            try run.send(.taskCompleted(task: ref, fence: old.fence, output: Payload(inline: 0), log: nil))
        }
        try run.complete("c", ["n": 3])
        #expect(run.task("d").output?.value == 5)
        try run.complete("e")
        #expect(run.state.status == .completed)
    }

    @Test func `a task that is tried again has all its retries`() throws {
        var run = try RunDriver(
            "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}, retry: {max_attempts: 2, delay: 1s}}]"
        )
        for round in 1...2 {
            try run.fail("a", .transient)
            #expect(run.status("a") == .retrying, "round \(round)")
            try run.advance(.seconds(2))
            try run.fail("a", .transient)
            #expect(run.state.status == .failed, "round \(round)")
            if round == 1 { try run.send(.retry([TaskName(node: "a")])) }
        }
        #expect(run.task("a").attempts == 4)
    }

    @Test func `what the end of a run cut off goes on when it is reopened`() throws {
        var run = try RunDriver(
            """
            workflow: w
            on_failure: fail_fast
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
              - {id: ask, type: human, config: {message: Go?}}
              - {id: after, type: tool, depends_on: [b, ask], config: {tool: noop}}
              - {id: fast, type: join, join: any, depends_on: [a], config: {mode: any}}
            """
        )
        let asked = try #require(run.task("ask").humanTask).id
        try run.fail("a")
        #expect(run.statuses == "a:failed b:cancelled ask:cancelled after:cancelled fast:skipped")
        try run.send(.retry([]))
        #expect(run.statuses == "a:running b:running ask:waiting after:blocked fast:blocked")
        #expect(run.task("ask").humanTask?.id != asked)
        try run.send(.cancel(reason: nil))
        #expect(run.state.status == .cancelled)
        try run.send(.retry([TaskName(node: "b")]))
        #expect(run.statuses == "a:running b:running ask:waiting after:blocked fast:blocked")
    }

    @Test func `a skipped task that is named runs whatever its condition says`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, depends_on: [a], when: "false", config: {tool: noop}}
              - {id: c, type: tool, config: {tool: noop}}
            """
        )
        try run.complete("a")
        #expect(run.status("b") == .skipped)
        try run.send(.retry([TaskName(node: "b")]))
        #expect(run.status("b") == .running)
        try run.complete("b")
        try run.complete("c")
        #expect(run.state.status == .completed)
        #expect(throws: Refusal.self, "a completed run stays so") { try run.send(.retry([TaskName(node: "b")])) }
    }

    @Test func `a retry in an open run ends its draining`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
              - {id: c, type: tool, depends_on: [b], config: {tool: noop}}
              - {id: d, type: tool, config: {tool: noop}}
            """
        )
        try run.fail("a")
        try run.complete("b")
        #expect(run.statuses == "a:failed b:completed c:blocked d:running", "nothing starts while the run fails")
        try run.send(.retry([]))
        #expect(run.statuses == "a:running b:completed c:running d:running")
    }

    @Test func `what cannot be retried is refused, and nothing happens`() throws {
        var run = try RunDriver(Self.diamond)
        try run.complete("a", ["n": 1])
        func refuses(_ names: [String], _ part: String) {
            let before = run.events.count
            #expect(
                performing: { try run.send(.retry(names.compactMap(TaskName.init(_:)))) },
                throws: { error in
                    switch error as? Refusal {
                    case .state(let message), .invalid(let message, _): message.contains(part)
                    default: false
                    }
                }
            )
            #expect(run.events.count == before)
        }
        refuses([], "nothing in")
        refuses(["a"], "`a`: it is completed")
        refuses(["b"], "`b`: it is running")
        refuses(["x"], "no task `x`")
        refuses(["a[3]"], "loop or map")
        try run.fail("b")
        try run.fail("c")
        refuses(["b"], "`c` failed as well")
        try run.send(.retry(["b", "c"].map { TaskName(node: $0) }))
        #expect(run.running == ["b", "c"])
    }

    @Test func `a loop that failed begins again from its first pass`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - id: again
                type: loop
                config: {max_iterations: 3, body: {nodes: [{id: s, type: tool, config: {tool: noop}}]}}
            """
        )
        try run.complete("s[0]")
        try run.fail("s[1]")
        #expect(run.state.status == .failed)
        try run.send(.retry([]))
        #expect(run.running == ["s[0]"])
        for pass in 0..<3 { try run.complete("s[\(pass)]") }
        #expect(run.state.status == .completed)
        #expect(run.task("again").output?.value["iterations"] == 3)
    }

    // MARK: Rerun

    @Test func `a rerun does a task and what comes after it again, and takes the rest over`() throws {
        var origin = try RunDriver(Self.diamond)
        try origin.complete("a", ["n": 1])
        try origin.complete("b", ["n": 2])
        try origin.complete("c", ["n": 3])
        try origin.complete("e", "first")
        #expect(origin.state.outputs?.value == ["d": 5])
        var run = try RunDriver(forking: origin, from: "b")
        #expect(run.statuses == "a:completed b:running c:completed d:blocked e:blocked")
        #expect(run.state.derivation?.kind == .rerun && run.state.derivation?.origin == origin.state.id)
        #expect(["a", "b", "c"].map { run.task($0).isReused } == [true, false, true])
        try run.complete("b", ["n": 20])
        try run.complete("e", "second")
        #expect(run.state.outputs?.value == ["d": 23])
        #expect(origin.state.outputs?.value == ["d": 5])
        #expect(throws: Refusal.self) { _ = try RunDriver(forking: origin, from: "nothing") }
    }

    @Test func `in place only a run that did not complete is done again, and not what cannot be brought back`() throws {
        let yaml = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: pay, type: tool, depends_on: [a], idempotency: none, config: {tool: noop}}
              - {id: b, type: tool, depends_on: [a], config: {tool: noop}}
            """
        var run = try RunDriver(yaml)
        #expect(throws: Refusal.self, "it is open") { try run.send(.rerun(from: "a")) }
        try run.complete("a", 1)
        try run.complete("pay")
        try run.fail("b")
        #expect(throws: Refusal.self, "`pay` would be done twice") { try run.send(.rerun(from: "a")) }
        try run.send(.rerun(from: "b"))
        #expect(run.statuses == "a:completed pay:completed b:running")
        #expect(run.task("b").repeats == 0, "it had not completed, so its effect is the same one")
        try run.complete("b")
        #expect(run.state.status == .completed)
        #expect(throws: Refusal.self, "it completed") { try run.send(.rerun(from: "b")) }
    }

    // MARK: Fork

    @Test func `a fork goes on from the state at an event, with everything that was in flight`() throws {
        var origin = try RunDriver(
            """
            workflow: w
            deadline: 1h
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: ask, type: human, config: {message: Go?, deadline: 10m}}
              - {id: pause, type: wait, config: {for: 5m}}
              - {id: fails, type: tool, config: {tool: noop}, retry: {max_attempts: 3, delay: 1m, jitter: 0}}
              - {id: each, type: map, config: {items: [1, 2], body: {nodes: [{id: one, type: tool, config: {tool: noop}}]}}}
              - {id: after, type: tool, depends_on: [a], config: {tool: noop}}
            """
        )
        try origin.fail("fails", .transient)
        try origin.complete("one[0]", 1)
        let asked = try #require(origin.task("ask").humanTask)
        let moment = origin.log.count
        try origin.complete("a")
        try origin.advance(.seconds(60))
        try origin.send(.cancel(reason: nil))

        var run = try RunDriver(forking: origin, at: moment)
        #expect(run.state.id != origin.state.id && run.state.status == .running)
        #expect(run.running == ["a", "one[1]"])
        #expect(run.task("a").attempts == 2)
        #expect(run.status("fails") == .retrying && run.status("pause") == .waiting && run.status("after") == .blocked)
        #expect(run.task("ask").status == .waiting && run.task("ask").humanTask?.id != asked.id)
        let kinds = Set(run.timers.map(\.kind))
        #expect(kinds == [.deadline, .humanExpiry, .humanReminder, .wait, .retry, .timeout])
        #expect(run.state.deadline == run.now + .seconds(3600))
        try run.advance(.seconds(1))
        #expect(run.status("fails") == .running, "its time had come already")
        for task in ["a", "one[1]", "fails", "after"] { try run.complete(task, 2) }
        #expect(run.task("each").output?.value["results"] == [1, 2])
        let request = try #require(run.task("ask").humanTask).id
        let ask = run.ref("ask")
        try run.send(.decide(task: ask, request: request, isApproved: true, comment: nil), by: "user:a")
        try run.advance(.seconds(300))
        #expect(run.state.status == .completed)
        #expect(run.state.lastSequence == Int64(moment + run.log.count))
    }

    @Test func `a fork may have other inputs, and other outputs of what had ended`() throws {
        var origin = try RunDriver(Self.diamond, inputs: ["n": 1])
        try origin.complete("a", ["n": 1])
        let early = origin.log.count
        try origin.complete("b", ["n": 2])
        try origin.complete("c", ["n": 3])
        try origin.complete("e")
        #expect(throws: Refusal.self, "it had ended, and there is nothing to do") {
            _ = try RunDriver(forking: origin)
        }
        var other = try RunDriver(forking: origin, outputs: ["b": ["n": 200]])
        #expect(other.statuses == "a:completed b:completed c:completed d:completed e:running")
        #expect(other.task("d").output?.value == 203)
        try other.complete("e")
        #expect(other.state.outputs?.value == ["d": 203])
        #expect(!other.task("b").isReused)

        let changed = try RunDriver(forking: origin, at: early, inputs: ["n": 7], outputs: ["a": ["n": 70]])
        #expect(changed.state.inputs.value == ["n": 7])
        #expect(changed.running == ["b", "c"])
        #expect(throws: Refusal.self, "b had not ended then") {
            _ = try RunDriver(forking: origin, at: early, outputs: ["b": 1])
        }
        var failed = try RunDriver(Self.diamond)
        try failed.fail("a")
        let repaired = try RunDriver(forking: failed, outputs: ["a": ["n": 5]])
        #expect(repaired.running == ["b", "c"])
    }

    @Test func `forks of random runs at random turns end, however they are edited`() throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            var random = SeededRandom(seed &* 31)
            let yaml = RandomRunTests.workflow(&random)
            var origin = try RunDriver(yaml, seed: seed)
            for _ in 0..<300 where !origin.state.status.isTerminal { try RandomRunTests.step(&origin, &random) }
            for end in origin.turnEnds.shuffled(using: &random).prefix(4) {
                let before = try origin.state(after: end)
                var outputs: [String: JSONValue] = [:]
                let ended = before.root.tasks.indices.filter { before.root.tasks[$0].status.isTerminal }
                if let node = ended.randomElement(using: &random), Bool.random(using: &random) {
                    outputs[before.graph.nodes[node].id] = ["case": "x", "n": 1]
                }
                guard !before.status.isTerminal || !outputs.isEmpty else { continue }
                var run = try RunDriver(forking: origin, at: end, outputs: outputs, seed: seed)
                var steps = 0
                while !run.state.status.isTerminal {
                    steps += 1
                    try #require(steps < 2000, "seed \(seed), at \(end), \(outputs)\n\(yaml)\n\(run.statuses)")
                    try RandomRunTests.step(&run, &random)
                    if run.state.status == .failed, steps < 1000, Bool.random(using: &random) {
                        try run.send(.retry([]), by: "user:a")
                    }
                }
                for task in run.state.allTasks { try #require(run.state[task].status.isTerminal) }
            }
        }
    }
}
