// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Permits belong to what works, and whoever waits for one is told who has it.
@Suite struct PermitHoldTests {
    private let keyed = "concurrency: {key: printer, max: 1}, "

    @Test func `who waits for a permit is told the key, its limit and its holders`() throws {
        let world = QuotaWorld { $0.projectLimit = 2 }
        let first = try world.start(nodes: ["a"], keyed)
        world.turn()
        let second = try world.start(nodes: ["b", "free", "late"])
        world.turn()
        let third = try world.start(nodes: ["c"], keyed)
        world.turn()
        let holders = [Holder(run: first, task: "a"), Holder(run: second, task: "b")]
        let project = LimitKey(.project, "default")
        #expect(try world.cause(of: second, "free") == .permit(project, maximum: 2, holders: holders))
        let node = LimitKey(.node, "printer")
        #expect(try world.cause(of: third, "c") == .permit(node, maximum: 1, holders: [holders[0]]))
        let key = try #require(world.store.run(third)).key
        let explanation = try world.reader.explanation(ofRun: key, now: world.clock.wall())
        #expect(explanation.commands(for: explanation.waitingFor[0]) == ["baton run explain \(first)"])
        let json = explanation.json(now: world.clock.wall())["waiting_for"]?[0]?["holders"]
        #expect(json == [["run": .string(first.description), "task": "a"]])
        #expect(explanation.summary.contains("held by `a` of \(first)"), "\(explanation.summary)")
    }

    @Test func `a run that waits for the key of its workflow is told who has it`() throws {
        let world = QuotaWorld()
        let yaml = """
            workflow: order
            concurrency: {key: shared, max: 1, when_full: queue}
            nodes: [{id: work, type: tool, config: {tool: noop}}]
            """
        let first = try world.start(yaml)
        world.turn()
        let second = try world.start(yaml)
        world.turn()
        #expect(
            try world.cause(of: second, "work")
                == .admission(key: "order/shared", maximum: 1, holders: [Holder(run: first)])
        )
    }

    @Test func `a paused run gives back the permits that its tasks got meanwhile`() throws {
        let world = QuotaWorld()
        try world.start(nodes: ["a"], keyed)
        world.turn()
        let paused = try world.start(nodes: ["b"], keyed)
        world.turn()
        world.control(paused, .pause(reason: nil))
        try world.start(nodes: ["c"], keyed)
        world.turn()
        try world.end("a")
        #expect(world.turn() == ["c"])
        world.control(paused, .resume)
        world.turn()
        try world.end("c")
        #expect(world.turn() == ["b"])
        try world.end("b")
        world.turn()
        #expect(world.leftOver == [:])
    }

    @Test func `a task that got its permit and then its output from the cache keeps nothing`() throws {
        let world = QuotaWorld()
        let cached = "cache: {ttl: 1h}, "
        try world.start(nodes: ["other"], keyed)
        world.turn()
        let waiting = try world.start(nodes: ["a"], cached + keyed)
        world.turn()
        try world.start(nodes: ["a"], cached)
        #expect(world.turn() == ["a"])
        try world.end("a")
        world.turn()
        try world.end("other")
        #expect(world.turn() == [])
        #expect(try world.state(of: waiting).status == .completed)
        #expect(world.leftOver == [:])
    }

    @Test func `a rollback holds the key of its workflow until it is over`() throws {
        let world = QuotaWorld()
        let yaml = """
            workflow: order
            concurrency: {key: shared, max: 1, when_full: queue}
            nodes: [{id: work, type: tool, config: {tool: noop}, compensate: {tool: noop}}]
            """
        let first = try world.start(yaml)
        world.turn()
        try world.end("work")
        world.turn()
        world.control(first, .rollBack(to: nil))
        let undo = world.turn() + world.turn()
        #expect(undo.count == 1)
        let second = try world.start(yaml)
        world.turn()
        #expect(try world.state(of: second).status == .queued)
        world.restart()
        for _ in 0..<3 { world.turn() }
        #expect(try world.state(of: second).status == .queued)
        try world.end(world.open[0].node.id)
        #expect(world.turn() == ["work"])
        #expect(try world.state(of: first).status == .compensated)
        try world.end("work")
        world.turn()
        #expect(world.leftOver == [:])
    }
}
