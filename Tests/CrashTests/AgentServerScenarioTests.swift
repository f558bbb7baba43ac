// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTP
import JSON
import Testing

@testable import Tools

/// The workflow of `Examples/acceptance/s0` with its agents: they work inside the real program, asked by a script, and change
/// the runs that they work in.
@Suite(.offPool, .timeLimit(.minutes(5)), .serialized) struct AgentServerScenarioTests {
    /// The files that users can try as well.
    private static let files =
        #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
        + "/Examples/acceptance/s0"

    private let folder: CrashFolder
    private let ledger = EchoServer()
    private let port: Int
    private let document: String

    init() throws {
        document = try Self.text("\(Self.files)/order_check.yaml")
        folder = try CrashFolder(document)
        port = try ledger.start(port: 0)
    }

    private static func text(_ path: String) throws -> String {
        let file = try #require(Descriptor(open(path, O_RDONLY | O_CLOEXEC)), "\(path)")
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = read(file.number, &part, part.count), count > 0 { bytes += part.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func server() throws -> ServerProcess {
        try ServerProcess(
            folder: folder.path,
            program: BatonProcess.path,
            variables: [
                "BATON_SANDBOX_NETWORK": "127.0.0.1:\(port)", "BATON_SANDBOX_REQUIRE": "false",
                "BATON_PROVIDERS":
                    "{\"scripted\": {\"models\": [\"demo\"], \"script\": \"\(Self.files)/answers.yaml\"}}",
            ]
        )
    }

    @Test func `an agent patches its run, is told what is refused, and the run goes on after a kill`() throws {
        var api = API(port: try server(), folder: folder.path)
        let (root, alice, bob, aliceID) = try api.people()
        let member: JSONValue = ["role": "operator", "groups": ["approver"]]
        #expect(api.put("/v1/projects/orders/members/\(aliceID)", member, root).status == 200)
        let published = api.publish(document, alice)
        #expect(published.status == 201, "\(published.text)")
        let hash = try #require(published.json["hash"])

        // The order is large: the agent puts a node between itself and the decision.
        let socket = try WireClient(port: api.server.port)
        #expect(socket.upgrade("/v1/ws", ["Authorization: Bearer \(alice)"]))
        socket.sendMessage(#"{"subscribe": {"types": ["run.started", "task.completed", "graph.patched"]}, "after": 0}"#)
        #expect(socket.message()?["subscribed"] != nil)
        let run = try start(api, alice, amount: 20_000)
        let seen = (1...6).compactMap { _ in socket.message()?["event"] }.map {
            [$0["type"]?.stringValue, $0["node"]?.stringValue].compactMap(\.self).joined(separator: " ")
        }
        #expect(
            seen == [
                "run.started", "task.completed fetch", "graph.patched", "task.completed analyze",
                "task.completed validate", "task.completed big",
            ],
            "\(seen)"
        )
        // The request is there by then: it is in the same commit.
        let task = try api.humanTask(alice, run)
        let graph = api.get("/v1/runs/\(run)/graph", alice)
        #expect(graph.json["nodes"]?.arrayValue?.count == 6, "\(graph.text)")
        let patches = api.get("/v1/runs/\(run)/patches", alice).json["items"]?.arrayValue ?? []
        #expect(patches.count == 1 && patches[0]["seq"] == 1 && patches[0]["status"] == "applied", "\(patches)")
        #expect(patches[0]["author"]?.stringValue?.contains("analyze") == true, "\(patches)")
        #expect(api.get("/v1/workflows/order_check/tags/main", alice).json["hash"] == hash)

        try refusals(api, alice)
        try goOn(&api, alice, bob, run, task)
        #expect(api.server.stop() == 0)
    }

    /// Six agents at once are too many, and so are three more after three; the agent hears it, and the run ends well.
    private func refusals(_ api: API, _ token: String) throws {
        let run = try start(api, token, amount: 5)
        let end = api.get("/v1/runs/\(run)", token, ["Prefer: wait=60"])
        #expect(end.json["status"] == "completed" && end.json["outputs"]?["decision"] == "auto", "\(end.text)")
        let list = api.get("/v1/runs/\(run)/patches", token).json["items"]?.arrayValue ?? []
        let patches = list.sorted { ($0["seq"]?.intValue ?? 0) < ($1["seq"]?.intValue ?? 0) }
        #expect(
            patches.compactMap { $0["status"]?.stringValue } == ["rejected", "applied", "rejected"],
            "\(patches.map(\.text))"
        )
        let refused = patches.filter { $0["status"] == "rejected" }
        #expect(refused.allSatisfy { $0["diagnostics"]?.text.contains("E505") == true }, "\(refused.map(\.text))")
        let tasks = api.get("/v1/runs/\(run)/tasks", token).json["items"]?.arrayValue ?? []
        let helpers = tasks.filter { $0["node"]?.stringValue?.hasPrefix("b") == true && $0["node"] != "big" }
        #expect(helpers.count == 3 && helpers.allSatisfy { $0["status"] == "completed" }, "\(tasks.map(\.text))")
    }

    /// Death while a person is waited for; then everything is as it was, and the decision counts once.
    private func goOn(_ api: inout API, _ alice: String, _ bob: String, _ run: String, _ task: String) throws {
        let before = api.get("/v1/runs/\(run)/details", alice).json
        #expect(before["status"] == "waiting" || before["run"]?["status"] == "waiting", "\(before.text)")
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
        #expect(end.json["status"] == "completed" && end.json["outputs"]?["decision"] == "approve", "\(end.text)")
        #expect(api.post(order, ["choice": "approve"], alice).status == 200)
        #expect(api.get("/v1/runs/\(run)", alice).json["last_event"] == end.json["last_event"])
        let keys = try JSONValue(parsing: Array(api.external("/ledger", port).utf8))["keys"]?.objectValue ?? [:]
        #expect(keys.count > 0 && keys.allSatisfy { $0.value == 1 }, "\(keys)")
    }

    private func start(_ api: API, _ token: String, amount: Int) throws -> String {
        let address = "http://127.0.0.1:\(port)"
        let reply = api.post(
            "/v1/workflows/order_check/runs",
            [
                "project": "orders",
                "inputs": [
                    "order_url": .string("\(address)/order?amount=\(amount)"), "save_url": .string("\(address)/orders"),
                ],
            ],
            token
        )
        #expect(reply.status == 202, "\(reply.text)")
        return try #require(reply.json["id"]?.stringValue)
    }
}
