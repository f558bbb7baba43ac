// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// `wave_mode: barrier` and `limits.max_events`.
@Suite struct WaveTests {
    @Test func `under a barrier a wave begins when all before it have ended`() throws {
        var run = try RunDriver(
            """
            workflow: w
            wave_mode: barrier
            nodes:
              - {id: a, type: tool, config: {tool: noop}}
              - {id: slow, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [a]}
              - {id: no, type: tool, when: "false", config: {tool: noop}, depends_on: [a]}
              - {id: c, type: transform, config: {set: {n: 1}}, depends_on: [b]}
              - {id: any, type: tool, join: any, config: {tool: noop}, depends_on: [a, c]}
            """
        )
        #expect(run.running == ["a", "slow"])
        try run.complete("a")
        #expect(run.statuses == "a:completed slow:running b:blocked no:blocked c:blocked any:blocked")
        #expect(run.state.waitCause(of: run.ref("b")) == .wave(1, waitsFor: ["slow"]))
        try run.restart()
        #expect(run.running == ["slow"])
        try run.complete("slow")
        #expect(run.statuses == "a:completed slow:completed b:running no:skipped c:blocked any:blocked")
        try run.complete("b")
        #expect(run.running == ["any"] && run.status("c") == .completed)
        try run.complete("any")
        #expect(run.state.status == .completed)
    }

    @Test func `a failure under a barrier drains its wave and is tried again in it`() throws {
        var run = try RunDriver(
            """
            workflow: w
            wave_mode: barrier
            nodes:
              - {id: a, type: tool, retry: {max_attempts: 1}, config: {tool: noop}}
              - {id: slow, type: tool, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}, depends_on: [slow]}
            """
        )
        try run.fail("a")
        #expect(run.state.status == .running && run.status("b") == .blocked)
        try run.complete("slow")
        #expect(run.state.status == .failed && run.status("b") == .cancelled)
        try run.send(.retry([]), by: "user:a")
        #expect(run.running == ["a"] && run.status("b") == .blocked)
        try run.complete("a")
        #expect(run.running == ["b"])
    }

    @Test func `spec 10.3: each wave is told when it begins and when it has ended, and again when it is done again`()
        throws
    {
        func told(_ run: RunDriver) -> [WaveEvent] {
            run.events.compactMap { if case .wave(let event) = $0.body { event } else { nil } }
        }
        let nodes = """
            nodes:
              - {id: a, type: tool, retry: {max_attempts: 1}, config: {tool: noop}}
              - {id: b, type: tool, config: {tool: noop}}
              - {id: c, type: transform, config: {set: {n: 1}}, depends_on: [b]}
              - {id: d, type: tool, config: {tool: noop}, depends_on: [c]}
            """
        var run = try RunDriver("workflow: w\nwave_mode: barrier\n\(nodes)")
        let first: [WaveEvent] = [
            .started(0, [.blocked: 2]), .completed(0, [.completed: 2]), .started(1, [.blocked: 1]),
            .completed(1, [.completed: 1]), .started(2, [.blocked: 1]),
        ]
        #expect(told(run) == [first[0]])
        #expect(run.events.prefix(3).map(\.body.type) == [.runQueued, .runStarted, .waveStarted])
        try run.complete("a")
        try run.restart()
        try run.complete("b")
        #expect(told(run) == first)
        try run.complete("d")
        #expect(told(run) == first + [.completed(2, [.completed: 1])] && run.state.status == .completed)

        run = try RunDriver("workflow: w\nwave_mode: barrier\n\(nodes)")
        try run.complete("b")
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(told(run) == [first[0]], "a wave that is cut off does not complete")
        try run.send(.retry([]), by: "user:a")
        try run.fail("a")
        #expect(told(run).dropFirst() == [.completed(0, [.failed: 1, .completed: 1]), .started(1, [.blocked: 1])])
        try run.send(.retry([]), by: "user:a")
        #expect(told(run).last == .started(0, [.blocked: 1, .completed: 1]) && run.running == ["a"])
        try run.complete("a")
        try run.complete("d")
        #expect(run.state.status == .completed)
        #expect(
            told(run).suffix(5) == [.completed(0, [.completed: 2])] + first.suffix(3) + [.completed(2, [.completed: 1])]
        )
        run = try RunDriver("workflow: w\n\(nodes)")
        try run.complete("a")
        try run.complete("b")
        #expect(told(run).isEmpty, "without a barrier there is nothing to tell")
    }

    @Test func `a run with more events than it may have fails, and says both numbers`() throws {
        var run = try RunDriver(
            """
            workflow: w
            limits: {max_events: 20}
            nodes:
              - {id: again, type: loop, config: {max_iterations: 100, while: "true", body: {nodes: [{id: x, type: tool, config: {tool: noop}}]}}}
            """
        )
        var passes = 0
        while !run.state.status.isTerminal, passes < 50 {
            passes += 1
            try run.complete(try #require(run.running.first))
        }
        #expect(run.state.status == .failed && run.state.error?.code == "events.exceeded")
        #expect(run.state.error?.message.contains("`limits.max_events` is 20") == true)
        #expect(run.log.count < 30)
        #expect(passes > 2 && passes < 10)
    }
}
