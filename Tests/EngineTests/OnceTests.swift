// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Requests that come twice (spec 6.2).
@Suite(.timeLimit(.minutes(5))) struct OnceTests {
    private static let one = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"

    private static func key(_ name: String = "k", by principal: String = "user:a", _ fingerprint: String = "f")
        -> IdempotencyKey
    {
        IdempotencyKey(principal: principal, key: name, fingerprint: fingerprint)
    }

    private func start() throws -> StartRequest {
        StartRequest(graph: try compile(Self.one), source: [], inputs: [:], actor: "user:a")
    }

    private func runs(_ store: any RunStore) throws -> Int { try store.runs(RunFilter()).count }

    /// Asks with a key and takes a turn.
    private func once<Value: Sendable>(
        _ world: OperationsWorld,
        _ key: IdempotencyKey,
        _ body: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) throws -> Value {
        try world.ask { engine, reply in engine.once(key) { body($0, reply) } }
    }

    private func code<Value: Sendable>(
        _ world: OperationsWorld,
        _ key: IdempotencyKey,
        _ body: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
    ) -> EngineError.Code? {
        world.code { engine, reply in engine.once(key) { body($0, reply) } }
    }

    @Test func `a repeat gets the first answer in the same batch, later and after a restart`() throws {
        let world = OperationsWorld()
        let request = try start()
        let answers = Mutex2<[StartedRun?]>([])
        for _ in 0..<3 {
            world.engine.once(Self.key()) { engine in
                engine.start(request) { result in answers.withLock { $0.append(try? result.get()) } }
            }
        }
        world.turn()
        let given = answers.withLock { $0 }
        let first = try #require(given.first ?? nil)
        #expect(given == [first, first, first])
        #expect(try once(world, Self.key()) { $0.start(request, $1) } == first)
        world.complete(first.id)
        world.turn()
        world.restart()
        // The random bits of the test are the same again; ids need another time.
        world.clock.advance(.seconds(1))
        #expect(try once(world, Self.key()) { $0.start(request, $1) } == first)
        #expect(try runs(world.store) == 1)
        let row = try #require(world.store.idempotency(principal: "user:a", key: "k"))
        #expect(row.runKey == 1 && row.bodyHash == "f")
        // Keys of others, and other keys, are other requests.
        #expect(try once(world, Self.key(by: "user:b")) { $0.start(request, $1) } != first)
        #expect(try once(world, Self.key("l")) { $0.start(request, $1) } != first)
        #expect(try runs(world.store) == 3)
    }

    @Test func `a key that was used for something else is refused, and nothing is done`() throws {
        let world = OperationsWorld()
        let request = try start()
        let run = try once(world, Self.key()) { $0.start(request, $1) }.id
        #expect(code(world, Self.key("k", "other")) { $0.start(request, $1) } == .idempotencyMismatch)
        #expect(
            code(world, Self.key()) { $0.control(run, .pause(reason: nil), by: "user:a", $1) } == .idempotencyMismatch
        )
        let results = Mutex2<[EngineError.Code?]>([])
        for fingerprint in ["one", "two"] {
            world.engine.once(Self.key("l", fingerprint)) { engine in
                engine.start(request) { result in
                    results.withLock { results in
                        if case .failure(let error) = result { results.append(error.code) } else { results.append(nil) }
                    }
                }
            }
        }
        world.turn()
        #expect(results.withLock { $0 } == [nil, .idempotencyMismatch])
        #expect(try runs(world.store) == 2 && world.state(of: run).status == .running)
        for name in ["", String(repeating: "x", count: 256)] {
            #expect(code(world, Self.key(name)) { $0.start(request, $1) } == .invalid)
        }
        #expect(EngineError.Code.idempotencyMismatch.status == 422)
    }

    @Test func `a request that failed may be corrected and come again`() throws {
        let world = OperationsWorld()
        let run = try world.start(Self.one)
        world.turn()
        let resume = { (engine: SteppedEngine, reply: @escaping @Sendable (Result<Int64, EngineError>) -> Void) in
            engine.control(run, .resume, by: "user:a", reply)
        }
        #expect(code(world, Self.key(), resume) == .conflict)
        _ = try world.ask { $0.control(run, .pause(reason: nil), by: "user:a", $1) }
        let number = try once(world, Self.key(), resume)
        #expect(try once(world, Self.key(), resume) == number)
        #expect(try world.state(of: run).status == .running)
    }

    @Test func `an answer is kept for a day`() throws {
        let world = OperationsWorld()
        let request = try start()
        let first = try once(world, Self.key()) { $0.start(request, $1) }
        world.clock.advance(IdempotencyKey.span - .milliseconds(1))
        #expect(try once(world, Self.key()) { $0.start(request, $1) } == first)
        world.clock.advance(.milliseconds(1))
        let second = try once(world, Self.key("k", "other")) { $0.start(request, $1) }
        #expect(second != first)
        #expect(try once(world, Self.key("k", "other")) { $0.start(request, $1) } == second)
    }

    @Test func `answer and deed are durable together or not at all`() async throws {
        for error in [StoreError(.full, "as told"), StoreError(.failed, "dead")] {
            let harness = EngineHarness()
            let request = try start()
            try await harness.withEngine(hang) { engine in
                harness.store.fail(harness.store.commits + 1, with: error)
                await #expect(throws: EngineError.self) { try await engine.once(Self.key()).start(request) }
            }
            #expect(try runs(harness.store) == 0)
            #expect(harness.store.base.idempotency(principal: "user:a", key: "k") == nil)
            let started = try await harness.withEngine(worker: "w2", hang) { engine in
                let started = try await engine.once(Self.key()).start(request)
                #expect(try await engine.once(Self.key()).start(request) == started)
                return started
            }
            // The answer was lost, not the run.
            try await harness.withEngine(worker: "w3", echo) { engine in
                let keyed = engine.once(Self.key())
                let (again, adopted) = (try await keyed.start(request), try await keyed.adopt(nil))
                #expect(again == started && adopted == [started.id], "only what changes something has the key")
                let end = try await keyed.wait(for: started.id)
                #expect(end.status == .completed)
            }
            #expect(try runs(harness.store) == 1)
        }
    }

    @Test func `requests without a key look nothing up`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            for _ in 0..<3 { _ = try await engine.wait(for: try await engine.once(nil).start(try start()).id) }
            #expect(harness.store.lookedUp == 0)
            for _ in 0..<2 { _ = try await engine.once(Self.key()).start(try start()) }
            #expect(harness.store.lookedUp == 2)
        }
    }

    @Test func `every kind of answer comes back as it was`() throws {
        let world = OperationsWorld()
        let run = try world.start(Self.one)
        world.turn()
        func same<Value: Sendable & Equatable>(
            _ name: String,
            _ body: (SteppedEngine, @escaping @Sendable (Result<Value, EngineError>) -> Void) -> Void
        ) throws {
            let first = try once(world, Self.key(name), body)
            let events = world.store.lastSequence()
            #expect(try once(world, Self.key(name), body) == first, "\(name)")
            #expect(world.store.lastSequence() == events, "\(name)")
        }
        try same("pause run") { $0.control(run, .pause(reason: "r"), by: "user:a", $1) }
        try same("signal") { engine, reply in
            let signal = RunSignal(dedupeKey: "d", type: "go", key: nil, payload: Payload(inline: .null))
            engine.signal(.run(run), signal, by: "user:a", reply)
        }
        try same("pause scope") { $0.pause(.queue("q"), reason: "r", by: "user:a", $1) }
        try same("resume scope") { $0.resume(.queue("q"), by: "user:a", $1) }
        try same("derive") { $0.derive(DeriveRequest(run, .fork(at: nil), actor: "user:a"), $1) }
        let definition = ScheduleDefinition(
            id: ScheduleID(high: 1, low: 1),
            createdAt: world.clock.wall(),
            name: "nightly",
            workflow: "report@main",
            inputs: ["a": 1],
            timing: try ScheduleTiming("@daily", anchor: world.clock.wall()),
            creator: "user:a"
        )
        try same("create") { $0.createSchedule(definition, $1) }
        try same("trigger") { $0.trigger(definition.id, nil, $1) }
        try same("pause schedule") { $0.pauseSchedule(definition.id, note: "n", $1) }
        let bulk = { (engine: SteppedEngine, reply: @escaping @Sendable (Result<BulkReport, EngineError>) -> Void) in
            engine.bulk(.pause(reason: nil), [run, RunID(high: 9, low: 9)], by: "user:a", reply)
        }
        let report = try once(world, Self.key("bulk"), bulk)
        #expect(try once(world, Self.key("bulk"), bulk).json == report.json && report.failures == 2)
        for _ in 0..<2 {
            try once(world, Self.key("budget")) {
                $0.setBudget(BudgetScope(.project, "p"), BudgetLimit(money: Money(text: "3")), by: "user:a", $1)
            }
            try once(world, Self.key("delete")) { $0.deleteSchedule(definition.id, $1) }
        }
        for outcome in [TriggeredRun.Outcome.started, .waiting, .skipped, .failed("m")] {
            let triggered = TriggeredRun(run: run, outcome: outcome)
            let kept = KeptAnswer<TriggeredRun>.triggered
            var batch = Batch(now: world.clock.wall())
            #expect(try kept.read(kept.write(triggered), &world.engine.loop, &batch) == triggered)
        }
    }

    @Test func `a request to people and a patch are given as they are by then`() throws {
        let world = OperationsWorld()
        let run = try world.start("workflow: w\nnodes: [{id: ask, type: human, config: {message: m}}]")
        world.turn()
        let id = try #require(try world.state(of: run)[TaskRef(node: 0)].openRequest).id
        let claim = { (engine: SteppedEngine, reply: @escaping @Sendable (Result<HumanTaskRow, EngineError>) -> Void) in
            engine.person(id, .claim, by: "user:a", reply)
        }
        #expect(try once(world, Self.key(), claim).status == .claimed)
        let decided = try world.ask { $0.decide(id, approve: true, comment: nil, by: "user:a", $1) }
        #expect(try once(world, Self.key(), claim) == decided)
    }

    @Test func `answers of others are kept likewise`() async throws {
        let harness = EngineHarness()
        try await harness.withEngine(echo) { engine in
            #expect(try await engine.keptAnswer(for: Self.key()) == nil)
            for answer in [[1, 2], [3]] as [[UInt8]] {
                try await engine.keep(answer, for: Self.key())
                #expect(try await engine.keptAnswer(for: Self.key()) == [1, 2])
            }
            do {
                _ = try await engine.keptAnswer(for: Self.key("k", "other"))
                Issue.record("it was used for something else")
            } catch {
                #expect((error as? EngineError)?.code == .idempotencyMismatch)
            }
            harness.clock.advance(IdempotencyKey.span)
            #expect(try await engine.keptAnswer(for: Self.key()) == nil)
        }
    }
}
