// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Signals (spec 6.5) and updates of a run.
@Suite struct SignalTests {
    private static func waiting(_ rest: String) -> String {
        """
        workflow: w
        inputs: {order: {type: string, default: o1}}
        nodes:
          - {id: first, type: tool, config: {tool: noop}}
          - {id: paid, type: wait, depends_on: [first], config: {signal: {type: payment\(rest)}}
        """
    }

    private static func signal(_ dedupeKey: String, _ payload: JSONValue = .null, key: String? = nil) -> Command {
        .signal(RunSignal(dedupeKey: dedupeKey, type: "payment", key: key, payload: Payload(inline: payload)))
    }

    @Test func `a signal ends the wait for its type`() throws {
        var run = try RunDriver(Self.waiting("}"))
        try run.complete("first")
        #expect(run.state.status == .waiting)
        #expect(run.state.waitReason == .signal)
        #expect(run.state.waitCause(of: run.ref("paid")) == .signal(type: "payment", key: nil, until: nil))
        try run.send(Self.signal("a", ["amount": 5]), by: "user:a")
        #expect(run.task("paid").output?.value["signal"] == ["amount": 5])
        #expect(run.state.status == .completed)
    }

    @Test func `a signal that comes before its wait is kept for seven days`() throws {
        var early = try RunDriver(Self.waiting("}"))
        try early.send(Self.signal("a", 1))
        try early.advance(.seconds(6 * 24 * 3600))
        try early.complete("first")
        #expect(early.state.status == .completed)

        var late = try RunDriver(Self.waiting("}"))
        try late.send(Self.signal("a", 1))
        try late.advance(.seconds(8 * 24 * 3600))
        try late.complete("first")
        #expect(late.state.status == .waiting)
    }

    @Test func `the same signal twice counts once, and one ends one wait`() throws {
        var run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: one, type: wait, config: {signal: {type: payment}}}
              - {id: two, type: wait, config: {signal: {type: payment}}}
            """
        )
        try run.send(Self.signal("a", 1))
        let events = run.events.count
        try run.send(Self.signal("a", 2))
        #expect(run.events.count == events)
        #expect(run.statuses == "one:completed two:waiting")
        try run.send(Self.signal("b", 2))
        #expect(run.task("two").output?.value["signal"] == 2)
        #expect(throws: Refusal.state("\(run.state.id) is completed and takes no signals")) {
            try run.send(Self.signal("c"))
        }
    }

    @Test func `key and condition say which signal is waited for`() throws {
        var run = try RunDriver(
            Self.waiting(", key: '${ inputs.order }', where: signal.amount > 10}"),
            inputs: ["order": "o1"]
        )
        try run.complete("first")
        try run.send(Self.signal("a", ["amount": 50], key: "o2"))
        try run.send(Self.signal("b", ["amount": 5], key: "o1"))
        try run.send(Self.signal("c", "no number", key: "o1"))
        #expect(run.status("paid") == .waiting)
        try run.send(Self.signal("d", ["amount": 11], key: "o1"))
        #expect(run.task("paid").output?.value["signal"] == ["amount": 11])
    }

    @Test func `without a signal in time the wait fails, or goes on without`() throws {
        var fails = try RunDriver(Self.waiting("}, timeout: 1h"))
        try fails.complete("first")
        try fails.advance(.seconds(3600))
        #expect(fails.task("paid").error?.code == "signal.timeout")
        var goesOn = try RunDriver(Self.waiting("}, timeout: 1h, on_timeout: continue"))
        try goesOn.complete("first")
        try goesOn.advance(.seconds(3600))
        #expect(goesOn.task("paid").output?.value["signal"] == .null)
        #expect(goesOn.state.status == .completed)
    }

    @Test func `a signal node sends once per task, with a key of its own`() throws {
        let run = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: tell, type: signal, config: {type: payment, to: "workflow:orders#o1", payload: {amount: 3}}}
            """
        )
        #expect(run.sent.first?.target == .workflow(name: "orders", key: "o1"))
        #expect(run.sent.first?.signal.dedupeKey == "\(run.state.id)/tell")
        #expect(run.sent.first?.signal.key == "o1")
        #expect(run.task("tell").output?.value == ["delivered": 2])
    }

    @Test func `an update changes priority, labels, deadline and variables of an open run`() throws {
        var run = try RunDriver(Self.waiting("}"))
        let deadline = run.now + .seconds(60)
        try run.send(.update(RunUpdate(priority: 5, labels: ["team": "a"], deadline: deadline, variables: ["x": 1])))
        #expect(run.state.priority == 5)
        #expect(run.state.labels == ["team": "a"])
        try run.send(.update(RunUpdate(labels: ["team": ""])))
        #expect(run.state.labels.isEmpty)
        for wrong in [RunUpdate(priority: 1001), RunUpdate(labels: ["": "x"])] {
            #expect(throws: Refusal.self) { try run.send(.update(wrong)) }
        }
        try run.advance(.seconds(60))
        #expect(run.state.error?.code == "deadline.exceeded")
    }
}
