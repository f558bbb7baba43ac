// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Testing

@testable import Engine

/// Fault 28: what happens first counts, and each pair has one outcome (spec 7.2, engine page 5).
@Suite struct DecisionRaceTests {
    private static let yaml = """
        workflow: ask
        nodes:
          - {id: ask, type: human, config: {title: "Go?", deadline: 1h, on_expire: reject}}
          - {id: after, type: tool, config: {tool: noop}, depends_on: [ask]}
        """

    private enum Step: String, CaseIterable {
        case approve, approveByOther, reject, claimByOther, expire, pause, cancel
    }

    /// Does it; `nil` when it was taken, else what refused it.
    private func apply(_ step: Step, to run: inout RunDriver) -> String? {
        do {
            switch step {
            case .approve: try run.answer("ask", "approve", by: "user:a")
            case .approveByOther: try run.answer("ask", "approve", by: "user:b")
            case .reject: try run.answer("ask", "reject", comment: "no", by: "user:a")
            case .claimByOther: try run.person("ask", .claim, by: "user:b")
            case .expire: try run.advance(.seconds(3601))
            case .pause: try run.send(.pause(reason: nil), by: "user:a")
            case .cancel: try run.send(.cancel(reason: nil), by: "user:a")
            }
            return nil
        } catch Refusal.closed {
            return "closed"
        } catch Refusal.state {
            return "state"
        } catch {
            return "\(error)"
        }
    }

    @Test func `fault 28: of two things that happen to a request the first one counts`() throws {
        // Choice and person that count in the end; what the second step is answered with.
        let cases: [(first: Step, second: Step, by: String?, refused: String?)] = [
            (.approve, .approve, "approve user:a", "closed"), (.approve, .approveByOther, "approve user:a", "closed"),
            (.approve, .reject, "approve user:a", "closed"), (.reject, .approve, "reject user:a", "closed"),
            (.approve, .expire, "approve user:a", nil), (.expire, .approve, "reject system", "closed"),
            (.expire, .reject, "reject system", "closed"), (.claimByOther, .approve, nil, "state"),
            (.claimByOther, .approveByOther, "approve user:b", nil), (.claimByOther, .expire, "reject system", nil),
            (.approve, .claimByOther, "approve user:a", "closed"), (.expire, .claimByOther, "reject system", "closed"),
            (.pause, .approve, "approve user:a", nil), (.pause, .expire, "reject system", nil),
            (.approve, .cancel, "approve user:a", nil), (.cancel, .approve, nil, "closed"),
            (.cancel, .claimByOther, nil, "closed"), (.cancel, .expire, nil, nil),
        ]
        for (first, second, by, refused) in cases {
            var run = try RunDriver(Self.yaml)
            #expect(apply(first, to: &run) == nil, "\(first)")
            let count = run.events.count
            let answer = apply(second, to: &run)
            #expect(answer == refused, "\(first) x \(second)")
            if refused != nil { #expect(run.events.count == count, "\(first) x \(second) wrote something") }
            let output = run.task("ask").output?.value
            let decided = output.map { "\($0["choice"]?.stringValue ?? "") \($0["by"]?.stringValue ?? "")" }
            #expect(decided == by, "\(first) x \(second)")
            let ends = run.events.count { $0.body.type == .taskCompleted && $0.task == run.ref("ask") }
            #expect(ends == (by == nil ? 0 : 1), "\(first) x \(second)")
        }
    }

    @Test func `a decision while the run is paused is taken, and takes effect at resume`() throws {
        var run = try RunDriver(Self.yaml)
        try run.send(.pause(reason: "lunch"), by: "user:a")
        try run.answer("ask", "approve")
        #expect(run.state.status == .paused && run.running.isEmpty)
        try run.send(.resume, by: "user:a")
        #expect(run.running == ["after"])

        var failed = try RunDriver(Self.yaml.replacing("{tool: noop}", with: "{tool: noop}, on_exhausted: escalate"))
        try failed.answer("ask", "approve")
        try failed.fail("after")
        try failed.send(.pause(reason: nil), by: "user:a")
        try failed.answer("after", "retry")
        #expect(failed.status("after") == .ready && failed.running.isEmpty)
        try failed.send(.resume, by: "user:a")
        #expect(failed.running == ["after"])
    }

    @Test func `cancelling a run closes its requests and their timers`() throws {
        var run = try RunDriver(Self.yaml)
        try run.person("ask", .claim)
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.events.contains { $0.body.type == .humanTaskCancelled })
        #expect(run.timers.isEmpty && run.task("ask").openRequest == nil)
    }
}
