// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Testing

@testable import Tools

/// Workstacks, agents that fail, and the one door to everything (spec 14, S4), over the API of the real program, with the files
/// of `Examples/acceptance/s4`.
@Suite(.timeLimit(.minutes(5)), .serialized) struct WorkstackServerScenarioTests {
    private static let files =
        #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        + "/Examples/acceptance/s4"

    private let folder: CrashFolder
    private let document: String

    init() throws {
        let file = try #require(Descriptor(open("\(Self.files)/build_feature.yaml", O_RDONLY | O_CLOEXEC)))
        document = String(decoding: try #require(file.readAll(limit: 1 << 16)), as: UTF8.self)
        folder = try CrashFolder(document)
    }

    private func serve(_ body: (API, _ token: String) throws -> Void) throws {
        let server = try ServerProcess(
            folder: folder.path,
            program: BatonProcess.path,
            variables: [
                "BATON_SANDBOX_REQUIRE": "false", "BATON_AGENTS_DIR": "\(Self.files)/agents",
                "BATON_PROVIDERS":
                    "{\"scripted\": {\"models\": [\"demo\"], \"script\": \"\(Self.files)/answers.yaml\"}}",
            ]
        )
        let api = API(port: server, folder: folder.path)
        let people = try api.people()
        try body(api, people.alice)
        #expect(api.server.stop() == 0)
    }

    private func statuses(_ api: API, _ run: String, _ token: String) -> [String: String] {
        let items = api.get("/v1/runs/\(run)/tasks", token).json["items"]?.arrayValue ?? []
        return Dictionary(
            items.map { ($0["node"]?.stringValue ?? "", $0["status"]?.stringValue ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test func `S4 step 5: a phase that may fail does not keep the next one from running`() throws {
        try serve { api, alice in
            #expect(api.publish(document, alice).status == 201)
            let done = api.post("/v1/workflows/build_feature/runs", [:], alice, ["Prefer: wait=60"])
            let run = try #require(done.json["id"]?.stringValue, "\(done.text)")
            let end = api.get("/v1/runs/\(run)", alice, ["Prefer: wait=60"])
            #expect(end.json["status"] == "completed", "\(end.text)")
            let expected = [
                "analyze_fs_write": "completed", "analyze_fs_read": "completed", "analyze_analyst": "completed",
                "implement_rust_pro": "completed", "test_rust_pro": "failed",
                "review_backend_architect": "completed", "review_security_auditor": "completed",
            ]
            let statuses = statuses(api, run, alice)
            for (node, status) in expected { #expect(statuses[node] == status, "\(node): \(statuses)") }
            // What the requirements say is what the analyst was asked about.
            let events = api.get("/v1/runs/\(run)/events?limit=200", alice).text
            #expect(events.contains("Users can sign in."))
        }
    }

    @Test func `S4 step 6: an agent that fails is left alone, one call may try, and a phase is stopped in the middle`()
        throws
    {
        try serve { api, alice in
            func ask(_ prompt: String) -> JSONValue {
                api.post(
                    "/v1/execute",
                    ["name": "agent_moody", "arguments": ["prompt": .string(prompt)]],
                    alice
                ).json
            }
            func circuit() -> String? {
                api.get("/v1/agents/moody", alice).json["live"]?["circuit"]?["state"]?.stringValue
            }
            for number in 1...5 {
                let failed = ask("Please fail")
                #expect(
                    failed["success"] == false && failed["error"]?["code"] == "provider.failed",
                    "\(number): \(failed)"
                )
            }
            let refused = ask("Be well")
            #expect(refused["success"] == false && refused["error"]?["code"] == "agent.unavailable", "\(refused.text)")
            // It was not even asked.
            let run = refused["execution_id"]?.stringValue ?? ""
            let events = api.get("/v1/runs/\(run)/events", alice).text
            #expect(events.contains("task.failed") && !events.contains("agent.call.started"), "\(events)")
            #expect(circuit() == "open")
            // A node tries again when the time is over: that is the call that may try. One that fails opens the circuit again,
            // one that goes well closes it.
            for (prompt, status, state) in [("Please fail", "failed", "open"), ("Be well", "completed", "closed")] {
                let document = """
                    workflow: probe
                    nodes: [{id: a, type: agent, config: {agent: moody, prompt: \(prompt)}}]
                    """
                let started = api.post("/v1/runs", ["document": .string(document)], alice)
                let id = try #require(started.json["id"]?.stringValue, "\(started.text)")
                let end = api.get("/v1/runs/\(id)", alice, ["Prefer: wait=60"])
                #expect(end.json["status"]?.stringValue == status && circuit() == state, "\(prompt): \(end.text)")
                let events = api.get("/v1/runs/\(id)/events", alice).text
                #expect(events.contains("task.retrying") && events.contains("agent.unavailable"), "\(events)")
                #expect(events.split(separator: "agent.call.started").count == 2, "\(events)")
            }

            #expect(api.publish(document, alice).status == 201)
            let socket = try WireClient(port: api.server.port)
            #expect(socket.upgrade("/v1/ws", ["Authorization: Bearer \(alice)"]))
            socket.sendMessage(#"{"subscribe": {"types": ["agent.call.started"]}}"#)
            #expect(socket.message()?["subscribed"] != nil)
            let started = api.post(
                "/v1/workflows/build_feature/runs",
                ["inputs": ["brief": "Please take your time"]],
                alice
            )
            let slow = try #require(started.json["id"]?.stringValue, "\(started.text)")
            #expect(socket.message()?["event"]?["node"] == "analyze_analyst")
            #expect(api.post("/v1/runs/\(slow)/cancel", [:], alice).status < 300)
            let end = api.get("/v1/runs/\(slow)", alice, ["Prefer: wait=60"])
            // The model would have answered after ten minutes.
            let milliseconds = end.json["duration_ms"]?.intValue ?? .max
            #expect(end.json["status"] == "cancelled" && milliseconds < 300_000, "\(end.text)")
            let statuses = statuses(api, slow, alice)
            #expect(statuses["analyze_analyst"] == "cancelled" && statuses["analyze_fs_read"] == "completed")
            #expect(statuses["implement_rust_pro"] != "completed", "\(statuses)")
        }
        // What the call that was stopped held is settled.
        #expect(try MoneyChecks.problems(folder) == [])
    }

    @Test func `S4 step 7: one door calls workstacks, workflows, skills, agents and tools`() throws {
        try serve { api, alice in
            let hello = "workflow: hello\noutputs: {n: 2}\nnodes: [{id: a, type: transform, config: {expr: \"1\"}}]\n"
            #expect(api.publish(document, alice).status == 201 && api.publish(hello, alice).status == 201)
            func call(_ name: String, _ arguments: JSONValue = [:]) -> API.Reply {
                api.post("/v1/execute", ["name": .string(name), "arguments": arguments], alice)
            }
            let write: JSONValue = ["path": "notes.md", "content": "# Notes"]
            let calls: [(name: String, arguments: JSONValue, mode: String)] = [
                ("workstack_build_feature", [:], "workstack"), ("workflow_hello", [:], "workflow"),
                ("skill_documentation", ["tool": "fs.list", "arguments": ["path": "."]], "skill"),
                ("agent_analyst", ["prompt": "Look"], "agent"), ("fs.write", write, "tool"),
                (
                    "review",
                    ["coordinate_agents": ["analyst", "judge"], "strategy": "parallel", "prompt": "Look"], "agents"
                ),
            ]
            for (name, arguments, mode) in calls {
                let reply = call(name, arguments)
                let json = reply.json
                #expect(reply.status == 200 && json["mode"]?.stringValue == mode, "\(name): \(reply.text)")
                #expect(json["success"] == true, "\(name): \(reply.text)")
                #expect(json["trace"]?.arrayValue?.isEmpty == false && json["duration_ms"] != nil, "\(name)")
                let run = json["execution_id"]?.stringValue ?? ""
                #expect(api.get("/v1/runs/\(run)", alice).json["status"] == "completed", "\(name): \(run)")
            }
            let names = ["agent_zzz", "workflow_zzz", "workstack_zzz", "workstack_hello", "zzz"]
            for name in names { #expect(call(name).status == 404, "\(name)") }
            // What a skill asks for holds here as well.
            #expect(call("skill_documentation", ["tool": "fs.write", "arguments": write]).status == 422)
            #expect(call("skill_zzz", ["tool": "fs.write"]).status == 404)
            #expect(call("x", ["coordinate_agents": ["analyst", "zzz"], "prompt": "Look"]).status == 404)
        }
    }

    @Test
    func `S4 step 8: a sequence of agents that comes a third time is proposed, and becomes a workstack that runs`()
        throws
    {
        try serve { api, alice in
            func call() -> JSONValue {
                let arguments: JSONValue = ["coordinate_agents": ["analyst", "architect", "judge"], "prompt": "Look"]
                return api.post("/v1/execute", ["name": "review", "arguments": arguments], alice).json
            }
            func proposed() -> [JSONValue] { api.get("/v1/patterns", alice).json["items"]?.arrayValue ?? [] }
            for _ in 1...2 { #expect(call()["success"] == true) }
            #expect(proposed().isEmpty)
            let third = call()
            let run = third["execution_id"]?.stringValue ?? ""
            let events = api.get("/v1/events?types=pattern.suggested", alice).json["items"]?.arrayValue ?? []
            #expect(events.count == 1 && events.first?["run"]?.stringValue == run, "\(third.text)")
            #expect(events.first?["data"]?["confidence"] == 0.7, "\(events)")
            let pattern = try #require(proposed().first)
            #expect(pattern["name"] == "analyst-to-judge-3step" && pattern["count"] == 3, "\(pattern.text)")
            let path = "/v1/patterns/\(pattern["id"]?.stringValue ?? "")"
            let promoted = api.post("\(path)/promote", [:], alice)
            #expect(promoted.json["promotion"]?["workstack"] == "analyst-to-judge-3step", "\(promoted.text)")
            #expect(api.post("\(path)/promote", [:], alice).json["promotion"] == promoted.json["promotion"])
            // It validates, and it runs.
            let document = api.get(path, alice).json["document"] ?? .null
            let checked = api.post("/v1/validate", document, alice)
            #expect(checked.json["valid"] == true, "\(checked.text)")
            let done = api.post(
                "/v1/execute",
                ["name": "workstack_analyst-to-judge-3step", "arguments": ["prompt": "Look"]],
                alice
            )
            #expect(done.json["mode"] == "workstack" && done.json["success"] == true, "\(done.text)")
            #expect(proposed().isEmpty)
        }
    }
}
