// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Many things at once, with a result for each (spec 7.3).
@Suite struct BulkTests {
    private static let text = "workflow: w\nnodes: [{id: a, type: tool, config: {tool: noop}}]"

    @Test func `each run has its own result, and what was done stays`() throws {
        let world = OperationsWorld()
        let runs = try (0..<3).map { _ in try world.start(Self.text) }
        _ = world.turn()
        try world.ask { $0.control(runs[1], .cancel(reason: nil), by: "user:a", $1) }
        let absent = RunID(high: 9, low: 9)
        let commits = world.store.lastSequence()
        let report = try world.ask {
            $0.bulk(.cancel(reason: "all", compensate: false), runs + [absent, runs[0]], by: "user:a", $1)
        }
        #expect(report.status == 207 && report.failures == 3)
        #expect(report.items.map(\.error?.code) == [nil, .conflict, nil, .notFound, .conflict])
        #expect(report.json["items"]?[3]?["status"] == 404 && report.json["items"]?[0]?["code"] == nil)
        #expect(world.store.lastSequence() > commits)
        #expect(try runs.map { try world.state(of: $0).status } == [.cancelled, .cancelled, .cancelled])
        let retried = try world.ask { $0.bulk(.retry, [runs[0], runs[2]], by: "user:a", $1) }
        #expect(retried.status == 200 && retried.json["done"] == 2)
        #expect(try world.state(of: runs[0]).status == .running)
        for (action, status) in [(BulkAction.pause(reason: nil), RunStatus.paused), (.resume, .running)] {
            #expect(try world.ask { $0.bulk(action, [runs[0]], by: "user:a", $1) }.status == 200)
            #expect(try world.state(of: runs[0]).status == status)
        }
        #expect(try world.ask { $0.bulk(.terminate(reason: nil), [runs[0]], by: "user:a", $1) }.failures == 0)
        let many = Array(repeating: absent, count: 101)
        #expect(world.code { $0.bulk(.resume, many, by: "user:a", $1) } == .invalid)
    }

    @Test func `many requests are answered, those that are closed are told`() throws {
        let world = OperationsWorld()
        let text = "workflow: w\nnodes: [{id: ask, type: human, config: {message: m}}]"
        let runs = try (0..<3).map { _ in try world.start(text) }
        _ = world.turn()
        let ids = try runs.map { try #require(try world.state(of: $0)[TaskRef(node: 0)].openRequest).id }
        try world.ask { $0.decide(ids[2], approve: true, comment: nil, by: "user:b", $1) }
        let report = try world.ask { $0.bulkDecide(ids, approve: false, comment: "late", by: "user:a", $1) }
        #expect(report.items.map(\.error?.code) == [nil, nil, .humanTaskClosed])
        #expect(try world.state(of: runs[0]).root.tasks[0].output?.value["approved"] == false)
        // The same answer by the same person again is fine.
        let again = try world.ask { $0.bulkDecide([ids[0]], approve: false, comment: "late", by: "user:a", $1) }
        #expect(again.status == 200)
    }

    @Test func `runs are selected by status, workflow and labels`() throws {
        let world = OperationsWorld()
        let east = try world.start(Self.text) { $0.labels = ["zone": "east", "team": "a"] }
        let west = try world.start(Self.text) { $0.labels = ["zone": "west"] }
        let other = try world.start("workflow: v\nnodes: [{id: a, type: tool, config: {tool: noop}}]")
        _ = world.turn()
        world.complete(west)
        _ = world.turn()
        let reader = RunReader(store: world.store, blobs: world.blobs)
        func select(_ change: (inout RunSelection) -> Void) throws -> [RunID] {
            var selection = RunSelection()
            change(&selection)
            return try reader.select(selection).map(\.id)
        }
        #expect(try select { _ in } == [other, west, east])
        #expect(try select { $0.workflow = "w" } == [west, east])
        #expect(try select { $0.statuses = [.completed] } == [west])
        #expect(try select { $0.labels = ["zone": "east"] } == [east])
        #expect(try select { $0.labels = ["zone": "east", "team": "b"] } == [])
        #expect(try select { $0.limit = 1 } == [other])
    }
}
