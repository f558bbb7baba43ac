// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Tasks that are given up, and done again (spec 12.7).
@Suite struct DeadLetterTests {
    private static let two = """
        workflow: w
        on_failure: continue
        nodes:
          - {id: a, type: tool, config: {tool: noop}, retry: {max_attempts: 2, delay: 1s, jitter: 0}}
          - {id: b, type: http, config: {url: "https://example.org"}, retry: {max_attempts: 1}}
          - {id: c, type: tool, config: {tool: noop}, depends_on: [a]}
        """
    private static let busy = TaskError(
        code: "http.status",
        errorClass: .upstream,
        message: "429 from https://example.org/a?token=secret with \"the body\" of `x`"
    )

    private func fail(_ world: ClaimWorld, _ node: String, _ run: RunID, _ error: TaskError = busy) throws {
        let claim = try world.claim(node, of: run)
        _ = try world.ask { world.engine.fail(claim.held, error, $0) }
        world.clock.advance(.seconds(2))
        world.turn()
    }

    private func letters(_ world: ClaimWorld) throws -> [String] {
        try world.store.deadLetters(DeadLetterFilter()).map(\.node)
    }

    private func redrive(_ world: ClaimWorld, _ queue: String, _ entries: [TaskID]? = nil, tenant: String? = nil) throws
        -> BulkReport
    {
        let order = DeadLetterOrder(queue: queue, tenant: tenant, entries: entries)
        return try world.ask { world.engine.redrive(order, by: "user:a", $0) }
    }

    @Test func `a task that exhausted its retries because others did not work is a dead letter, once`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        try fail(world, "a", run)
        #expect(try letters(world) == [])
        try fail(world, "a", run)
        let row = try #require(try world.store.deadLetters(DeadLetterFilter()).first)
        #expect(row.queue == "tool" && row.group == .external && row.attempts == 2 && row.failure == "http.status")
        #expect(row.reason == "429 from https://example.org/a?… with … of …")
        #expect(row.id == (try world.id("a", run)) && row.workflow == "w")
        // What is wrong itself is no dead letter, but a result that is none is one.
        let error = TaskError(code: "http.status", errorClass: .permanent, message: "404")
        try fail(world, "b", run, error)
        #expect(try letters(world) == ["a"])
        #expect(try world.state(of: run).status == .failed)
        let other = try world.start(Self.two)
        try fail(world, "b", other, TaskError(code: TaskError.invalidOutput, errorClass: .permanent, message: "no"))
        #expect(try letters(world) == ["a", "b"])
    }

    @Test func `a redriven task is done again under its id and key, and the run goes on`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        let key = try world.claim("a", of: run)
        _ = try world.ask { world.engine.fail(key.held, Self.busy, $0) }
        world.clock.advance(.seconds(2))
        world.turn()
        try fail(world, "a", run)
        try fail(world, "b", run)
        #expect(try letters(world) == ["a", "b"] && world.state(of: run).status == .failed)
        try world.restart()
        let id = try world.id("a", run)
        #expect(try redrive(world, "http", [id]).items[0].error?.code == .notFound)
        #expect(try redrive(world, "tool", [id], tenant: "other").items[0].error?.code == .notFound)
        #expect(try redrive(world, "tool", [id]).failures == 0)
        #expect(try letters(world) == ["b"])
        #expect(try redrive(world, "tool", [id]).items[0].error?.code == .notFound)
        let again = try world.claim("a", of: run)
        #expect(again.assignment.idempotencyKey == key.assignment.idempotencyKey && again.id == key.id)
        #expect(again.fence > key.fence)
        try world.complete(again.held)
        try world.complete(try world.claim("c", of: run).held)
        #expect(try redrive(world, "http").items.map(\.error) == [nil])
        try world.complete(try world.claim("b", of: run).held)
        #expect(try world.state(of: run).status == .completed && letters(world) == [])
        #expect(try redrive(world, "http").items.isEmpty)
    }

    @Test func `a retry by other means removes the letter, and a discarded one leaves the task as it is`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        try fail(world, "b", run)
        let id = try world.id("b", run)
        let order = DeadLetterOrder(queue: "http", entries: [id])
        #expect(try world.ask { world.engine.discard(order, $0) }.failures == 0)
        #expect(try letters(world) == [] && world.state(of: run)[id.task].status == .failed)
        #expect(try world.ask { world.engine.discard(order, $0) }.failures == 1)
        let other = try world.start(Self.two)
        try fail(world, "b", other)
        #expect(try letters(world) == ["b"])
        _ = try world.ask { world.engine.control(other, .retry([TaskName(node: "b")]), by: "user:a", $0) }
        #expect(try letters(world) == [])
    }

    @Test func `a commit that a full disk refuses leaves letters as they were`() throws {
        let world = ClaimWorld()
        let run = try world.start(Self.two)
        try fail(world, "b", run)
        world.store.fail(world.store.commits + 1, with: StoreError(.full, "no room"))
        #expect(world.refusal { _ = try redrive(world, "http") } == .storageFull)
        world.clock.advance(.seconds(2))
        world.turn()
        #expect(try letters(world) == ["b"])
        #expect(try redrive(world, "http").failures == 0)
        #expect(try letters(world) == [] && world.claimable() == ["a", "b"])
    }
}
