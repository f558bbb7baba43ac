// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Providers
import Store
import Testing

@testable import Agents

/// What agents do now, and when they are left alone.
@Suite(.timeLimit(.minutes(2))) struct AgentRegistryTests {
    private static func failure(_ code: String, _ errorClass: ErrorClass = .permanent) -> TaskError {
        TaskError(code: code, errorClass: errorClass, message: "x")
    }

    @Test func `five failures in a row that are the agent's own open its circuit, and one success closes it`() {
        let start = Timestamp(milliseconds: 1_000_000)
        for (codes, isOpen) in [
            (Array(repeating: "output.invalid", count: 5), true), (Array(repeating: "agent.loop", count: 4), false),
            (Array(repeating: "agent.gave_up", count: 9), false), (Array(repeating: "cancelled", count: 9), false),
            (Array(repeating: "provider.limited", count: 9), false),
            (["agent.loop", "agent.loop", "", "agent.loop", "agent.loop", "agent.loop"], false),
            (["agent.loop", "cancelled", "agent.loop", "agent.loop", "agent.loop", "agent.loop"], true),
        ] as [([String], Bool)] {
            var activity = AgentActivity()
            for code in codes {
                #expect(activity.begin(at: start) == nil, "\(codes)")
                let errorClass: ErrorClass = code == "provider.limited" ? .upstream : .permanent
                activity.end(code.isEmpty ? nil : Self.failure(code, errorClass), at: start)
            }
            #expect((activity.begin(at: start + .seconds(1)) == .seconds(59)) == isOpen, "\(codes)")
            guard isOpen else { continue }
            // One may try after a minute; the others wait for what becomes of it.
            #expect(activity.begin(at: start + .seconds(60)) == nil)
            #expect(activity.begin(at: start + .seconds(61)) != nil)
            var failing = activity
            failing.end(Self.failure("output.invalid"), at: start + .seconds(62))
            #expect(failing.begin(at: start + .seconds(63)) == .seconds(59))
            var stopped = activity
            stopped.stop()
            #expect(stopped.begin(at: start + .seconds(62)) == nil, "another one may try")
            activity.end(nil, at: start + .seconds(62))
            #expect(activity.begin(at: start + .seconds(62)) == nil && activity.circuit.state == .closed)
        }
    }

    @Test func `an agent is left alone for as long as its record says`() {
        var activity = AgentActivity(reset: .seconds(2))
        let start = Timestamp(milliseconds: 0)
        for _ in 1...5 {
            _ = activity.begin(at: start)
            activity.end(Self.failure("agent.loop"), at: start)
        }
        #expect(
            activity.begin(at: start + .seconds(1)) == .seconds(1) && activity.begin(at: start + .seconds(2)) == nil
        )
    }

    @Test func `the rate of success is that of the last hundred, and one word says how an agent is`() {
        let now = Timestamp(milliseconds: 0)
        var (activity, record) = (AgentActivity(), AgentRecord(id: "a", instructions: "x"))
        record.maxConcurrent = 2
        func word() -> String { activity.status(of: record, at: now) }
        #expect(word() == "running" && JSONValue.object(activity.json(of: record, at: now))["success_rate"] == .null)
        for number in 1...150 {
            _ = activity.begin(at: now)
            activity.end(number <= 75 ? Self.failure("agent.gave_up") : nil, at: now)
        }
        #expect(activity.executions == 150 && activity.successes == (75, 100))
        #expect(activity.begin(at: now) == nil && word() == "running")
        #expect(activity.begin(at: now) == nil && word() == "busy" && activity.running == 2)
        activity.stop()
        activity.end(nil, at: now)
        record.isEnabled = false
        #expect(word() == "stopped" && activity.running == 0)
    }

    @Test func `an agent that failed five times is refused at once, tries once after a minute, and works again`()
        async throws
    {
        let world = try AgentWorld(
            """
            rules:
              - {match: {contains: "3 + 4"}, reply: {data: {n: 7}}}
              - {reply: {text: no}}
            """
        )
        let schema = "tools: [], output_schema: {type: object, required: [n]}"
        try await world.withEngine { engine in
            func play() async throws -> JSONValue {
                let run = try await world.start(schema, "retry: {max_attempts: 1}, ", on: engine)
                _ = try await world.wait(for: run, on: engine)
                return try world.ending(of: run, engine)
            }
            func circuit() -> JSONValue? { world.agents.show("analyst")?["live"]?["circuit"]?["state"] }
            // An attempt that loses its lease on a busy machine is one more failure.
            var plays = 0
            while circuit() != "open", plays < 5 {
                plays += 1
                #expect(["output.invalid", "agent.unavailable"].contains(try await play()))
            }
            let asked = world.models.asked.count
            #expect(try await play() == "agent.unavailable" && world.models.asked.count == asked)
            let clock = ContinuousClock()
            let analyst = try world.agents.roster.record("analyst")
            let times = (1...5).map { _ in
                clock.measure { #expect(throws: TaskError.self) { try world.agents.begin(analyst) } }
            }
            #expect(times.min() ?? .seconds(1) < .milliseconds(50), "\(times)")
            let live = world.agents.show("analyst")?["live"]
            #expect(live?["status"] == "error" && live?["circuit"]?["state"] == "open", "\(live?.text ?? "")")
            #expect((live?["executions"]?.intValue ?? 0) >= 5 && live?["success_rate"] == 0.0)
            world.clock.advance(by: .seconds(61))
            let run = try await world.start(document: Self.sum, on: engine)
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine) == ["n": 7])
        }
        let live = world.agents.show("analyst")?["live"]
        #expect(live?["status"] == "running" && live?["circuit"]?["state"] == "closed")
        #expect((live?["success_rate"]?.doubleValue ?? 0) > 0 && live?["running"] == 0)
    }

    private static let sum = """
        workflow: sum
        outputs: {a: "${ nodes.a.output }"}
        nodes:
          - id: a
            type: agent
            config: {agent: analyst, prompt: What is 3 + 4?, tools: [], output_schema: {type: object, required: [n]}}
        """

    @Test func `operations and their arguments are checked, and defaults filled in`() async throws {
        var record = AgentRecord(id: "counter", instructions: "Count.")
        record.operations = [
            .init(
                name: "count",
                schema: [
                    "type": "object", "description": "Counts words", "required": ["text"],
                    "properties": ["text": ["type": "string"], "least": ["type": "integer", "default": 2]],
                    "additionalProperties": false,
                ]
            )
        ]
        var off = AgentRecord(id: "off", instructions: "x")
        off.isEnabled = false
        let world = try AgentWorld("rules: [{reply: {text: done}}]", adding: [record, off])
        func play(_ config: String) async throws -> JSONValue {
            try await world.withEngine { engine in
                let yaml = """
                    workflow: w
                    outputs: {a: "${ nodes.a.output }"}
                    nodes: [{id: a, type: agent, config: {\(config)}}]
                    """
                let run = try await world.start(document: yaml, on: engine)
                _ = try await world.wait(for: run, on: engine)
                return try world.ending(of: run, engine)
            }
        }
        #expect(try await play("agent: counter, operation: count, arguments: {text: a b}")["text"] == "done")
        #expect(
            world.models.asked[0].newest
                == "Operation: count (Counts words)\n\nArguments:\n{\"text\":\"a b\",\"least\":2}",
            "\(world.models.asked[0].newest)"
        )
        for config in [
            "agent: counter, operation: cuont", "agent: counter, operation: count",
            "agent: counter, operation: count, arguments: {text: a, more: b}",
        ] {
            #expect(try await play(config) == "validation.failed", "\(config)")
        }
        #expect(try await play("agent: off, prompt: Go.") == "agent.unavailable")
        #expect(world.models.asked.count == 1)
    }

    @Test func `an agent makes so many attempts at a time as its record says, and others wait for it`() async throws {
        var record = AgentRecord(id: "slow", instructions: "x")
        record.maxConcurrent = 2
        let world = try AgentWorld("rules: [{reply: {text: done}, delay: 20ms}]", adding: [record])
        let nodes = (1...8).map { "  - {id: n\($0), type: agent, config: {agent: slow, prompt: Go., tools: []}}" }
        try await world.withEngine { engine in
            let run = try await world.start(
                document: "workflow: w\nnodes:\n\(nodes.joined(separator: "\n"))\n",
                on: engine
            )
            let row = try await world.wait(for: run, on: engine)
            #expect(row.status == .completed)
        }
        #expect((1...2).contains(world.models.most), "\(world.models.most)")
        #expect((world.agents.show("slow")?["live"]?["executions"]?.intValue ?? 0) >= 8)
    }

    @Test func `what agents spend is counted, and belongs to them in the records`() async throws {
        let world = try AgentWorld(
            "rules: [{reply: {text: done}, usage: {input: 2000, cached: 500, output: 100}}]",
            kind: .anthropic,
            model: "claude-haiku-5-5"
        )
        #expect(try await world.play("tools: []")["text"] == "done")
        #expect(world.agents.show("analyst")?["live"]?["spent_usd"] == "0.000255")
        #expect(world.store.usage(UsageFilter()).map(\.subject.agent) == ["analyst"])
    }

    @Test func `only agents that are started before they are needed are started, and what is wrong is said`() throws {
        func record(_ id: String, _ change: (inout AgentRecord) -> Void = { _ in }) -> AgentRecord {
            var record = AgentRecord(id: id, instructions: "x")
            record.isEager = true
            change(&record)
            return record
        }
        let program = """
            ---
            id: gone
            kind: cli
            command: no-such-program
            start: eager
            ---
            x
            """
        let registry = AgentRegistry(
            .builtIn(adding: [
                record("ready"), record("off") { $0.isEnabled = false }, record("weak"),
                record("lazy") { $0.isEager = false },
                try AgentRecord(Array(program.utf8), fileName: "gone.md"),
            ]),
            now: { Timestamp(milliseconds: 1_000_000) }
        )
        let weak = try registry.roster.record("weak")
        for _ in 1...5 {
            try registry.begin(weak)
            registry.end("weak", Self.failure("output.invalid"))
        }
        let all = registry.start([], in: "/usr/bin")
        #expect(all.map { $0["agent"]?.stringValue } == ["gone", "off", "ready", "weak"])
        #expect(all.map { $0["started"] == true } == [false, false, true, false])
        #expect(all[0]["problem"]?.stringValue?.contains("no-such-program") == true)
        #expect(registry.start(["lazy", "ready"], in: "/usr/bin").count == 1)
    }
}
