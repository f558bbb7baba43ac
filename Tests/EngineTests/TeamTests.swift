// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// Several agents that work on one task (spec 8.3).
@Suite struct TeamTests {
    private static func run(
        _ config: String,
        node: String = "",
        top: String = "",
        seed: UInt64 = 1
    ) throws -> RunDriver {
        try RunDriver(document(config, node: node, top: top), seed: seed)
    }

    private static func document(_ config: String, node: String = "", top: String = "") -> String {
        """
        workflow: w
        \(top)
        outputs: {a: "${ nodes.a.output }", info: "${ nodes.a.info }"}
        nodes: [{id: a, type: agent, \(node)config: {prompt: Go., \(config)}}]
        """
    }

    private static let three = "agents: [ann, bob, cat]"

    private static func says(_ text: String) -> JSONValue { ["text": .string(text), "data": nil] }

    /// What the task sees of those it works with.
    private func seen(_ run: RunDriver, _ name: String) -> JSONValue {
        let task = run.ref(name)
        return run.state.participant(run.state.scope(task.scope)?.number ?? 0, of: run.ref("a"))
    }

    @Test func `in a sequence each sees what the one before gave, and all results are known`() throws {
        for (strategy, key) in [("", "previous_result"), (", strategy: pipeline", "input")] {
            var run = try Self.run(Self.three + strategy)
            #expect(run.running == ["a:agent[0]"] && run.state.agent(of: run.ref("a:agent[0]")) == "ann")
            #expect(seen(run, "a:agent[0]") == ["agent": "ann", "team": nil])
            try run.complete("a:agent[0]", 1)
            #expect(run.running == ["a:agent[1]"])
            #expect(seen(run, "a:agent[1]") == ["agent": "bob", "team": [key: ["agent": "ann", "output": 1]]])
            try run.complete("a:agent[1]", 2)
            try run.complete("a:agent[2]", 3)
            #expect(run.state.outputs?.value["a"] == 3, "\(run.statuses)")
            let results = run.state.outputs?.value["info"]?["results"]?.arrayValue?.compactMap { $0["output"] }
            #expect(results == [1, 2, 3] && run.state.inner.isEmpty && run.state.teams.isEmpty)
        }
        var failed = try Self.run(Self.three)
        try failed.complete("a:agent[0]", 1)
        try failed.fail("a:agent[1]", code: "agent.rounds")
        #expect(failed.state.status == .failed && failed.task("a").error?.code == "agent.rounds")
        #expect(failed.task("a").error?.message.hasPrefix("agent `bob` failed: ") == true)
    }

    @Test func `in parallel all work at once, and fail together unless some are enough`() throws {
        var run = try Self.run("\(Self.three), strategy: parallel")
        #expect(run.running == ["a:agent[0]", "a:agent[1]", "a:agent[2]"])
        for (seat, output) in [(2, 3), (0, 1), (1, 2)] { try run.complete("a:agent[\(seat)]", .int(Int64(output))) }
        #expect(run.state.outputs?.value["a"] == ["ann": 1, "bob": 2, "cat": 3])

        var failed = try Self.run("\(Self.three), strategy: parallel")
        try failed.fail("a:agent[1]")
        #expect(failed.status("a") == .failed && failed.stopped == ["a:agent", "a:agent"])

        var borne = try Self.run("agents: [ann, ann, cat], strategy: parallel, min_succeeded: 2")
        try borne.fail("a:agent[2]")
        #expect(borne.status("a") == .running)
        try borne.complete("a:agent[0]", 1)
        try borne.complete("a:agent[1]", 2)
        #expect(borne.state.outputs?.value["a"] == ["ann": 1, "ann_2": 2])
        #expect(borne.state.outputs?.value["info"]?["failed"]?[0]?["agent"] == "cat")
    }

    @Test func `the first that succeeds wins a race, and the others are stopped`() throws {
        var run = try Self.run("\(Self.three), strategy: race")
        try run.fail("a:agent[0]")
        #expect(run.status("a") == .running)
        try run.complete("a:agent[2]", 3)
        #expect(run.state.outputs?.value["a"] == 3 && run.stopped == ["a:agent"])
        #expect(run.state.outputs?.value["info"]?["winner"] == "cat")
        var failed = try Self.run("\(Self.three), strategy: race")
        for seat in 0...2 { try failed.fail("a:agent[\(seat)]") }
        #expect(failed.state.status == .failed)
    }

    @Test func `votes are counted by equal answers; without a majority a person decides`() throws {
        for (answers, threshold, winner) in [
            (["x", " x ", "y"], "", "x"), (["y", "x", "x"], "", "x"), (["x", "y", "z"], "", nil),
            (["x", "y", "-"], "", nil), (["x", "x", "-"], "", "x"), (["x", "-", "-"], "", nil),
            (["x", "-", "-"], ", threshold: 0.3", "x"), (["x", "x", "y"], ", threshold: 0.7", nil),
        ] as [([String], String, String?)] {
            var run = try Self.run("\(Self.three), strategy: vote\(threshold)")
            for (seat, answer) in answers.enumerated() {
                if answer == "-" {
                    try run.fail("a:agent[\(seat)]")
                } else {
                    try run.complete("a:agent[\(seat)]", Self.says(answer))
                }
            }
            guard let winner else {
                #expect(run.status("a") == .needsReview && run.state.waitReason == .human, "\(answers)")
                #expect(run.task("a").error?.code == "agent.undecided")
                try run.answer("a", "take_over", values: ["result": "mine"])
                #expect(run.state.outputs?.value["a"] == "mine", "\(answers)")
                continue
            }
            let text = run.state.outputs?.value["a"]?["text"]?.stringValue
            #expect(text?.contains(winner) == true, "\(answers): \(run.statuses)")
        }
        var data = try Self.run("\(Self.three), strategy: vote")
        try data.complete("a:agent[0]", ["text": "{\"n\":1}", "data": ["n": 1]])
        try data.complete("a:agent[1]", ["text": "{ \"n\": 1 }", "data": ["n": 1]])
        try data.fail("a:agent[2]")
        #expect(data.state.outputs?.value["a"]?["data"] == ["n": 1])
        #expect(data.state.outputs?.value["info"]?["answers"]?[0]?["agents"] == ["ann", "bob"])
    }

    @Test func `those who have to agree see the other answers and answer again`() throws {
        var run = try Self.run("agents: [ann, bob], strategy: consensus, rounds: 1")
        try run.complete("a:agent[0]", "x")
        try run.complete("a:agent[1]", "y")
        #expect(run.running == ["a:agent[2]", "a:agent[3]"])
        let answers: JSONValue = [["agent": "ann", "output": "x"], ["agent": "bob", "output": "y"]]
        #expect(
            seen(run, "a:agent[3]") == ["agent": "bob", "team": ["round": 1, "answers": answers, "own": "bob"]],
            "\(seen(run, "a:agent[3]").text)"
        )
        var disagreeing = run
        try run.complete("a:agent[2]", "y")
        try run.complete("a:agent[3]", "y")
        #expect(run.state.outputs?.value["a"] == "y" && run.state.outputs?.value["info"]?["rounds"] == 1)
        try disagreeing.complete("a:agent[2]", "y")
        try disagreeing.complete("a:agent[3]", "x")
        #expect(disagreeing.status("a") == .needsReview)
        // They may try once more, with what a person says.
        try disagreeing.answer("a", "retry", values: ["guidance": "Think of z."])
        #expect(disagreeing.running == ["a:agent[0]", "a:agent[1]"])
        #expect(disagreeing.state.guidance(of: disagreeing.ref("a:agent[1]")) == ["Think of z."])
        try disagreeing.complete("a:agent[0]", "z")
        try disagreeing.complete("a:agent[1]", "z")
        #expect(disagreeing.state.outputs?.value["a"] == "z")
        var failed = try Self.run("agents: [ann, bob], strategy: consensus")
        try failed.fail("a:agent[0]")
        #expect(failed.state.status == .failed)
    }

    @Test func `each is tried again by itself, and goes on after the process died`() throws {
        var run = try Self.run(
            "\(Self.three), strategy: parallel",
            node: "retry: {max_attempts: 2, delay: 1s, jitter: 0}, "
        )
        try run.fail("a:agent[0]", .transient)
        try run.complete("a:agent[1]", 2)
        try run.restart()
        try run.advance(.seconds(2))
        #expect(run.task("a:agent[0]").attempts == 2)
        try run.complete("a:agent[0]", 1)
        try run.complete("a:agent[2]", 3)
        #expect(run.state.outputs?.value["a"] == ["ann": 1, "bob": 2, "cat": 3])
        #expect(run.task("a").attempts == 1, "as a whole it is not")
        var failing = try Self.run(
            "\(Self.three), strategy: parallel",
            node: "retry: {max_attempts: 2, delay: 1s, jitter: 0}, "
        )
        try failing.fail("a:agent[0]", .transient)
        try failing.advance(.seconds(2))
        try failing.fail("a:agent[0]", .transient)
        #expect(failing.state.status == .failed)
    }

    @Test func `a pause between two of a sequence holds the next one back`() throws {
        var run = try Self.run(Self.three)
        try run.send(.pause(reason: nil), by: "user:a")
        try run.complete("a:agent[0]", 1)
        #expect(run.running.isEmpty && run.state.status == .paused)
        try run.send(.resume, by: "user:a")
        #expect(run.running == ["a:agent[1]"])
        try run.send(.cancel(reason: nil), by: "user:a")
        #expect(run.state.status == .cancelled && run.stopped == ["a:agent"])
    }

    @Test func `agents are chosen when the task begins, once, also over a restart`() throws {
        var run = try Self.run("match: {capabilities: [art], max_agents: 2}, strategy: parallel")
        #expect(run.running == ["a:agent[0]"] && run.state.teams[run.ref("a")]?.agents == ["ann"])
        #expect(run.events.contains { $0.body == .team(.formed(agents: ["ann"], basis: ["why": "test"])) })
        try run.restart()
        try run.complete("a:agent[0]", 1)
        #expect(run.state.outputs?.value["a"] == ["ann": 1])

        var late = try RunDriver(
            """
            workflow: w
            nodes:
              - {id: first, type: tool, config: {tool: noop}}
              - {id: a, type: agent, depends_on: [first], config: {match: {capabilities: [art]}, prompt: Go.}}
            """
        )
        late.choosesByItself = false
        try late.complete("first")
        #expect(late.status("a") == .running && late.choices.count == 1 && late.state.teams.isEmpty)
        // Whoever was asked has died; somebody else is asked.
        try late.restart()
        try late.send(.reloadItems(task: late.ref("a")))
        #expect(late.choices.count == 2)
        late.choice = .failure(TaskError(code: "agent.unavailable", errorClass: .permanent, message: "nobody"))
        late.choosesByItself = true
        try late.send(.proceed)
        #expect(late.state.status == .failed && late.task("a").error?.code == "agent.unavailable")

        var one = try Self.run("match: {capabilities: [art]}")
        try one.complete("a:agent[0]", ["text": "done", "data": nil])
        #expect(one.state.outputs?.value["a"]?["text"] == "done", "one agent gives what it gives alone")
    }

    @Test func `teams work within maps, where their places are those of items and seats`() throws {
        var run = try RunDriver(
            """
            workflow: w
            outputs: {all: "${ nodes.all.output.results }"}
            nodes:
              - id: all
                type: map
                config:
                  items: [1, 2]
                  body:
                    nodes: [{id: a, type: agent, config: {agents: [ann, bob], strategy: parallel, prompt: "Do ${ item }"}}]
            """
        )
        #expect(run.running == ["a:agent[0.0]", "a:agent[0.1]", "a:agent[1.0]", "a:agent[1.1]"])
        for (number, name) in run.running.enumerated() { try run.complete(name, .int(Int64(number))) }
        #expect(run.state.outputs?.value["all"] == [["ann": 0, "bob": 1], ["ann": 2, "bob": 3]])
        #expect(run.state.infos.isEmpty, "what is known of items goes with them")
    }

    @Test func `what says how agents work together has to fit`() throws {
        for (config, word) in [
            ("agent: ann, strategy: race", "belongs to `agents`"), ("agents: [ann], threshold: 0.6", "strategy: vote"),
            ("agents: [ann, bob], strategy: parallel, min_succeeded: 3", "only 2 agents"),
            ("agents: [ann, dan]", "unknown agent `dan`"), ("match: {capabilities: [song]}", "no agent covers `song`"),
            ("agents: [ann], strategy: vote, rounds: 1", "strategy: consensus"),
        ] {
            do {
                _ = try compile(Self.document(config))
                #expect(Bool(false), "\(config)")
            } catch {
                #expect("\(error)".contains(word), "\(config): \(error)")
            }
        }
        #expect(throws: (any Error).self) {
            _ = try compile(Self.document(Self.three, top: "limits: {max_agent_nodes: 2}"))
        }
    }
}
