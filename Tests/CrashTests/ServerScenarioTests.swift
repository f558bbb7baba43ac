// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Testing

/// A versioned workflow that patches itself, over the public interfaces of the real program: an administrator and two
/// users at a server, a service that counts what is done to it, and a program outside that does the work of agents.
@Suite(.offPool, .timeLimit(.minutes(5)), .serialized) struct ServerScenarioTests {
    private static let orderCheck = """
        workflow: order_check
        inputs:
          order_url: {type: string}
          save_url: {type: string}
          limit: {type: number, default: 10000}
        outputs:
          decision: '${ nodes.approve.status == "skipped" ? "auto" : nodes.approve.output.choice }'
        limits: {max_agent_nodes: 6}
        budget: {usd: 1}
        nodes:
          - {id: fetch, type: http, config: {url: "${ inputs.order_url }"}}
          - id: analyze
            type: agent
            labels: {external: "true"}
            config:
              agent: analyst
              prompt: "Assess ${ nodes.fetch.output.body.id }"
              output_schema: {type: object, required: [amount], properties: {amount: {type: number}}}
              can_patch: {max_agent_nodes: 5, paths: ["/nodes/-", "/edges/-"]}
          - id: big
            type: branch
            config:
              cases: [{name: large, when: "nodes.analyze.output.amount > inputs.limit"}]
              default: small
          - id: approve
            type: human
            config: {kind: approval, message: Over the limit, assignees: ["role:approver"]}
          - id: save
            type: http
            join: any
            config: {method: POST, url: "${ inputs.save_url }", body: "${ nodes.fetch.output.body }"}
        edges:
          - {from: fetch, to: analyze}
          - {from: analyze, to: big}
          - {from: big, to: approve, case: large}
          - {from: big, to: save, case: small}
          - {from: approve, to: save, when: output.approved}
        """

    private let folder: CrashFolder
    private let ledger = EchoServer()
    private let port: Int

    init() throws {
        folder = try CrashFolder(Self.orderCheck)
        port = try ledger.start(port: 0)
    }

    private func server() throws -> ServerProcess {
        try ServerProcess(
            folder: folder.path,
            program: BatonProcess.path,
            variables: ["BATON_SANDBOX_NETWORK": "127.0.0.1:\(port)", "BATON_SANDBOX_REQUIRE": "false"]
        )
    }

    @Test func `a workflow is published, patches itself, waits for a person over a kill, and ends`() throws {
        var api = API(port: try server(), folder: folder.path)
        let (root, alice, bob, aliceID) = try api.people()
        #expect(
            api.put("/v1/projects/orders/members/\(aliceID)", ["role": "operator", "groups": ["approver"]], root).status
                == 200
        )
        // 1. Publishing.
        let first = api.publish(Self.orderCheck, alice)
        #expect(first.status == 201 && first.json["version"] == 1, "\(first.json.text)")
        let hash = try #require(first.json["hash"])
        let again = api.publish(Self.orderCheck, alice)
        #expect(again.status == 200 && again.json["hash"] == hash)
        #expect(api.get("/v1/workflows/order_check/versions/1/source", alice).text == Self.orderCheck)

        // 2. A run, seen over a WebSocket.
        let socket = try WireClient(port: api.server.port)
        #expect(socket.upgrade("/v1/ws", ["Authorization: Bearer \(alice)"]))
        socket.sendMessage(#"{"subscribe": {"types": ["run.started", "task.completed", "graph.patched"]}, "after": 0}"#)
        #expect(socket.message()?["subscribed"] != nil)
        let run = try start(api, alice, amount: 20_000)
        #expect(socket.message()?["event"]?["type"] == "run.started")
        #expect(socket.message()?["event"]?["node"] == "fetch")

        // 3. The agent patches the run it works in.
        let claim = try claim(api, alice, run)
        let patched = api.post(
            "/v1/tasks/\(claim.task)/patches",
            ["fence": claim.fence, "ops": Self.insertion(address("/order?amount=1"))],
            alice
        )
        #expect(patched.status == 200 && patched.json["status"] == "applied", "\(patched.json.text)")
        #expect(socket.message()?["event"]?["type"] == "graph.patched")
        try finish(api, alice, claim, ["amount": 20_000])
        let task = try api.humanTask(alice, run)
        let graph = api.get("/v1/runs/\(run)/graph", alice)
        #expect(graph.json["nodes"]?.arrayValue?.count == 6, "\(graph.json.text)")
        let patches = api.get("/v1/runs/\(run)/patches", alice).json["items"]?.arrayValue ?? []
        #expect(patches.count == 1 && patches[0]["seq"] == 1)
        #expect(patches[0]["author"]?.stringValue?.contains("analyze") == true, "\(patches)")
        #expect(api.get("/v1/workflows/order_check/tags/main", alice).json["hash"] == hash)

        // 4. Patches beyond the bounds are refused, and the run goes on.
        try tooManyAgents(api, alice)

        // 5. A kill while a person is waited for.
        let before = api.get("/v1/runs/\(run)/details", alice).json
        api.server.kill()
        api.server = try server()
        #expect(api.get("/v1/runs/\(run)/details", alice).json["last_event"] == before["last_event"])
        let order = "/v1/human-tasks/\(task)/resolve"
        #expect(api.post(order, ["choice": "approve"], bob).status == 404)
        let cli = try folder.baton(
            ["approve", task],
            ["BATON_SERVER": "http://127.0.0.1:\(api.server.port)", "BATON_TOKEN": alice]
        ).run()
        #expect(cli.exit == 0, "\(cli.lines) \(cli.errors)")
        let end = api.get("/v1/runs/\(run)", alice, ["Prefer: wait=60"])
        #expect(end.json["status"] == "completed" && end.json["outputs"]?["decision"] == "approve", "\(end.json.text)")
        #expect(api.post(order, ["choice": "approve"], alice).status == 200)
        #expect(api.get("/v1/runs/\(run)", alice).json["last_event"] == end.json["last_event"])
        let keys = try JSONValue(parsing: Array(api.external("/ledger", port).utf8))["keys"]?.objectValue ?? [:]
        #expect(keys.count > 0 && keys.allSatisfy { $0.value == 1 }, "\(keys)")

        try shapes(api, alice)
        try limits(api, alice)
        try addresses(api, alice)
        try versions(api, alice, run)
        #expect(api.server.stop() == 0)
    }

    // MARK: Steps

    private func address(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    private func start(_ api: API, _ token: String, amount: Int) throws -> String {
        let reply = api.post(
            "/v1/workflows/order_check/runs",
            [
                "project": "orders", "execution": "hybrid",
                "inputs": [
                    "order_url": .string(address("/order?amount=\(amount)")), "save_url": .string(address("/orders")),
                ],
            ],
            token
        )
        #expect(reply.status == 202, "\(reply.json.text)")
        return try #require(reply.json["id"]?.stringValue)
    }

    private struct Claim {
        let task: String
        let node: String
        let fence: JSONValue
    }

    /// Takes the next task of an agent, once there is one.
    private func claim(_ api: API, _ token: String, _ run: String) throws -> Claim {
        while true {
            let list = api.get("/v1/tasks/claimable?run=\(run)", token)
            #expect(list.status == 200, "\(list.json.text)")
            guard let task = list.json["items"]?.arrayValue?.first?["id"]?.stringValue else { continue }
            let reply = api.post("/v1/tasks/\(task)/claim", [:], token)
            #expect(reply.status == 200, "\(reply.json.text)")
            #expect(api.post("/v1/tasks/\(task)/claim", [:], token).json["code"] == "task.taken")
            return Claim(
                task: task,
                node: reply.json["node"]?.stringValue ?? "",
                fence: try #require(reply.json["fence"])
            )
        }
    }

    private func finish(_ api: API, _ token: String, _ claim: Claim, _ output: JSONValue) throws {
        let reply = api.post("/v1/tasks/\(claim.task)/result", ["fence": claim.fence, "output": output], token)
        #expect(reply.status == 200, "\(reply.json.text)")
    }

    /// A node between the agent and the branch.
    private static func insertion(_ url: String) -> JSONValue {
        [
            [
                "op": "add", "path": "/nodes/-",
                "value": ["id": "validate", "type": "http", "config": ["url": .string(url)]],
            ],
            ["op": "add", "path": "/edges/-", "value": ["from": "analyze", "to": "validate"]],
            ["op": "add", "path": "/edges/-", "value": ["from": "validate", "to": "big"]],
        ]
    }

    private static func agents(_ names: [String]) -> JSONValue {
        .array(
            names.map { name in
                [
                    "op": "add", "path": "/nodes/-",
                    "value": [
                        "id": .string(name), "type": "agent", "labels": ["external": "true"],
                        "depends_on": ["analyze"], "config": ["agent": "helper", "prompt": "Help"],
                    ],
                ]
            }
        )
    }

    private func tooManyAgents(_ api: API, _ token: String) throws {
        let run = try start(api, token, amount: 5)
        let analyst = try claim(api, token, run)
        func patch(_ names: [String]) -> API.Reply {
            api.post("/v1/tasks/\(analyst.task)/patches", ["fence": analyst.fence, "ops": Self.agents(names)], token)
        }
        let six = patch(["a1", "a2", "a3", "a4", "a5", "a6"])
        #expect(six.status == 422 && six.text.contains("E505"), "\(six.text)")
        #expect(patch(["b1", "b2", "b3"]).status == 200)
        #expect(patch(["c1", "c2", "c3"]).text.contains("E505"))
        try finish(api, token, analyst, ["amount": 5])
        for _ in 1...3 { try finish(api, token, try claim(api, token, run), ["text": "done"]) }
        let end = api.get("/v1/runs/\(run)", token, ["Prefer: wait=60"])
        #expect(end.json["status"] == "completed" && end.json["outputs"]?["decision"] == "auto", "\(end.json.text)")
    }

    private func shapes(_ api: API, _ token: String) throws {
        let diamond = """
            workflow: diamond
            nodes:
              - {id: a, type: transform, config: {expr: "1"}}
              - {id: b, type: transform, depends_on: [a], config: {expr: "2"}}
              - {id: c, type: transform, depends_on: [a], config: {expr: "3"}}
              - {id: d, type: transform, depends_on: [b, c], config: {expr: "nodes.b.output + nodes.c.output"}}
              - id: both
                type: branch
                depends_on: [d]
                config: {cases: [{name: first, when: "true"}, {name: second, when: "true"}]}
            outputs: {sum: "${ nodes.d.output }"}
            """
        let run = api.post("/v1/runs", ["document": .string(diamond)], token, ["Prefer: wait=60"])
        #expect(run.json["outputs"]?["sum"] == 5, "\(run.text)")
        let tasks =
            api.get("/v1/runs/\(run.json["id"]?.stringValue ?? "")/tasks", token).json["items"]?.arrayValue ?? []
        #expect(tasks.filter { $0["node"] == "d" }.compactMap { $0["status"]?.stringValue } == ["completed"])
        #expect(tasks.first { $0["node"] == "both" }?["case"] == "first")
    }

    private func limits(_ api: API, _ token: String) throws {
        let nodes = (1...3).map { "  - {id: n\($0), type: agent, config: {agent: helper, prompt: Help}}" }
        let heavy = "workflow: heavy\nbudget: {usd: 1}\nnodes:\n\(nodes.joined(separator: "\n"))\n"
        let body: JSONValue = ["document": .string(heavy), "execution": "external"]
        for _ in 1...5 { #expect(api.post("/v1/runs", body, token).status == 202) }
        let sixth = api.post("/v1/runs", body, token)
        #expect(sixth.status == 429 && sixth.json["tier"] == "heavy", "\(sixth.text)")
        #expect((sixth.json["retry_after_seconds"]?.intValue ?? 0) > 0)
        let simple = "workflow: simple\nnodes:\n  - {id: a, type: transform, config: {expr: \"1\"}}\n"
        #expect(api.post("/v1/runs", ["document": .string(simple)], token).status == 202)
    }

    private func addresses(_ api: API, _ token: String) throws {
        let document = """
            workflow: reach
            inputs: {url: {type: string}}
            nodes:
              - {id: get, type: http, config: {url: "${ inputs.url }", redirects: 2}, retry: {max_attempts: 1}}
            """
        let urls = [
            "http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/", "file:///etc/passwd",
            address("/redirect?to=http://127.0.0.1:1/"),
        ]
        for url in urls {
            let run = api.post(
                "/v1/runs",
                ["document": .string(document), "inputs": ["url": .string(url)]],
                token,
                ["Prefer: wait=60"]
            )
            #expect(run.json["status"] == "failed" && run.text.contains("http.blocked"), "\(url): \(run.text)")
        }
    }

    private func versions(_ api: API, _ token: String, _ run: String) throws {
        let place = "/v1/workflows/order_check"
        for limit in 1...25 {
            let change: JSONValue = [
                ["op": "replace", "path": "/inputs/limit/default", "value": .int(Int64(limit))]
            ]
            #expect(api.send("PATCH", place, ["ops": change], token).status == 201)
        }
        let newest = api.get(place, token).json
        let compacted = api.post("\(place)/compact", nil, token)
        #expect(compacted.json["hash"] == newest["hash"] && compacted.json["is_new"] == true, "\(compacted.text)")
        #expect(api.get(place, token).json["document"] == newest["document"])
        let undone = api.post("\(place)/tags/main/undo", nil, token)
        #expect(undone.json["version"] == 25, "\(undone.text)")
        #expect(api.post("\(place)/tags/main/redo", nil, token).json["version"] == 26)
        let stale = api.send("PUT", "\(place)/tags/main", ["to": "1"], token, ["If-Match: \"3\""])
        #expect(stale.status == 412 && stale.json["code"] == "tag.moved", "\(stale.text)")
        let replay = api.post("/v1/runs/\(run)/replay", ["mode": "freeze"], token)
        let id = try #require(replay.json["id"]?.stringValue, "\(replay.text)")
        let report = api.get("/v1/runs/\(id)/replay", token, ["Prefer: wait=60"])
        #expect(report.json["same"] == true || report.json["is_same"] == true, "\(report.text.prefix(300))")
    }
}

/// Requests as a program would make them.
struct API {
    struct Reply {
        let status: Int
        let text: String
        var json: JSONValue { (try? JSONValue(parsing: Array(text.utf8))) ?? .null }
    }

    var server: ServerProcess
    let folder: String

    init(port server: ServerProcess, folder: String) {
        (self.server, self.folder) = (server, folder)
    }

    func send(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        _ token: String? = nil,
        _ headers: [String] = [],
        type: String = "application/json"
    ) -> Reply {
        let text = body.map { $0.stringValue.map { type == "application/json" ? "\"\($0)\"" : $0 } ?? $0.text } ?? ""
        var all = headers + (token.map { ["Authorization: Bearer \($0)"] } ?? [])
        if body != nil { all.append("Content-Type: \(type)") }
        let reply = try? WireClient(port: server.port).request(method, path, all, text)
        return Reply(status: reply?.status ?? 0, text: reply?.body ?? "")
    }

    func get(_ path: String, _ token: String, _ headers: [String] = []) -> Reply {
        send("GET", path, nil, token, headers)
    }

    func post(_ path: String, _ body: JSONValue? = nil, _ token: String? = nil, _ headers: [String] = []) -> Reply {
        send("POST", path, body, token, headers)
    }

    func put(_ path: String, _ body: JSONValue, _ token: String) -> Reply { send("PUT", path, body, token) }

    func publish(_ text: String, _ token: String) -> Reply {
        send("POST", "/v1/workflows", .string(text), token, type: "application/yaml")
    }

    func login(_ name: String) throws -> String {
        let reply = post(
            "/v1/auth/login",
            ["email": .string("\(name)@example.org"), "password": "correct horse battery"]
        )
        return try #require(reply.json["access_token"]?.stringValue, "\(reply.text)")
    }

    /// An administrator and two users, all of them logged in.
    func people() throws -> (root: String, alice: String, bob: String, aliceID: String) {
        let first = post(
            "/v1/auth/register",
            ["email": "root@example.org", "name": "root", "password": "correct horse battery"]
        )
        #expect(first.json["role"] == "admin", "\(first.json.text)")
        let closed = post(
            "/v1/auth/register",
            ["email": "eve@example.org", "name": "eve", "password": "correct horse battery"]
        )
        #expect(closed.status == 403)
        let root = try login("root")
        var ids: [String] = []
        for name in ["alice", "bob"] {
            let made = post(
                "/v1/admin/users",
                ["email": .string("\(name)@example.org"), "name": .string(name), "password": "correct horse battery"],
                root
            )
            ids.append(try #require(made.json["id"]?.stringValue, "\(made.json.text)"))
        }
        return (root, try login("alice"), try login("bob"), ids[0])
    }

    /// The request to a person that a run has made, once there is one.
    func humanTask(_ token: String, _ run: String) throws -> String {
        while true {
            let list = get("/v1/human-tasks?run=\(run)", token)
            if let id = list.json["items"]?.arrayValue?.first?["id"]?.stringValue { return id }
            try #require(list.status == 200, "\(list.json.text)")
        }
    }

    /// What another service on this machine answers.
    func external(_ path: String, _ port: Int) -> String {
        (try? WireClient(port: UInt16(port)).request("GET", path, ["Host: localhost"]))?.body ?? ""
    }
}
