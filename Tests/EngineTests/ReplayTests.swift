// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Replays (spec 6.6): the same recording gives the same run.
@Suite(.timeLimit(.minutes(5))) struct ReplayTests {
    /// Computes the run of a driver again, from a node of it on if one is named.
    private func replay(_ origin: RunDriver, from node: String? = nil) throws -> RunReplay {
        let log = origin.log
        guard case .runQueued(let first) = log[0].event.body else {
            throw CompileFailure(description: "the first event is another one")
        }
        // A turn's events all have its time; the first turn begins with the first event.
        var recording = Recording(from: RunState(origin: first, graph: origin.state.graph, at: log[0].at))
        var begin = 0
        for end in origin.turnEnds where end > begin {
            recording.add(log[begin..<end].dropFirst(begin == 0 ? 1 : 0).map(\.event), at: log[begin].at)
            begin = end
        }
        let read = ReplayOrigin(
            key: 1,
            beginning: .started(first),
            actor: log[0].event.actor,
            own: recording,
            whole: recording,
            end: origin.state
        )
        let served = try read.served(from: node)
        let machine = try read.machine(
            .freeze,
            as: RunID(high: 5, low: 5),
            from: node,
            at: served.turns.first?.at ?? log[0].at,
            entropy: 7,
            actor: log[0].event.actor
        )
        var replay = RunReplay(machine) { _ in
            .failure(TaskError(code: "items.unreadable", errorClass: .permanent, message: "missing"))
        }
        replay.play(served)
        return replay
    }

    private func history(_ run: RunDriver) throws -> RunHistory {
        var history = RunHistory(try run.state(after: 1))
        for entry in run.log.dropFirst() { history.fold(entry.event, at: entry.at) }
        return history
    }

    private func history(_ replay: RunReplay, after base: RunHistory? = nil) throws -> RunHistory {
        var history = base
        for record in replay.records {
            for event in record.events {
                if case .runQueued(let origin) = event.body, base == nil {
                    history = RunHistory(RunState(origin: origin, graph: replay.machine.state.graph, at: record.at))
                } else {
                    history?.fold(event, at: record.at)
                }
            }
        }
        return try #require(history)
    }

    private static let everything = """
        workflow: everything
        deadline: 2h
        outputs: {all: "${ nodes.end.output }", at: "${ string(now) }", run: "${ run.id }"}
        nodes:
          - {id: a, type: tool, config: {tool: noop}, retry: {max_attempts: 3, delay: 10s}}
          - {id: ask, type: human, depends_on: [a], config: {message: Go?, deadline: 10m, on_expire: skip}}
          - {id: pause, type: wait, config: {for: 5m}}
          - id: each
            type: map
            depends_on: [a]
            config:
              items: [1, 2, 3]
              max_parallel: 2
              on_item_failure: collect
              body: {nodes: [{id: one, type: tool, config: {tool: noop, args: {n: "${ item }"}}}]}
          - id: again
            type: loop
            depends_on: [each]
            config: {max_iterations: 3, delay: 30s, until: last.done, body: {nodes: [{id: s, type: tool, config: {tool: noop}}]}}
          - {id: first, type: join, config: {mode: any, cancel_rest: true}, depends_on: [x, y]}
          - {id: x, type: tool, config: {tool: noop}}
          - {id: y, type: tool, config: {tool: noop}}
          - id: end
            type: transform
            depends_on: [ask, pause, again, first]
            config: {set: {t: "${ nodes.a.started_at }", n: "${ nodes.each.output.results }", l: "${ nodes.again.output.last }", r: "${ run.started_at }"}}
        """

    private func run() throws -> RunDriver {
        var run = try RunDriver(Self.everything)
        run.now = run.now + .milliseconds(17)
        try run.fail("a", .transient)
        try run.advance(.seconds(20))
        try run.send(.attemptLost(task: run.ref("a"), fence: run.task("a").fence, isRelease: false))
        try run.complete("y", 2)
        try run.complete("a", ["n": 1])
        try run.complete("one[1]", 20)
        try run.send(.pause(reason: "lunch"), by: "user:a")
        try run.fail("one[0]")
        run.now = run.now + .seconds(5)
        try run.send(.resume, by: "user:a")
        try run.complete("one[2]", ["text": .string(String(repeating: "x", count: 5000))])
        try run.complete("s[0]", ["done": false])
        try run.advance(.seconds(31))
        try run.complete("s[1]", ["done": true])
        try run.advance(.seconds(700))
        #expect(run.state.status == .completed, "\(run.statuses)")
        return run
    }

    @Test func `a frozen replay gives the same statuses, outputs, hashes and times`() throws {
        let origin = try run()
        let replay = try replay(origin)
        #expect(replay.unused.isEmpty)
        #expect(replay.machine.state.outputs?.value == origin.state.outputs?.value)
        let diff = RunDiff(try history(origin), try history(replay))
        #expect(diff.isSame, "\(diff.json().text)")
        #expect(diff.entries.allSatisfy { $0.left?.duration == $0.right?.duration })
        #expect(replay.machine.state.humanTask(of: "ask") == nil, "nobody is asked")
        let types = replay.records.flatMap(\.events).map(\.body.type)
        #expect(types.filter { $0 == .taskCompleted }.count == origin.events.count { $0.body.type == .taskCompleted })
        // Law 1 holds for it as for every run.
        guard case .runQueued(let first)? = replay.records.first?.events.first?.body else {
            throw CompileFailure(description: "the first event is another one")
        }
        var folded = RunState(origin: first, graph: origin.state.graph, at: replay.records[0].at)
        for record in replay.records {
            for event in record.events where event.body.type != .runQueued { folded.fold(event, at: record.at) }
        }
        #expect(folded == replay.machine.state)
        #expect(folded.derivation?.kind == .freeze && folded.derivation?.origin == origin.state.id)
    }

    @Test func `a frozen replay from a node serves it and what comes after it, and takes the rest over`() throws {
        let origin = try run()
        for node in ["a", "each", "again", "end", "y"] {
            let replay = try replay(origin, from: node)
            #expect(replay.machine.state.status == .completed, "\(node)")
            #expect(replay.unused.isEmpty, "\(node): \(replay.unused)")
            let outputs = replay.machine.state.outputs?.value
            #expect(outputs?["all"] == origin.state.outputs?.value["all"], "\(node)")
        }
    }

    @Test func `outputs that were checked are served as they were judged`() throws {
        let yaml = """
            workflow: w
            outputs: {n: "${ nodes.b.output }", error: "${ nodes.a.error }"}
            nodes:
              - id: a
                type: tool
                config: {tool: noop}
                retry: {max_attempts: 2, delay: 1s}
                verify: [{kind: command, run: [make]}, {kind: human}]
                continue_on_failure: true
              - {id: b, type: transform, depends_on: [a], config: {expr: "nodes.a.output"}}
            """
        for ending in ["approve", "human_needed", "again", "exhausted", "reject"] {
            var run = try RunDriver(yaml)
            run.now = run.now + .milliseconds(17)
            try run.complete("a", 1)
            try run.check("a", [0: .gapsFound])
            try run.advance(.seconds(2))
            try run.complete("a", 2)
            switch ending {
            case "human_needed", "again", "reject":
                try run.check("a", [0: .humanNeeded])
                let choice = ["human_needed": "approve", "again": "retry"][ending] ?? "reject"
                try run.answer("a", choice, comment: "so")
                if ending == "again" {
                    try run.complete("a", 3)
                    try run.check("a", [0: .passed])
                    try run.answer("a", "approve")
                }
            case "exhausted":
                try run.check("a", [0: .gapsFound])
                try run.answer("a", "fail")
            default:
                try run.check("a", [0: .passed])
                try run.answer("a", "approve")
            }
            #expect(run.state.status == .completed, "\(ending): \(run.statuses)")
            let replay = try replay(run)
            #expect(replay.unused.isEmpty, "\(ending)")
            #expect(replay.machine.state.outputs?.value == run.state.outputs?.value, "\(ending)")
            #expect(replay.machine.state.status == .completed, "\(ending)")
        }
    }

    @Test func `a recording that was tampered with shows`() throws {
        var other = try RunDriver(
            """
            workflow: w
            outputs: {n: "${ nodes.b.output }"}
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: b, type: transform, depends_on: [a], config: {expr: "nodes.a.output.n + 1"}}
            """
        )
        try other.complete("a", ["n": 1])
        let good = try replay(other)
        #expect(RunDiff(try history(other), try history(good)).isSame)
        var wrong = try history(other)
        wrong.fold(
            Event(
                task: other.ref("b"),
                body: .taskCompleted(output: Payload(inline: 3), routing: Event.Routing(), log: nil)
            ),
            at: other.now
        )
        let diff = RunDiff(wrong, try history(good))
        #expect(diff.differences.map(\.task.description) == ["b"])
    }

    @Test func `random runs, with retries of what failed, are replayed to the same end`() throws {
        for seed in 1...120 as ClosedRange<UInt64> {
            var random = SeededRandom(seed &* 77)
            let yaml = RandomRunTests.workflow(&random)
            var origin = try RunDriver(yaml, seed: seed)
            var retries = 2
            while !origin.state.status.isTerminal {
                try RandomRunTests.step(&origin, &random)
                if origin.state.status == .failed, retries > 0 {
                    retries -= 1
                    try origin.send(.retry([]), by: "user:a")
                }
            }
            let replay = try replay(origin)
            let diff = RunDiff(try history(origin), try history(replay))
            try #require(diff.isSame, "seed \(seed)\n\(yaml)\n\(diff.json().text)\n\(replay.unused)")
            try #require(replay.unused.isEmpty, "seed \(seed): \(replay.unused)")
        }
    }

    // MARK: Through the engine

    private static let mixed = """
        workflow: mixed
        outputs: {n: "${ nodes.write.output }"}
        nodes:
          - {id: read, type: tool, config: {tool: noop, args: {path: x}}}
          - {id: write, type: tool, depends_on: [read], config: {tool: noop, args: {n: "${ nodes.read.output.n }"}}}
          - {id: ask, type: human, depends_on: [write], config: {message: Go?}}
        """

    @Test func `a replay is a run of its own that calls nothing, and in its shadow only what reads is called`()
        async throws
    {
        var harness = EngineHarness()
        harness.readers = ["read"]
        let calls = Mutex2<[String]>([])
        let number = Mutex2(1)
        try await harness.withEngine({ assignment, control in
            calls.withLock { $0.append("\(assignment.run)/\(assignment.node.id)") }
            if assignment.node.id == "read" { return .completed(["n": .int(Int64(number.withLock { $0 }))]) }
            return await echo(assignment, control)
        }) { engine in
            let run = try await harness.start(Self.mixed, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            let request = try #require(try harness.store.humanTasks(.pending()).first)
            _ = try await engine.decide(request.id, approve: true, comment: nil, by: "user:a")
            _ = try await engine.wait(for: run)
            calls.withLock { $0 = [] }

            let frozen = RunID(high: 8, low: 1)
            _ = try await engine.replay(ReplayRequest(run, .freeze, id: frozen, actor: "user:a"))
            #expect(try await engine.wait(for: frozen).status == .completed)
            #expect(calls.withLock { $0 }.isEmpty)
            let report = try engine.reader.replayReport(ofRun: try #require(try harness.store.run(frozen)).key)
            #expect(report.isSame, "\(report.json.text)")

            let same = RunID(high: 8, low: 2)
            _ = try await engine.replay(ReplayRequest(run, .shadow, id: same, actor: "user:a"))
            #expect(try await engine.wait(for: same).status == .completed)
            #expect(calls.withLock { $0 } == ["\(same)/read"])
            #expect(try engine.reader.replayReport(ofRun: try #require(try harness.store.run(same)).key).isSame)

            number.withLock { $0 = 2 }
            let other = RunID(high: 8, low: 3)
            _ = try await engine.replay(ReplayRequest(run, .shadow, from: "read", id: other, actor: "user:a"))
            #expect(try await engine.wait(for: other).status == .completed)
            let shown = try engine.reader.replayReport(ofRun: try #require(try harness.store.run(other)).key)
            #expect(
                shown.diff.differences.map(\.task.description) == ["read"],
                "the write is served from the recording"
            )
            #expect(shown.calls.map(\.task.description) == ["write"], "it would have been called with something else")
            #expect(try harness.store.humanTasks(.pending()).isEmpty)

            let open = try await harness.start(Self.mixed, on: engine)
            await #expect {
                try await engine.replay(ReplayRequest(open, .freeze, id: RunID(high: 8, low: 4), actor: "user:a"))
            } throws: { ($0 as? EngineError)?.code == .conflict }
        }
    }

    @Test func `replays of forks and reruns, and from a node, come out the same`() async throws {
        let harness = EngineHarness()
        let yaml = """
            workflow: w
            inputs: {n: {type: integer, default: 1}}
            outputs: {n: "${ nodes.c.output.n }"}
            nodes:
              - {id: a, type: tool, config: {tool: noop, args: {n: "${ inputs.n }"}}}
              - {id: b, type: transform, depends_on: [a], config: {set: {n: "${ nodes.a.output.n * 10 }"}}}
              - {id: c, type: tool, depends_on: [b], config: {tool: noop, args: {n: "${ nodes.b.output.n + 1 }"}}}
            """
        try await harness.withEngine(echo) { engine in
            let run = try await harness.start(yaml, on: engine, inputs: ["n": 1])
            _ = try await engine.wait(for: run)
            let end = try #require(try harness.store.run(run)).lastSequence
            var fork = DeriveRequest(run, .fork(at: end), actor: "user:a")
            fork.outputs = ["a": ["n": 5]]
            let forked = try await engine.derive(fork).id
            _ = try await engine.wait(for: forked)
            let rerun = try await engine.derive(DeriveRequest(run, .rerun(from: "c"), actor: "user:a")).id
            _ = try await engine.wait(for: rerun)
            var number: UInt64 = 0
            for origin in [run, forked, rerun] {
                for node in [nil, "a", "b", "c"] as [String?] {
                    for mode in ReplayRequest.Mode.allCases {
                        number += 1
                        let id = RunID(high: 9, low: number)
                        _ = try await engine.replay(ReplayRequest(origin, mode, from: node, id: id, actor: "user:a"))
                        #expect(try await engine.wait(for: id).status == .completed)
                        let report = try engine.reader.replayReport(ofRun: try #require(try harness.store.run(id)).key)
                        #expect(
                            report.diff.outputs.left == report.diff.outputs.right,
                            "\(origin) \(node ?? "") \(mode)"
                        )
                        #expect(report.diff.differences.allSatisfy { $0.left?.output == $0.right?.output })
                        #expect(report.calls.isEmpty)
                    }
                }
            }
        }
        #expect(try harness.store.openTasks(ofRun: nil).isEmpty)
    }

    @Test func `a shadow that a process left is served on by the next one`() async throws {
        var harness = EngineHarness()
        harness.readers = ["read"]
        let yaml = """
            workflow: w
            nodes:
              - {id: read, type: tool, config: {tool: noop, args: {n: 1}}}
              - {id: write, type: tool, depends_on: [read], config: {tool: noop, args: {n: 2}}}
            """
        let id = RunID(high: 8, low: 9)
        let run = try await harness.withEngine(echo) { engine in
            let run = try await harness.start(yaml, on: engine)
            _ = try await engine.wait(for: run)
            return run
        }
        try await harness.withEngine(worker: "w2", hang) { engine in
            _ = try await engine.replay(ReplayRequest(run, .shadow, id: id, actor: "user:a"))
        }
        try await harness.withEngine(worker: "w3", echo) { engine in
            #expect(try await engine.adopt(nil) == [id])
            #expect(try await engine.wait(for: id).status == .completed)
            let outputs = try harness.state(of: id, engine).root.tasks.compactMap(\.output?.value)
            #expect(outputs == [["n": 1], ["n": 2]])
        }
    }
}

extension RunState {
    fileprivate func humanTask(of node: String) -> HumanTaskID? {
        graph.index(of: node).flatMap { self[TaskRef(node: $0)].humanTask?.id }
    }
}
