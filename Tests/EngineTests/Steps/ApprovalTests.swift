// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Store
import Testing

@testable import Engine

/// Calls that a person approves before they are made (spec 7.2, 8.4).
@Suite struct ApprovalTests {
    private let approval = CallApproval(call: "1/0", tool: "t", arguments: ["n": 1], rule: "approve_tools has t")

    private func request(_ world: QuotaWorld) throws -> HumanTaskRow {
        try #require(world.store.humanTasks(HumanTaskFilter()).first { $0.status.isPending })
    }

    @discardableResult
    private func decide(_ world: QuotaWorld, approve: Bool, _ comment: String? = nil) throws -> HumanTaskID {
        let id = try request(world).id
        world.engine.decide(id, approve: approve, comment: comment, by: "user:ann") { _ in }
        world.turn()
        return id
    }

    @Test func `a task waits for a person, and the decision comes with the steps of the attempt that asked`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a"], "retry: {max_attempts: 2, delay: 1s, jitter: 0}, ")
        world.turn()
        let call = StepChange.begin(.model, name: "m", request: "x")
        _ = try world.record("a", [call]).get()
        _ = try world.record("a", [.end(1, result: "y")]).get()
        try world.end("a", .asks(approval))
        world.turn()
        #expect(try world.state(of: run).status == .waiting && world.state(of: run).waitReason == .human)
        let cause = try #require(try world.cause(of: run, "a"))
        guard case .human(let human) = cause else { return #expect(Bool(false), "\(cause)") }
        #expect(human.request.purpose == .call && human.request.kind == .approval && human.commands.count == 2)
        let row = try request(world)
        #expect(row.title == "`a` wants to call t" && row.node == "a" && row.assignees == ["owner"])
        #expect(
            row.details.subject == [
                "tool": "t", "arguments": ["n": 1], "sha256": .string(approval.sha256), "rule": "approve_tools has t",
                "call": "1/0",
            ]
        )
        // Death at any time: nothing runs, and the request is still there.
        world.restart()
        #expect(world.run(for: .seconds(3600)).isEmpty && world.open.isEmpty)
        try decide(world, approve: true)
        world.restart()
        world.runUntilAttempt()
        let attempt = try #require(world.open.first)
        let consent = try #require(approval.consent(in: attempt.consents))
        #expect(consent.isApproved && consent.by == "user:ann" && attempt.steps.count == 1)
        // It is spent with the call, once.
        let begin = StepChange.begin(.tool, name: "t", request: ["n": 1], consent: consent.request)
        #expect(throws: EngineError.self) { try world.record("a", [begin, begin]).get() }
        _ = try world.record("a", [begin]).get()
        #expect(throws: EngineError.self) { try world.record("a", [begin]).get() }
        _ = try world.record("a", [.end(2, result: 1)]).get()
        // The attempt that asked is none that counts: a failure leaves one more.
        try world.end("a", .failed(TaskError(code: "provider.limited", errorClass: .upstream, message: "busy")))
        _ = world.run(for: .seconds(20))
        #expect(world.open.first?.consents == [] && world.open.first?.steps.count == 2)
        try world.end("a", .completed(1))
        world.turn()
        #expect(try world.state(of: run).status == .completed && world.state(of: run).steps.isEmpty)
        #expect(world.leftOver.isEmpty)
        let types = try world.events(of: run).map(\.body.type)
        #expect(types.contains(.humanTaskOpened) && types.contains(.humanTaskResolved) && types.contains(.toolDecided))
    }

    @Test func `a decision holds for exactly these arguments`() {
        let consent = CallConsent(
            request: HumanTaskID(high: 1, low: 1),
            call: "1/0",
            sha256: approval.sha256,
            isApproved: true,
            by: "user:ann",
            comment: nil
        )
        for (call, tool, arguments, holds) in [
            ("1/0", "t", ["n": 1], true), ("1/0", "t", ["n": 2], false), ("1/0", "u", ["n": 1], false),
            ("1/1", "t", ["n": 1], false), ("3/0", "t", ["n": 1], false), ("1/0", "t", ["n": 1, "m": nil], false),
            ("1/0", "t", ["n": 1.0], true),
        ] as [(String, String, JSONValue, Bool)] {
            let other = CallApproval(call: call, tool: tool, arguments: arguments, rule: "another")
            #expect((other.consent(in: [consent]) != nil) == holds, "\(call) \(tool) \(arguments)")
        }
    }

    @Test func `who says no says why, and decides once`() throws {
        let world = QuotaWorld()
        _ = try world.start(nodes: ["a"])
        world.turn()
        try world.end("a", .asks(approval))
        world.turn()
        try decide(world, approve: false)
        #expect(try request(world).status.isPending, "a reason is needed")
        let id = try decide(world, approve: false, "too dear")
        world.runUntilAttempt()
        let consent = try #require(world.open.first?.consents.first)
        #expect(!consent.isApproved && consent.refusal.code == "human_task.rejected")
        #expect(consent.refusal.message == "user:ann did not approve the call: too dear")
        world.engine.decide(id, approve: true, comment: nil, by: "user:bob") { result in
            guard case .failure(let error) = result else {
                Issue.record("twice")
                return
            }
            #expect(error.code == .humanTaskClosed)
        }
        world.turn()
    }

    @Test func `decisions survive a snapshot, and a run that ends takes its requests with it`() throws {
        let world = QuotaWorld()
        let run = try world.start(nodes: ["a", "b"])
        world.turn()
        try world.end("a", .asks(approval))
        world.turn()
        try decide(world, approve: true)
        let state = try world.state(of: run)
        let again = try decode(SnapshotEncoder.encode(state).bytes, state.graph)
        #expect(again.steps == state.steps && again.steps.values.first?.consents.count == 1)
        try world.end("b", .asks(approval))
        world.turn()
        let open = try request(world)
        let waiting = try world.state(of: run)
        #expect(try decode(SnapshotEncoder.encode(waiting).bytes, state.graph) == waiting)
        world.control(run, .cancel(reason: nil))
        world.turn()
        #expect(world.store.humanTask(open.id)?.status == .cancelled)
    }
}
