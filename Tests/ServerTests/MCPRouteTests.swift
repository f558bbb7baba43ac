// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import Engine
import HTTPServer
import JSON
import MCP
import Model
import Testing
import Threads

@testable import Server

/// The Model Context Protocol over the API (spec 10.5).
@Suite(.timeLimit(.minutes(5))) struct MCPRouteTests {
    /// Gives back what it is called with; fails when that says so.
    private struct Echoing: NodeExecutor {
        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            guard case .tool(_, let template, _) = assignment.node.kind,
                let arguments = try? template.evaluate(in: assignment.scope)
            else { return .completed(.null) }
            guard arguments["fail"] != true else {
                return .failed(TaskError(code: "tool.failed", errorClass: .permanent, message: "it would not"))
            }
            return .completed(arguments)
        }
    }

    private static let workstack = """
        workstack: twice
        description: Echoes twice
        inputs: {n: {type: integer}}
        outputs: {n: "${ vars.second.n }"}
        phases:
          - {id: a, tools: [{tool: echo, args: {n: "${ inputs.n }"}, store_as: first}]}
          - {id: b, tools: [{tool: echo, args: {n: "${ vars.first.n }"}, store_as: second}]}
        """

    private func world(_ change: (inout ToolExposure) -> Void = { _ in }) throws -> World {
        let schema: JSONValue = ["type": "object", "properties": ["n": ["type": "integer"]]]
        var settings = APISettings()
        settings.tools = {
            [
                ["name": "echo", "description": "Echoes", "input_schema": schema, "effects": "read"],
                ["name": "break.all", "description": "Breaks", "input_schema": schema, "effects": "destructive"],
            ]
        }
        change(&settings.exposure)
        let tools = try ["echo", "break.all"].map { try Registry.Tool(name: $0, input: schema) }
        return try World(settings, tools: tools, executors: ["tool": Echoing()])
    }

    /// A client without a session.
    private struct Client {
        let world: World
        let token: String

        func ask(_ method: String, _ params: JSONObject = [:], headers: HTTPHeaders = HTTPHeaders()) async throws
            -> JSONValue
        {
            var params = params
            params["_meta"] = [
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": [:],
            ]
            let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params)]
            var headers = headers
            for (name, value) in LineBridge().headers(for: message) { headers[name] = value }
            return try await world.send("POST", "/mcp", message, as: token, headers: headers).json
        }

        func names() async throws -> [String] {
            try await ask("tools/list")["result"]?["tools"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        }

        func call(_ name: String, _ arguments: JSONValue = [:]) async throws -> JSONValue {
            try await ask("tools/call", ["name": .string(name), "arguments": arguments])
        }
    }

    @Test func `nothing but operations is offered unless the settings say so, and what is blocked never is`()
        async throws
    {
        let operations = [
            "inbox_list", "inbox_resolve", "run_cancel", "run_explain", "run_start", "run_status", "task_claim",
            "task_detail", "task_list", "task_release", "task_submit", "workflow_validate",
        ]
        let table: [(expose: [String], block: [String], more: [String], less: [String])] = [
            ([], [], [], []), (["echo"], [], ["echo"], []), (["*"], ["break*"], ["echo", "workstack_twice"], []),
            (["*"], ["*"], [], operations),
            (["workstack_t*e"], ["task_*"], ["workstack_twice"], operations.filter { $0.hasPrefix("task") }),
            (["workflow_*"], [], [], []), (["b*k.*l"], [], ["break.all"], []),
        ]
        for (expose, block, more, less) in table {
            let world = try world { ($0.expose, $0.block) = (expose, block) }
            let (_, alice, bob) = try await world.people()
            #expect(try await world.publish(Self.workstack, as: alice).status == 201)
            let wanted = (operations + more).filter { !less.contains($0) }.sorted()
            #expect(try await Client(world: world, token: alice).names() == wanted, "\(expose) \(block)")
            // What somebody published is offered to nobody else.
            let others = try await Client(world: world, token: bob).names()
            #expect(others == wanted.filter { $0 != "workstack_twice" }, "\(expose) \(block)")
            if !more.contains("echo") {
                let refused = try await Client(world: world, token: alice).call("echo", ["n": 1])
                #expect(refused["error"]?["code"] == -32602, "\(refused.text)")
            }
            await world.stop()
        }
    }

    @Test func `tools do what operations do, with the rights of the client`() async throws {
        let world = try world { $0.expose = ["*"] }
        let (_, alice, bob) = try await world.people()
        #expect(try await world.publish(Self.workstack, as: alice).status == 201)
        let (mine, other) = (Client(world: world, token: alice), Client(world: world, token: bob))
        let tool = try await mine.call("echo", ["n": 4])["result"]
        #expect(tool?["structuredContent"] == ["n": 4] && tool?["isError"] == false, "\(tool?.text ?? "")")
        #expect(tool?["content"]?[0]?["text"] == "{\"n\":4}" && tool?["resultType"] == "complete")
        let failed = try await mine.call("echo", ["fail": true])["result"]
        #expect(failed?["isError"] == true && failed?["structuredContent"]?["code"] == "tool.failed")
        let twice = try await mine.call("workstack_twice", ["n": 5])["result"]
        #expect(twice?["structuredContent"] == ["n": 5], "\(twice?.text ?? "")")
        for arguments: JSONValue in [[:], ["n": "x"], ["n": 1, "m": 2]] {
            let wrong = try await mine.call("workstack_twice", arguments)["result"]
            #expect(wrong?["isError"] == true, "\(arguments.text)")
        }
        let run = try await mine.call("run_start", ["workflow": "twice", "inputs": ["n": 1], "wait": 60])["result"]
        let id = run?["structuredContent"]?["id"] ?? .null
        #expect(run?["structuredContent"]?["status"] == "completed", "\(run?.text ?? "")")
        #expect(try await mine.call("run_status", ["run": id])["result"]?["isError"] == false)
        #expect(try await mine.call("run_explain", ["run": id])["result"]?["isError"] == false)
        #expect(try await mine.call("task_list", ["run": id])["result"]?["isError"] == false)
        for name in ["run_status", "run_explain", "run_cancel"] {
            let hidden = try await other.call(name, ["run": id])["result"]
            let text = hidden?["content"]?[0]?["text"]?.stringValue ?? ""
            #expect(hidden?["isError"] == true && text.hasPrefix("not_found"), "\(name): \(text)")
        }
        for (name, arguments) in [
            ("run_start", [:]), ("run_start", ["workflow": "a", "document": "b"]), ("run_status", ["run": "../x"]),
            ("inbox_resolve", ["request": "ht_1", "choice": "x"]), ("run_start", ["workflow": "../v1/users"]),
        ] as [(String, JSONValue)] {
            #expect(try await mine.call(name, arguments)["result"]?["isError"] == true, "\(name) \(arguments.text)")
        }
        #expect(
            try await mine.call("workflow_validate", ["document": "a: ["])["result"]?["structuredContent"]?["valid"]
                == false
        )
        await world.stop()
    }

    @Test func `work outside and answers of people go through it`() async throws {
        let world = try world()
        let (_, alice, _) = try await world.people()
        let client = Client(world: world, token: alice)
        let asking = "workflow: ask\nnodes: [{id: ok, type: human, config: {kind: approval, message: 'Go on?'}}]\n"
        let started = try await client.call("run_start", ["document": .string(asking)])["result"]
        let run = started?["structuredContent"]?["run"] ?? started?["structuredContent"]?["id"] ?? .null
        var request: JSONValue?
        while request == nil {
            request = try await client.call("inbox_list", ["run": run])["result"]?["structuredContent"]?["items"]?[0]?[
                "id"
            ]
            await Task.yield()
        }
        let answered = try await client.call("inbox_resolve", ["request": request ?? .null, "choice": "approve"])
        #expect(answered["result"]?["isError"] == false, "\(answered.text)")
        let end = try await client.call("run_status", ["run": run, "wait": 60])["result"]?["structuredContent"]
        #expect(end?["status"] == "completed", "\(end?.text ?? "")")

        let outside = "workflow: out\nnodes: [{id: a, type: tool, labels: {external: 'true'}, config: {tool: echo}}]\n"
        let body: JSONValue = ["document": .string(outside), "execution": "external"]
        let begun = try await world.send("POST", "/v1/runs", body, as: alice)
        #expect(begun.status == 202, "\(begun.json.text)")
        var task: JSONValue?
        while task == nil {
            let list = try await client.call("task_list", ["claimable": true])["result"]?["structuredContent"]
            task = list?["items"]?[0]?["id"]
            await Task.yield()
        }
        let claim = try await client.call("task_claim", ["task": task ?? .null])["result"]?["structuredContent"]
        let fence = claim?["fence"] ?? .null
        #expect(try await client.call("task_detail", ["task": task ?? .null])["result"]?["isError"] == false)
        let released = try await client.call("task_release", ["task": task ?? .null, "fence": fence])["result"]
        #expect(released?["isError"] == false, "\(released?.text ?? "")")
        let again = try await client.call("task_claim", ["task": task ?? .null])["result"]?["structuredContent"]
        let result: JSONValue = ["task": task ?? .null, "fence": again?["fence"] ?? .null, "output": ["done": true]]
        let submitted = try await client.call("task_submit", result)["result"]
        #expect(submitted?["isError"] == false, "\(submitted?.text ?? "")")
        await world.stop()
    }

    @Test func `with many tools clients get exactly four that find and call the others`() async throws {
        let world = try world { ($0.expose, $0.compactAbove) = (["echo"], 12) }
        let (_, alice, _) = try await world.people()
        let client = Client(world: world, token: alice)
        #expect(try await client.names() == ["list_tools", "search_tools", "get_tool_schema", "execute_tool"])
        let list = try await client.call("list_tools")["result"]?["structuredContent"]?["tools"]?.arrayValue
        #expect(list?.count == 13)
        let found = try await client.call("search_tools", ["query": "echoes"])["result"]?["structuredContent"]
        #expect(found?["tools"]?[0]?["name"] == "echo" && found?["tools"]?.arrayValue?.count == 1)
        let schema = try await client.call("get_tool_schema", ["name": "run_cancel"])["result"]?["structuredContent"]
        #expect(schema?["inputSchema"]?["required"] == ["run"])
        let done = try await client.call("execute_tool", ["name": "echo", "arguments": ["n": 2]])["result"]
        #expect(done?["structuredContent"] == ["n": 2])
        for (name, arguments) in [
            ("search_tools", [:]), ("get_tool_schema", ["name": "x"]), ("execute_tool", ["name": "break.all"]),
            ("execute_tool", ["name": "echo", "arguments": []]), ("execute_tool", [:]),
        ] as [(String, JSONValue)] {
            #expect(try await client.call(name, arguments)["result"]?["isError"] == true, "\(name) \(arguments.text)")
        }
        #expect(try await client.call("echo", ["n": 1])["error"]?["code"] == -32602)
        await world.stop()
    }

    @Test func `sessions, origins, methods and bodies are checked`() async throws {
        let world = try world()
        let (_, alice, bob) = try await world.people()
        func send(_ method: String, _ params: JSONObject, _ headers: HTTPHeaders, as token: String? = alice)
            async throws
            -> World.Reply
        {
            let message: JSONValue = ["jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .object(params)]
            return try await world.send("POST", "/mcp", message, as: token, headers: headers)
        }
        let begun = try await send("initialize", ["protocolVersion": "2025-06-18"], [:])
        let session = try #require(begun.headers["mcp-session-id"])
        #expect(begun.json["result"]?["protocolVersion"] == "2025-06-18")
        let known: HTTPHeaders = ["mcp-session-id": session, "mcp-protocol-version": "2025-06-18"]
        let list = try await send("tools/list", [:], known)
        #expect(list.json["result"]?["tools"]?.arrayValue?.count == 12 && list.json["result"]?["ttlMs"] == nil)
        let initialized: JSONValue = ["jsonrpc": "2.0", "method": "notifications/initialized"]
        #expect(try await world.send("POST", "/mcp", initialized, as: alice, headers: known).status == 202)
        // A session is of one client.
        #expect(try await send("tools/list", [:], known, as: bob).status == 404)
        #expect(try await send("tools/list", [:], ["mcp-session-id": "x"]).status == 404)
        #expect(try await send("tools/list", [:], known, as: nil).status == 401)
        var foreign = known
        foreign["origin"] = "https://evil.example"
        #expect(try await send("tools/list", [:], foreign).status == 403)
        #expect(try await world.send("DELETE", "/mcp", as: alice, headers: known).status == 204)
        #expect(try await world.send("DELETE", "/mcp", as: alice).status == 404)
        #expect(try await world.send("GET", "/mcp", as: alice).status == 405)
        for (body, code) in [("{", -32700), ("[]", -32600), ("{}", -32600)] as [(String, Int64)] {
            let reply = try await world.send("POST", "/mcp", bytes: Array(body.utf8), as: alice)
            #expect(reply.status == 400 && reply.json["error"]?["code"] == .int(code), "\(body): \(reply.json.text)")
        }
        await world.stop()
    }
}
