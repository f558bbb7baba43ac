// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Requests to people through the loop: rows, exactly-once answers, time, death.
@Suite(.timeLimit(.minutes(5))) struct PeopleEngineTests {
    private static func ask(_ config: String = "") -> String {
        """
        workflow: ask
        outputs: {choice: "${ nodes.ask.output.choice }"}
        nodes: [{id: ask, type: human, config: {title: "Go?", deadline: 10h\(config)}}]
        """
    }

    private func request(_ harness: EngineHarness) throws -> HumanTaskRow {
        try #require(try harness.store.humanTasks(.pending()).first)
    }

    private func code(_ body: () async throws -> Void) async -> EngineError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? EngineError)?.code
        }
    }

    @Test func `the row of a request follows everything that people do with it`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let yaml = Self.ask(", quorum: 2, choices: [red, blue], evidence: [1], form: {type: object}")
            let run = try await harness.start(yaml, on: engine)
            let opened = try request(harness)
            #expect(opened.status == .open && opened.kind == "approval" && opened.run == run && opened.node == "ask")
            #expect(opened.details.choices.map(\.id) == ["red", "blue"] && opened.details.evidence == [1])
            #expect(opened.details.form == ["type": "object"] && opened.details.quorum == 2)
            #expect(opened.details.onExpiry == "fail")

            let claimed = try await engine.claim(opened.id, by: "user:a")
            #expect(claimed.status == .claimed && claimed.claim?.by == "user:a")
            #expect(try request(harness) == claimed)
            #expect(await code { _ = try await engine.claim(opened.id, by: "user:b") } == .conflict)
            #expect(try await engine.release(opened.id, by: "user:a").status == .open)
            #expect(try await engine.reassign(opened.id, to: ["user:b"], by: "user:a").assignees == ["user:b"])

            let answer = HumanAnswer(choice: "red", values: ["n": 1], comment: "why", via: "cli")
            let first = try await engine.answer(opened.id, answer, by: "user:a")
            #expect(first.status == .open && first.details.decisions.count == 1)
            let sequence = try harness.store.run(run)?.lastSequence
            #expect(try await engine.answer(opened.id, answer, by: "user:a") == first)
            #expect(try harness.store.run(run)?.lastSequence == sequence, "the same again writes nothing")
            #expect(
                await code { _ = try await engine.answer(opened.id, .init(choice: "blue"), by: "user:a") } == .conflict
            )
            let last = try await engine.answer(opened.id, .init(choice: "red"), by: "user:b")
            #expect(last.status == .answered && last.choice == "red" && last.decidedBy == "user:b")
            #expect(last.details.decisions.map(\.by) == ["user:a", "user:b"])
            #expect(last.details.decisions[0].values == ["n": 1] && last.details.decisions[0].via == "cli")
            #expect(try harness.store.humanTask(opened.id) == last)
            #expect(try await engine.answer(opened.id, answer, by: "user:a") == last, "also an earlier vote")
            for action in [PersonAction.claim, .release, .reassign(to: ["owner"])] {
                let refused = await code {
                    switch action {
                    case .claim: _ = try await engine.claim(opened.id, by: "user:a")
                    case .release: _ = try await engine.release(opened.id, by: "user:a")
                    default: _ = try await engine.reassign(opened.id, to: ["owner"], by: "user:a")
                    }
                }
                #expect(refused == .humanTaskClosed, "\(action)")
            }
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
            #expect(try harness.store.timers(ofRun: nil).isEmpty)
        }
    }

    @Test func `what is wrong with an answer is told with its places`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let form = ", form: {type: object, required: [n], properties: {n: {type: integer}}}"
            _ = try await harness.start(Self.ask(form), on: engine)
            let id = try request(harness).id
            do throws(EngineError) {
                _ = try await engine.answer(id, .init(choice: "approve", values: ["n": "x"]), by: "user:a")
                Issue.record("it was taken")
            } catch {
                #expect(error.code == .invalid && error.violations.map(\.pointer) == ["/n"])
                #expect(error.description.contains("/n: must be an integer"))
            }
            let unknown = HumanTaskID(high: 1, low: 1)
            #expect(await code { _ = try await engine.claim(unknown, by: "user:a") } == .notFound)
        }
    }

    @Test func `the short form finds the choice that agrees, or the one that does not`() async throws {
        for (approve, choice, status) in [(true, "ship", HumanTaskStatus.approved), (false, "drop", .rejected)] {
            let harness = EngineHarness()
            try await harness.withEngine(echo) { engine in
                let choices = ", choices: [{id: ship, effect: approve}, {id: drop, effect: reject}]"
                _ = try await harness.start(Self.ask(choices), on: engine)
                let row = try await engine.decide(
                    try request(harness).id,
                    approve: approve,
                    comment: "so",
                    by: "user:a"
                )
                #expect(row.choice == choice && row.status == status)
            }
        }
    }

    @Test func `claims, reminders and expiry come by time, also to a process that comes later`() async throws {
        let harness = EngineHarness()
        let run = try await harness.withEngine(echo) { engine in
            let run = try await harness.start(Self.ask(", on_expire: 'escalate:boss'"), on: engine)
            _ = try await engine.claim(try request(harness).id, by: "user:a")
            return run
        }
        let key = try #require(try harness.store.run(run)).key
        #expect(try Set(harness.store.timers(ofRun: key).map(\.kind)) == [.humanExpiry, .humanReminder, .humanClaim])
        harness.clock.advance(.seconds(6 * 3600))
        try await harness.withEngine(worker: "w2", echo) { engine in
            _ = try await engine.adopt(run)
            _ = try await engine.pause(run, reason: nil, by: "user:a")
            let row = try request(harness)
            #expect(row.status == .open && row.claim == nil && row.details.reminders == 1)
            harness.clock.advance(.seconds(5 * 3600))
            engine.wake()
            _ = try await engine.resume(run, by: "user:a")
            let passed = try request(harness)
            #expect(passed.assignees == ["role:boss"] && passed.details.escalations == 1)
            #expect(passed.expiresAt == harness.clock.wall() + .seconds(36_000))
            _ = try await engine.answer(passed.id, .init(choice: "approve"), by: "user:boss")
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
        }
        #expect(try harness.store.timers(ofRun: nil).isEmpty)
    }

    @Test func `a run that nobody drives can be answered, and leaves no timer behind`() async throws {
        let harness = EngineHarness()
        let run = try await harness.withEngine(echo) { engine in try await harness.start(Self.ask(), on: engine) }
        try await harness.withEngine(worker: "w2", echo) { engine in
            let id = try request(harness).id
            _ = try await engine.claim(id, by: "user:a")
            _ = try await engine.claim(id, by: "user:a")
        }
        try await harness.withEngine(worker: "w3", echo) { engine in
            _ = try await engine.answer(try request(harness).id, .init(choice: "approve"), by: "user:a")
            #expect(try harness.store.run(run)?.status == .completed)
        }
        #expect(try harness.store.timers(ofRun: nil).isEmpty)
    }

    @Test func `large evidence and large values are kept as blobs`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            let text = String(repeating: "x", count: 5000)
            let yaml = Self.ask(", evidence: ['\(text)'], form: {type: object}")
            let run = try await harness.start(yaml, on: engine)
            let row = try request(harness)
            let hash = try #require(row.details.evidence?["blob"]?["hash"]?.stringValue)
            let size = try #require(row.details.evidence?["blob"]?["size"]?.intValue)
            #expect(try harness.blobs.get(BlobRef(hash: hash, size: Int(size))) == Array(#"["\#(text)"]"#.utf8))
            let answer = HumanAnswer(choice: "approve", values: ["text": .string(text)])
            let decided = try await engine.answer(row.id, answer, by: "user:a")
            #expect(decided.details.decisions[0].values["blob"] != nil)
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
            #expect(try harness.state(of: run, engine).root.tasks[0].output?.value["values"] == ["text": .string(text)])
        }
    }

    @Test func `fault 25: a task that gets on outlives any number of executors, and its run is replayed the same`()
        async throws
    {
        let harness = EngineHarness()
        let attempts = Mutex2(0)
        try await harness.withEngine({ assignment, control in
            if assignment.attempt > 4 { return .completed(1) }
            let call = StepChange.begin(.model, name: "m", request: "x")
            if let begun = try? await assignment.control?.record([call]).begun.first {
                _ = try? await assignment.control?.record([.end(begun.number, result: "y")])
            }
            attempts.withLock { $0 += 1 }
            return await hang(assignment, control)
        }) { engine in
            let yaml = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 1d}]"
            let run = try await harness.start(yaml, on: engine)
            for crash in 1...4 {
                while attempts.withLock({ $0 }) < crash { await Task.yield() }
                harness.clock.advance(.seconds(31))
                engine.wake()
            }
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
            let row = try #require(try harness.store.run(run))
            #expect(try engine.reader.state(ofRun: row.key).root.tasks[0].lostAttempts == 4)
            let replay = RunID(high: 8, low: 1)
            _ = try await engine.replay(ReplayRequest(run, .freeze, id: replay, actor: "user:a"))
            #expect(try await engine.wait(for: replay).status == .completed)
            #expect(try engine.reader.replayReport(ofRun: try #require(try harness.store.run(replay)).key).isSame)
        }
    }

    @Test func `fault 25: a task that takes its executor down each time is quarantined, and a person has it go on`()
        async throws
    {
        let harness = EngineHarness()
        let guidance = Mutex2<[[String]]>([])
        try await harness.withEngine({ assignment, control in
            guidance.withLock { $0.append(assignment.guidance) }
            return assignment.attempt <= 3 ? await hang(assignment, control) : .completed(1)
        }) { engine in
            let yaml = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}, timeout: 1d}]"
            let run = try await harness.start(yaml, on: engine)
            for crash in 1...3 {
                while guidance.withLock({ $0.count }) < crash { await Task.yield() }
                harness.clock.advance(.seconds(31))
                engine.wake()
                let key = try #require(try harness.store.run(run)).key
                while try engine.reader.state(ofRun: key).root.tasks[0].lostAttempts < crash { await Task.yield() }
            }
            let row = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            #expect(row.reason == .human)
            #expect(try harness.store.openTasks(ofRun: row.key).map(\.status) == [.needsReview])
            let review = try request(harness)
            #expect(review.kind == "escalation" && review.details.subject?["reason"] == "poisoned")
            #expect(review.expiresAt == nil)
            let answer = HumanAnswer(choice: "retry", values: ["guidance": "gently"])
            _ = try await engine.answer(review.id, answer, by: "user:a")
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
        }
        #expect(guidance.withLock { $0 } == [[], [], [], ["gently"]])
    }

    @Test func `a task that was not started in time does not keep the key it waited for`() async throws {
        let harness = EngineHarness()
        let release = Mutex2(false)
        let key = "concurrency: {key: k, max: 1}"
        try await harness.withEngine({ assignment, _ in
            while assignment.node.id == "a", !release.withLock({ $0 }) { await Task.yield() }
            return .completed(1)
        }) { engine in
            let yaml = """
                workflow: shared
                on_failure: continue
                nodes:
                  - {id: a, type: tool, config: {tool: noop}, \(key), timeout: 1d}
                  - {id: b, type: tool, config: {tool: noop}, \(key), schedule_timeout: 10s}
                  - {id: c, type: tool, config: {tool: noop}, \(key)}
                """
            let run = try await harness.start(yaml, on: engine)
            harness.clock.advance(.seconds(11))
            engine.wake()
            while try harness.state(of: run, engine).root.tasks[1].status != .failed { await Task.yield() }
            release.withLock { $0 = true }
            #expect(try await harness.wait(for: run, on: engine).status == .failed)
            #expect(try harness.state(of: run, engine).root.tasks.map(\.status) == [.completed, .failed, .completed])
        }
    }

    @Test func `a review survives the process, and its answer starts the task in the next one`() async throws {
        let harness = EngineHarness()
        let yaml = "workflow: one\nnodes: [{id: a, type: tool, config: {tool: noop}, on_exhausted: escalate}]"
        let fail: Execute = { assignment, _ in
            assignment.attempt == 1
                ? .failed(TaskError(code: "x", errorClass: .permanent, message: "no"), log: "what it wrote")
                : .completed(2)
        }
        let run = try await harness.withEngine(fail) { engine in
            let run = try await harness.start(yaml, on: engine)
            _ = try await harness.wait(for: run, on: engine) { $0.status == .waiting }
            return run
        }
        try await harness.withEngine(worker: "w2", fail) { engine in
            _ = try await engine.adopt(run)
            #expect(try harness.state(of: run, engine).root.tasks[0].log != nil)
            _ = try await engine.answer(try request(harness).id, .init(choice: "retry"), by: "user:a")
            #expect(try await harness.wait(for: run, on: engine).status == .completed)
        }
    }
}
