// Baton
// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import Testing

/// Workers, what they have, and what was given up, over kills of the real program.
@Suite(.offPool, .timeLimit(.minutes(5)), .serialized) struct WorkerCrashTests {
    private static let work = """
        workflow: work
        on_failure: continue
        nodes:
          - {id: a, type: agent, config: {agent: x, prompt: a, output_schema: {type: object, required: [path]}}}
          - {id: b, type: agent, config: {agent: x, prompt: b}}
        """

    private let folder: CrashFolder

    init() throws { folder = try CrashFolder(Self.work) }

    private func server() throws -> ServerProcess {
        try ServerProcess(
            folder: folder.path,
            program: BatonProcess.path,
            variables: ["BATON_SANDBOX_REQUIRE": "false"]
        )
    }

    private func token() throws -> String {
        try String(contentsOfFile: "\(folder.data)/token", encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines
        )
    }

    @Test func `a worker keeps its claims over a kill, and a dead letter is redriven once`() throws {
        var api = API(port: try server(), folder: folder.path)
        let me = try token()
        let made = api.post("/v1/workers", ["queues": ["agent"], "capacity": 2], me)
        let worker = try #require(made.json["id"]?.stringValue, "\(made.text)")
        let run = api.post("/v1/runs", ["document": .string(Self.work), "execution": "external"], me)
        let id = try #require(run.json["id"]?.stringValue, "\(run.text)")
        let tasks = ["0000000000", "0000000001"].map { "task_\(id.dropFirst(4))\($0)" }
        var fences: [JSONValue] = []
        for task in tasks {
            let claim = api.post("/v1/tasks/\(task)/claim", ["worker": .string(worker), "ttl": "1h"], me)
            fences.append(try #require(claim.json["fence"], "\(claim.text)"))
        }
        api.server.kill()
        api.server = try server()
        // The runs are read back in the first turns.
        while api.get("/v1/workers/\(worker)", me).json["claims"]?.arrayValue?.count != 2 {}
        #expect(api.put("/v1/workers/\(worker)/heartbeat", [:], me).json["state"] == "busy")
        #expect(api.post("/v1/tasks/\(tasks[1])/result", ["fence": fences[1], "output": 1], me).status == 200)
        let wrong = api.post("/v1/tasks/\(tasks[0])/result", ["fence": fences[0], "output": ["no": 1]], me)
        #expect(wrong.status == 422, "\(wrong.text)")
        api.server.kill()
        api.server = try server()
        let dead = api.get("/v1/queues/agent/dead", me)
        #expect(dead.json["items"]?.arrayValue?.map { $0["entry"]?.stringValue } == [tasks[0]], "\(dead.text)")
        let key = ["Idempotency-Key: again"]
        let first = api.post("/v1/queues/agent/dead/redrive", [:], me, key)
        #expect(first.status == 200 && first.json["done"] == 1, "\(first.text)")
        api.server.kill()
        api.server = try server()
        // The same request again tells the same, and does nothing.
        #expect(api.post("/v1/queues/agent/dead/redrive", [:], me, key).json == first.json)
        #expect(api.get("/v1/queues/agent/dead", me).json["items"] == [])
        var claim = api.post("/v1/tasks/\(tasks[0])/claim", ["worker": .string(worker)], me)
        while claim.status == 409 { claim = api.post("/v1/tasks/\(tasks[0])/claim", ["worker": .string(worker)], me) }
        let fence = try #require(claim.json["fence"], "\(claim.text)")
        #expect(api.post("/v1/tasks/\(tasks[0])/result", ["fence": fence, "output": ["path": "p"]], me).status == 200)
        let end = api.get("/v1/runs/\(id)", me, ["Prefer: wait=60"])
        #expect(end.json["status"] == "completed", "\(end.text)")
        #expect(api.server.stop() == 0)
    }
}
