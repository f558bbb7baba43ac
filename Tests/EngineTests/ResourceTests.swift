// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// What tasks need and wait for (spec 2.2, 3.2).
@Suite struct ResourceTests {
    private static let needing = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop}, resources: [models, db]}
          - {id: b, type: tool, config: {tool: noop}}
        """

    private func definition(_ change: (inout ResourceRecord.Definition) -> Void = { _ in }) -> ResourceRecord.Definition
    {
        var definition = ResourceRecord.Definition(.tcp, "example.org:80")
        change(&definition)
        return definition
    }

    @Test func `spec 2.2: answers lead from state to state`() {
        func probe(_ kind: Character, _ at: Int64) -> ResourceRecord.Probe {
            .init(
                at: Timestamp(milliseconds: at),
                latency: .milliseconds(kind == "s" ? 900 : 1),
                problem: kind == "x" ? "no" : nil
            )
        }
        // g is a good answer, s a slow one, x a failure, ? that somebody wants to know anew.
        let table: [(String, [ResourceRecord.State], holds: Bool)] = [
            ("g", [.online], false), ("s", [.degraded], false), ("x", [.checking], false),
            ("xxx", [.checking, .checking, .offline], true),
            ("gxxx", [.online, .degraded, .degraded, .offline], true),
            ("xxxg", [.checking, .checking, .offline, .degraded], false),
            ("xxxgg", [.checking, .checking, .offline, .degraded, .online], false),
            ("xxxgx", [.checking, .checking, .offline, .degraded, .degraded], false),
            ("gsgg", [.online, .degraded, .online, .online], false),
            ("xxx?", [.checking, .checking, .offline, .checking], true),
            ("xxx?x", [.checking, .checking, .offline, .checking, .checking], true),
            ("xxx?g", [.checking, .checking, .offline, .checking, .online], false),
            ("g?", [.online, .checking], false),
        ]
        for (answers, states, holds) in table {
            var record = ResourceRecord(
                tenant: "t",
                name: "r",
                definition { $0.slow = .milliseconds(500) },
                at: Timestamp(milliseconds: 0)
            )
            var seen: [ResourceRecord.State] = []
            for (number, answer) in answers.enumerated() {
                if answer == "?" {
                    record.check(at: Timestamp(milliseconds: Int64(number + 1)))
                } else {
                    record.take(probe(answer, Int64(number + 1)))
                }
                seen.append(record.state)
            }
            #expect(seen == states && record.isHolding == holds, "\(answers): \(seen)")
            let read = ResourceRecord(record.row)
            #expect(read?.state == record.state && read?.isHolding == holds && read?.definition == record.definition)
        }
        for wrong in [
            definition { $0.interval = .milliseconds(999) }, definition { $0.timeout = .seconds(61) },
            definition { $0.slow = .seconds(5) }, definition { $0.failures = 0 }, definition { $0.successes = 101 },
        ] { #expect(wrong.violation != nil, "\(wrong)") }
        #expect(definition().violation == nil)
    }

    private func add(_ world: ClaimWorld, _ name: String) throws {
        _ = try world.ask { world.engine.addResource(name, definition(), tenant: Ownership.defaultTenant, $0) }
    }

    private func observe(_ world: ClaimWorld, _ name: String, _ answers: String) throws {
        for answer in answers {
            let all = try world.ask { world.engine.resources(of: nil, $0) }
            let record = try #require(all.first { $0.name == name })
            let problem = answer == "x" ? "no" : nil
            let probe = ResourceRecord.Probe(at: world.clock.wall(), latency: .zero, problem: problem)
            _ = try world.ask { world.engine.observe(record, probe, $0) }
        }
        world.turn()
    }

    private func cause(_ world: ClaimWorld, _ run: RunID) throws -> WaitCause? {
        let state = try world.state(of: run)
        return state.waitCause(of: try #require(state.task(named: TaskName(node: "a"))))
    }

    @Test func `a task waits while what it needs is offline or not known, says so, and goes on by itself`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.needing, .auto)
        #expect(world.dispatched == ["b"])
        #expect(try cause(world, run) == .resource("models", isKnown: false))
        try add(world, "models")
        world.turn()
        #expect(try cause(world, run) == .resource("db", isKnown: false))
        try observe(world, "models", "xxx")
        try add(world, "db")
        world.turn()
        #expect(try cause(world, run) == .resource("models", isKnown: true))
        let sentence = try #require(try cause(world, run)?.sentence(now: world.clock.wall()))
        #expect(sentence.contains("`models`") && sentence.contains("offline"))
        // All of this is there after a restart.
        try world.restart()
        #expect(!world.dispatched.contains("a") && (try cause(world, run)) == .resource("models", isKnown: true))
        _ = try world.ask { world.engine.checkResource("models", tenant: Ownership.defaultTenant, $0) }
        world.turn()
        #expect(!world.dispatched.contains("a"))
        try observe(world, "models", "g")
        #expect(world.dispatched.last == "a")
    }

    @Test func `an attempt in flight goes on when what it needs fails, and the next one waits`() throws {
        let world = ClaimWorld()
        try add(world, "models")
        try add(world, "db")
        let run = try world.start(Self.needing)
        #expect(try world.claimable() == ["a", "b"])
        let claim = try world.claim("a", of: run)
        try observe(world, "db", "xxx")
        _ = try world.ask { world.engine.release(claim.held, $0) }
        world.turn()
        #expect(try world.claimable() == ["b"])
        #expect(world.refusal { _ = try world.claim("a", of: run) } == .conflict)
        #expect(try cause(world, run) == .resource("db", isKnown: true))
        try observe(world, "db", "g")
        #expect(try world.claimable() == ["a", "b"])
        // It turns offline while the task can be claimed already.
        try observe(world, "db", "xxx")
        #expect(try world.claimable() == ["b"] && world.refusal { _ = try world.claim("a", of: run) } == .conflict)
        try observe(world, "db", "gg")
        try world.complete(try world.claim("a", of: run).held)
        #expect(world.engine.heldThings.values.allSatisfy { $0 == 0 }, "\(world.engine.heldThings)")
    }

    @Test func `names are unique, what is out of bounds is refused, and what is stale counts for nothing`() throws {
        let world = ClaimWorld()
        try add(world, "db")
        #expect(world.refusal { try add(world, "db") } == .conflict)
        let wrong = definition { $0.failures = 0 }
        #expect(
            world.refusal { _ = try world.ask { world.engine.addResource("x", wrong, tenant: "t", $0) } } == .invalid
        )
        let other = ResourceRecord(
            tenant: Ownership.defaultTenant,
            name: "db",
            definition { $0.failures = 1 },
            at: world.clock.wall()
        )
        let probe = ResourceRecord.Probe(at: world.clock.wall(), latency: .zero, problem: "no")
        #expect(try world.ask { world.engine.observe(other, probe, $0) }.state == .checking)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        let remove: () throws -> Void = {
            try world.ask { world.engine.removeResource("db", tenant: Ownership.defaultTenant, $0) }
        }
        #expect(world.refusal(remove) == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        try remove()
        #expect(world.refusal(remove) == .notFound)
        #expect(try world.store.registrations(.resource).isEmpty)
    }
}
