// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import JSON
import Model
import Testing

@testable import Engine

/// Ports and phases: what a node sees because of its place in the graph.
@Suite struct PlaceTests {
    private static let ports = """
        workflow: ports
        on_failure: continue
        nodes:
          - {id: source, type: tool, config: {tool: noop}, outputs: {image: {type: string}}}
          - id: target
            type: transform
            ports: {image: {type: string, required: true}, replicas: {type: integer, default: 2}}
            when: ports.image != ""
            config: {set: {image: "${ ports.image }", replicas: "${ ports.replicas + 1 }"}}
          - {id: call, type: tool, config: {tool: noop, args: {image: "${ upper(ports.image) }"}}, ports: {image: {}}}
        edges:
          - {from: source.image, to: target.image}
          - {from: source.image, to: call.image}
        """

    @Test func `a bound port is what the source gave, an unbound one its default`() throws {
        var run = try RunDriver(Self.ports)
        try run.complete("source", ["image": "app:1"])
        #expect(run.task("target").output?.value == ["image": "app:1", "replicas": 3])
        let scope = run.state.snapshot(
            for: [try CELExpression("upper(ports.image)")],
            at: run.now,
            extra: run.state.locals(of: TaskRef(node: 2))
        )
        #expect(try CELExpression("upper(ports.image)").json(in: scope) == "APP:1")
    }

    @Test func `a source that completes without the value fails what needs it`() throws {
        var run = try RunDriver(Self.ports)
        try run.complete("source", ["picture": "app:1"])
        #expect(run.status("target") == .failed)
        #expect(run.task("target").error?.code == "port.missing")
        #expect(run.task("call").error?.code == "port.missing")
    }

    private static let phases = """
        workflow: phases
        nodes:
          - {id: a, type: tool, phase: build, config: {tool: noop}, continue_on_failure: true}
          - {id: b, type: tool, phase: build, config: {tool: noop}, depends_on: [a], continue_on_failure: true}
          - {id: good, type: tool, config: {tool: noop}, depends_on: [b], when: phases.build.success}
          - {id: bad, type: tool, config: {tool: noop}, depends_on: [b], when: 'phases.build.status == "failed"'}
        """

    @Test func `a phase is successful when all of it completed`() throws {
        var run = try RunDriver(Self.phases)
        try run.complete("a")
        try run.complete("b")
        #expect(run.status("good") == .running && run.status("bad") == .skipped)
    }

    @Test func `a phase has failed when one of its nodes did`() throws {
        var run = try RunDriver(Self.phases)
        try run.fail("a")
        try run.complete("b")
        #expect(run.status("good") == .skipped && run.status("bad") == .running)
    }
}
