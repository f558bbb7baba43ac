// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Patches that nodes make, and people who look at them first (spec 5.1, 7.1).
@Suite struct PatchReviewTests {
    private static func document(_ head: String, right: String = "true") -> String {
        """
        workflow: w
        \(head)
        nodes:
          - {id: plan, type: agent, config: {agent: helper, prompt: p, can_patch: \(right)}}
          - {id: next, type: tool, config: {tool: noop}, depends_on: [plan]}
          - {id: other, type: tool, config: {tool: noop}}
        """
    }

    private static let insert: JSONValue = [
        PatchTests.add("x", after: ["plan"]), PatchTests.replace("next", after: ["x"]),
    ]

    private static func agents(_ count: Int, _ prefix: String) -> JSONValue {
        .array(
            (0..<count).map { number in
                let node: JSONValue = [
                    "id": .string("\(prefix)\(number)"), "type": "agent", "depends_on": ["plan"],
                    "config": ["agent": "helper", "prompt": "p"],
                ]
                return ["op": "add", "path": "/nodes/-", "value": node]
            }
        )
    }

    @Test func `a node with can_patch changes the graph, once for each key however often it is tried`() throws {
        var run = try RunDriver(Self.document(""))
        let first = try run.patch(.operations(Self.insert), by: "plan", key: "one")
        #expect(first.status == .applied && first.details.author == "task:plan" && first.details.depth == 1)
        try run.crash("plan")
        #expect(try run.patch(.operations(Self.insert), by: "plan", key: "one") == first)
        try run.complete("plan")
        for node in ["x", "next", "other"] { try run.complete(node) }
        #expect(run.state.status == .completed)
        #expect(run.events.count { $0.body.type == .graphPatched } == 1)
    }

    @Test func `rights and caps hold for nodes`() throws {
        let right = "{max_agent_nodes: 3, paths: [/nodes/-]}"
        var run = try RunDriver(Self.document("limits: {max_agent_nodes: 4}", right: right))
        func refused(_ operations: JSONValue, _ code: String) throws {
            let record = try run.patch(.operations(operations), by: "plan")
            #expect(record.status == .rejected && record.findings.map(\.code).contains(code), "\(record.findings)")
        }
        try refused(Self.agents(4, "p"), "E505")
        try refused([["op": "replace", "path": "/description", "value": "x"]], "E502")
        try refused([["op": "add", "path": "/description", "value": "x"]], "E506")
        try refused([PatchTests.replace("next", after: ["plan"], ["priority": 3])], "E506")
        #expect(try run.patch(.operations(Self.agents(3, "p")), by: "plan").status == .applied)
        try refused(Self.agents(1, "q"), "E505")
        let other = try run.patch(.operations([PatchTests.add("y")]), by: "other")
        #expect(other.findings.map(\.code) == ["E506"])
        try run.complete("plan")
        #expect(run.running == ["other", "p0", "p1", "p2", "next"] || run.running.count == 5)
    }

    @Test func `with review only what is behind the author waits, and the approved bytes apply`() throws {
        var run = try RunDriver(Self.document("patch_review: human"))
        let record = try run.patch(.operations(Self.insert), by: "plan")
        #expect(record.status == .proposed && record.review != nil)
        try run.complete("plan")
        #expect(run.running == ["other"] && run.status("next") == .blocked)
        let cause = try #require(run.state.waitCause(of: run.ref("next")))
        #expect(cause.kind == "patch" && cause.sentence(now: run.now).contains("patch 1 by task:plan"))
        try run.complete("other")
        #expect(run.state.status == .waiting && run.state.waitReason == .human)
        // Something else changes in between; the approved operations are checked against what is there then.
        try run.patch(.operations([PatchTests.add("y", after: ["other"])]))
        try run.decide(2, "approve")
        try run.complete("y")
        try run.restart()
        try run.decide(1, "approve")
        #expect(run.running == ["x"] && run.state.patches[1]?.status == .applied)
        #expect(run.state.patches.all.map(\.number) == [2, 1])
        try run.complete("x")
        try run.complete("next")
        #expect(run.state.status == .completed)
    }

    @Test func `a refused patch lets what waited go on as it was, and one that does not fit any more is rejected`()
        throws
    {
        var run = try RunDriver(Self.document("patch_review: human"))
        try run.patch(.operations(Self.insert), by: "plan")
        try run.complete("plan")
        try run.decide(1, "reject")
        #expect(run.state.patches[1]?.status == .rejected && run.running == ["next", "other"])
        #expect(run.state.graph.index(of: "x") == nil)

        var other = try RunDriver(Self.document("patch_review: human"))
        try other.patch(.operations(Self.insert), by: "plan")
        try other.patch(.operations([PatchTests.add("x")]))
        try other.decide(2, "approve")
        try other.decide(1, "approve")
        #expect(other.state.patches[1]?.status == .rejected && !(other.state.patches[1]?.findings.isEmpty ?? true))
        try other.complete("plan")
        #expect(other.running.contains("next"))
    }

    @Test func `small patches apply at once, large ones are looked at, and the newest of a node counts`() throws {
        var run = try RunDriver(Self.document("patch_review: {auto_below: {nodes: 2}}"))
        #expect(try run.patch(.operations([PatchTests.add("x", after: ["plan"])]), by: "plan").status == .applied)
        let two: JSONValue = [PatchTests.add("y", after: ["plan"]), PatchTests.add("z", after: ["plan"])]
        #expect(try run.patch(.operations(two), by: "plan").status == .proposed)
        #expect(try run.patch(.operations(two), by: "plan", key: "again").status == .proposed)
        #expect(run.state.patches[2]?.status == .superseded)
        try run.send(.cancel(reason: nil))
        #expect(run.state.patches[3]?.status == .superseded)
        #expect(run.events.count { $0.body.type == .humanTaskCancelled } == 2)
    }

    @Test func `the last node may propose more, and the run waits for the answer`() throws {
        var run = try RunDriver(
            """
            workflow: w
            patch_review: human
            nodes: [{id: plan, type: agent, config: {agent: helper, prompt: p, can_patch: true}}]
            """
        )
        try run.patch(.operations([PatchTests.add("x", after: ["plan"])]), by: "plan")
        try run.complete("plan")
        #expect(run.state.status == .waiting)
        #expect(Explanation(run.state, now: run.now).waitingFor.map(\.cause.kind) == ["patch"])
        try run.decide(1, "approve")
        #expect(run.running == ["x"])
        try run.complete("x")
        #expect(run.state.status == .completed)
    }

    @Test func `people may ask for a review too, and nothing waits for it`() throws {
        var run = try RunDriver(Self.document(""))
        #expect(try run.patch(.operations(Self.insert), asksFirst: true).status == .proposed)
        try run.complete("plan")
        #expect(run.running == ["next", "other"])
        try run.complete("next")
        try run.complete("other")
        #expect(run.state.status == .completed && run.state.patches[1]?.status == .superseded)
    }

    @Test func `spec 5.1: the review policy holds for patches by people too, and nothing waits for those`() throws {
        let two: JSONValue = [PatchTests.add("y", after: ["other"]), PatchTests.add("z", after: ["other"])]
        for (policy, isReviewed) in [("human", true), ("{auto_below: {nodes: 2}}", true), ("auto", false)] {
            var run = try RunDriver(Self.document("patch_review: \(policy)"))
            let record = try run.patch(.operations(two))
            #expect(record.status == (isReviewed ? .proposed : .applied), "\(policy)")
            #expect(record.details.author == "user:test", "\(policy)")
            try run.complete("plan")
            #expect(run.status("next") == .running, "\(policy)")
            if isReviewed { try run.decide(1, "approve") }
            try run.complete("other")
            #expect(Set(run.running) == ["next", "y", "z"], "\(policy)")
        }
        var small = try RunDriver(Self.document("patch_review: {auto_below: {nodes: 2}}"))
        #expect(try small.patch(.operations([PatchTests.add("x")])).status == .applied)
    }
}
