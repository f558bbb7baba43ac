// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Pauses of workflows, projects, queues and all work (spec 3.11).
@Suite struct PauseTests {
    private static let chain = """
        workflow: w
        nodes:
          - {id: a, type: tool, config: {tool: noop}}
          - {id: pick, type: transform, config: {set: {n: 1}}, depends_on: [a]}
          - {id: b, type: tool, config: {tool: noop}, depends_on: [pick]}
        """

    @Test func `a paused scope starts nothing, finishes what is in flight and wakes what nothing else holds`() throws {
        for scope in [PauseScope.all, .workflow("w"), .project("default")] {
            let world = OperationsWorld()
            let run = try world.start(Self.chain)
            #expect(world.turn() == ["a"], "\(scope)")
            try world.ask { $0.pause(scope, reason: "moving", by: "user:a", $1) }
            let later = try world.start(Self.chain)
            #expect(world.turn() == [], "\(scope)")
            #expect(try world.state(of: later).status == .queued, "\(scope)")
            world.complete(run)
            #expect(world.turn() == [], "\(scope)")
            let state = try world.state(of: run)
            #expect(state.root.tasks.map(\.status) == [.completed, .ready, .blocked], "\(scope)")
            for id in [run, later] {
                let item = try #require(try world.explain(id).waitingFor.first)
                #expect(item.cause == .paused([Pausing(scope: scope, by: "user:a", reason: "moving")]), "\(scope)")
                let command = "baton resume " + (scope == .all ? "all" : "\(scope.kind) \(scope.name)")
                #expect(item.cause.commands(run: id) == [command])
            }
            // It outlives the process.
            world.restart()
            for _ in 0..<3 { #expect(world.turn() == [], "\(scope)") }
            let again = world.code { $0.pause(scope, reason: nil, by: "user:b", $1) }
            #expect(again == .conflict, "\(scope)")
            _ = world.begun()
            let resumed = try world.ask { $0.resume(scope, by: "user:b", $1) }
            #expect(resumed.woken == 2 && resumed.pause.by == "user:a", "\(scope)")
            #expect(world.begun() == ["a", "b"], "\(scope)")
            #expect(world.code { $0.resume(scope, by: "user:b", $1) } == .conflict, "\(scope)")
            world.complete(run)
            _ = world.turn()
            #expect(try world.state(of: run).status == .completed, "\(scope)")
        }
    }

    @Test func `a run that is paused itself and by its workflow goes on when both are resumed`() throws {
        for isRunFirst in [true, false] {
            let world = OperationsWorld()
            let run = try world.start(Self.chain)
            _ = world.turn()
            try world.ask { $0.control(run, .pause(reason: "mine"), by: "user:a", $1) }
            try world.ask { $0.pause(.workflow("w"), reason: nil, by: "user:b", $1) }
            try world.ask { $0.pause(.all, reason: nil, by: "user:c", $1) }
            world.complete(run)
            _ = world.turn()
            let item = try #require(try world.explain(run).waitingFor.first)
            guard case .paused(let pausings) = item.cause else { throw Failure() }
            #expect(pausings.map(\.by) == ["user:a", "user:c", "user:b"])
            _ = world.begun()
            if isRunFirst { try world.ask { $0.control(run, .resume, by: "user:a", $1) } }
            try world.ask { $0.resume(.workflow("w"), by: "user:b", $1) }
            #expect(world.turn() == [])
            try world.ask { $0.resume(.all, by: "user:b", $1) }
            if !isRunFirst {
                #expect(world.turn() == [] && world.begun() == [])
                try world.ask { $0.control(run, .resume, by: "user:a", $1) }
            }
            #expect(world.begun() == ["b"], "\(isRunFirst)")
        }
    }

    @Test func `other workflows and projects go on`() throws {
        let world = OperationsWorld()
        try world.ask { $0.pause(.workflow("other"), reason: nil, by: "user:a", $1) }
        try world.ask { $0.pause(.project("shop"), reason: nil, by: "user:a", $1) }
        _ = try world.start(Self.chain)
        #expect(world.turn() == ["a"])
    }

    @Test func `what is resumed while nobody drives the runs goes on when somebody does`() throws {
        let world = OperationsWorld()
        let text = """
            workflow: w
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: no, type: tool, when: "false", config: {tool: noop}, depends_on: [a]}
              - {id: ask, type: human, config: {message: m}, depends_on: [a]}
              - {id: each, type: map, depends_on: [a], config: {items: [1], body: {nodes: [{id: x, type: tool, config: {tool: noop}}]}}}
            """
        let run = try world.start(text)
        _ = world.turn()
        try world.ask { $0.pause(.all, reason: nil, by: "user:a", $1) }
        let queued = try world.start(Self.chain)
        world.complete(run)
        _ = world.turn()
        world.restart(adopts: false)
        #expect(try world.ask { $0.resume(.all, by: "user:a", $1) }.woken == 0)
        _ = world.begun()
        world.restart()
        for _ in 0..<3 { _ = world.turn() }
        #expect(world.begun() == ["a", "x"])
        let state = try world.state(of: run)
        #expect(state.root.tasks.map(\.status) == [.completed, .skipped, .waiting, .running])
        #expect(try world.state(of: queued).status == .running)
    }

    @Test func `tasks of a paused queue wait, those of others go on`() throws {
        let world = OperationsWorld()
        try world.ask { $0.pause(.queue("gpu"), reason: "hot", by: "user:a", $1) }
        try world.ask { $0.pause(.queue("http"), reason: nil, by: "user:a", $1) }
        let run = try world.start(
            """
            workflow: w
            nodes:
              - {id: a, type: tool, queue: gpu, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
              - {id: c, type: http, config: {method: GET, url: "http://x/"}}
            """
        )
        _ = world.turn()
        #expect(world.begun() == ["b"])
        let causes = try world.explain(run).waitingFor.filter { if case .paused = $0.cause { true } else { false } }
        #expect(causes.map(\.node) == ["a", "c"])
        world.restart()
        for _ in 0..<3 { _ = world.turn() }
        #expect(world.begun() == ["b"])  // It died with the process that had it.
        #expect(try world.ask { $0.resume(.queue("gpu"), by: "user:a", $1) }.woken == 1)
        #expect(world.begun() == ["a"])
        try world.ask { $0.resume(.queue("http"), by: "user:a", $1) }
        #expect(world.begun() == ["c"])
    }

    @Test func `people decide and timers fire in a held run, and both have their effect after it`() throws {
        let world = OperationsWorld()
        let run = try world.start(
            """
            workflow: w
            nodes:
              - {id: ask, type: human, config: {message: m}}
              - {id: nap, type: wait, config: {for: 5s}}
              - {id: again, type: loop, config: {max_iterations: 2, delay: 3s, body: {nodes: [{id: x, type: transform, config: {set: {n: 1}}}]}}}
              - {id: a, type: tool, config: {tool: noop}, depends_on: [ask]}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [nap]}
            """
        )
        _ = world.turn()
        try world.ask { $0.pause(.workflow("w"), reason: nil, by: "user:a", $1) }
        let request = try #require(try world.state(of: run)[TaskRef(node: 0)].openRequest)
        try world.ask { $0.decide(request.id, approve: true, comment: nil, by: "user:a", $1) }
        world.clock.advance(.seconds(10))
        for _ in 0..<3 { _ = world.turn() }
        #expect(world.begun() == [])
        let statuses = try world.state(of: run).root.tasks.map(\.status)
        #expect(statuses == [.completed, .completed, .waiting, .ready, .ready])
        try world.ask { $0.resume(.workflow("w"), by: "user:a", $1) }
        #expect(world.begun() == ["a", "b"])
        #expect(try world.state(of: run).root.tasks[2].status == .completed)
    }

    private struct Failure: Error {}
}
