// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import Engine
import JSON
import Model
import Testing
import Threads

@testable import Server

/// Agents over the API.
@Suite(.timeLimit(.minutes(5)))
struct AgentRouteTests {
    private static func agent(_ id: String, _ capabilities: JSONValue) -> JSONObject {
        [
            "id": .string(id), "name": "N", "kind": "model", "summary": "s", "category": "code",
            "capabilities": capabilities, "operations": ["check": ["type": "object"]], "tools": ["fs.read"],
            "tier": "small", "priority": 5, "max_concurrent": 10, "parallelizable": true, "enabled": true,
            "latency_ms": 0, "reset": "1m", "labels": ["team": "a"], "source": "built_in",
            "hash": .string("sha256:" + String(repeating: "0", count: 64)),
            "live": [
                "status": "error", "running": 0, "executions": 7, "success_rate": .double(0.5), "spent_usd": "0.01",
                "circuit": ["state": "open", "failures": 5, "until": "2026-01-01T00:00:00.000Z"],
            ],
        ]
    }

    @Test func agentsAreListedChosenAndShown() async throws {
        let all = [Self.agent("a", ["rust"]), Self.agent("b", ["swift", "rust"])]
        var settings = APISettings()
        settings.agents = APISettings.Agents(
            list: { all.map(JSONValue.object) },
            show: { id in
                guard var agent = all.first(where: { $0["id"] == .string(id) }) else { return nil }
                agent["instructions"] = "Do."
                return .object(agent)
            }
        )
        let world = try World(settings)
        let (_, alice, _) = try await world.people()
        for (query, ids) in [
            ("", ["a", "b"]), ("?capability=rust", ["a", "b"]), ("?capability=swift", ["b"]), ("?capability=go", []),
        ] {
            let list = try await world.send("GET", "/v1/agents\(query)", as: alice)
            let found = list.json["items"]?.arrayValue?.compactMap { $0["id"]?.stringValue }
            #expect(found == ids, "\(query): \(list.json.text)")
        }
        let shown = try await world.send("GET", "/v1/agents/b", as: alice)
        #expect(shown.json["instructions"] == "Do." && shown.json["live"]?["circuit"]?["state"] == "open")
        #expect(try await world.send("GET", "/v1/agents/c", as: alice).status == 404)
        #expect(try await world.send("GET", "/v1/agents").status == 401)
        await world.stop()
    }

    private static let care: JSONValue = [
        "name": "care", "description": "Takes care", "category": "", "tags": [], "tools": ["echo"], "priority": 50,
        "disclosure": "full", "defaults": [:], "constraints": [], "source": "edited", "version": 2,
        "hash": .string("sha256:" + String(repeating: "0", count: 64)),
    ]

    /// Says who was asked what.
    private struct Answering: NodeExecutor {
        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            guard case .agent(let template) = assignment.node.kind,
                let config = try? template.evaluate(in: assignment.scope)
            else { return .completed(.null) }
            if config["prompt"] == "fail" {
                return .failed(TaskError(code: "agent.gave_up", errorClass: .permanent, message: "no"))
            }
            return .completed(["agent": config["agent"] ?? .null, "prompt": config["prompt"] ?? .null])
        }
    }

    /// Gives back what it is called with.
    private struct Echoing: NodeExecutor {
        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            guard case .tool(_, let template, _) = assignment.node.kind,
                let arguments = try? template.evaluate(in: assignment.scope)
            else { return .completed(.null) }
            return .completed(arguments)
        }
    }

    @Test func oneDoorLeadsToAgentsAndSkills() async throws {
        let known = ["a", "b"]
        var settings = APISettings()
        settings.agents = APISettings.Agents(show: { known.contains($0) ? ["id": .string($0)] : Optional.none })
        settings.skills = APISettings.Skills(
            list: { [Self.care] },
            show: { $0 == "care" ? Self.care : Optional.none },
            apply: { (_, _, arguments) throws(TaskError) in
                var filled = arguments
                guard arguments["bad"] == nil else {
                    throw TaskError(code: "skill.constraint", errorClass: .permanent, message: "care: not so")
                }
                filled["more"] = 1
                return filled
            }
        )
        let schema: JSONValue = ["type": "object"]
        settings.tools = { [["name": "echo", "description": "Echoes", "input_schema": schema]] }
        let world = try World(
            settings,
            tools: [try Registry.Tool(name: "echo", input: schema)],
            executors: ["agent": Answering(), "tool": Echoing()]
        )
        let (_, alice, _) = try await world.people()
        func execute(_ name: String, _ arguments: JSONValue) async throws -> JSONValue {
            let body: JSONValue = ["name": .string(name), "arguments": arguments]
            return try await world.send("POST", "/v1/execute", body, as: alice).json
        }
        let one = try await execute("agent_a", ["prompt": "${ 1 + 1 }"])
        #expect(one["mode"] == "agent" && one["success"] == true && one["agents"] == ["a"], "\(one.text)")
        #expect(one["content"] == ["agent": "a", "prompt": "${ 1 + 1 }"], "nothing in it is an expression")
        let failed = try await execute("agent_a", ["prompt": "fail"])
        #expect(failed["success"] == false && failed["error"]?["code"] == "agent.gave_up", "\(failed.text)")
        let several = try await execute(
            "both",
            ["coordinate_agents": ["a", "b"], "strategy": "parallel", "prompt": "Go."]
        )
        #expect(several["mode"] == "agents" && several["agents"] == ["a", "b"], "\(several.text)")
        #expect(several["content"]?["b"]?["agent"] == "b")
        let tool = try await execute("skill_care", ["tool": "echo", "arguments": ["n": 2]])
        #expect(
            tool["mode"] == "skill" && tool["skills"] == ["care"] && tool["content"] == ["n": 2, "more": 1],
            "\(tool.text)"
        )
        for (name, arguments, status) in [
            ("agent_zzz", ["prompt": "x"], 404), ("skill_zzz", ["tool": "echo"], 404), ("skill_care", [:], 422),
            ("skill_care", ["tool": "nothing"], 404), ("skill_care", ["tool": "echo", "arguments": ["bad": 1]], 422),
            ("agent_a", ["prompt": "x", "can_patch": true], 422), ("x", ["coordinate_agents": []], 422),
            ("x", ["coordinate_agents": ["zzz"], "prompt": "x"], 404),
            ("x", ["coordinate_agents": ["a"], "strategy": "luck", "prompt": "x"], 422), ("agent_a", [:], 200),
        ] as [(String, JSONValue, Int)] {
            let body: JSONValue = ["name": .string(name), "arguments": arguments]
            let reply = try await world.send("POST", "/v1/execute", body, as: alice)
            #expect(reply.status == status, "\(name) \(arguments.text): \(reply.status) \(reply.json.text)")
        }
        let skills = try await world.send("GET", "/v1/skills", as: alice)
        #expect(skills.json["items"]?[0]?["name"] == "care")
        #expect(try await world.send("GET", "/v1/skills/care", as: alice).json["name"] == "care")
        #expect(try await world.send("GET", "/v1/skills/none", as: alice).status == 404)
        await world.stop()
    }
}
