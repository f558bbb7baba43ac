// Baton
// SPDX-License-Identifier: Apache-2.0

import CEL
import Definition
import Engine
import HTTPServer
import JSON
import Model
import Synchronization
import Testing
import Threads

@testable import Server

/// Tools and the one door (spec 8.13).
@Suite(.timeLimit(.minutes(5)))
struct ToolRouteTests {
    /// Doubles a number, and counts how often it did.
    private final class Doubling: NodeExecutor {
        let calls = Atomic<Int>(0)

        func execute(_ assignment: Assignment, _ cancellation: CancellationSignal) async -> AttemptOutcome {
            guard case .tool(_, let template, _) = assignment.node.kind,
                let arguments = try? template.evaluate(in: assignment.scope)
            else { return .completed(.null) }
            calls.add(1, ordering: .relaxed)
            if let text = arguments["text"] { return .completed(["text": text]) }
            guard let number = arguments["n"]?.intValue, number < 100 else {
                return .failed(TaskError(code: "tool.failed", errorClass: .permanent, message: "too large"))
            }
            return .completed(["twice": .int(number * 2)])
        }
    }

    private static let schema: JSONValue = [
        "type": "object", "properties": ["n": ["type": "integer"], "text": ["type": "string"]],
        "additionalProperties": false,
    ]

    private static func tool(_ name: String, _ description: String) -> JSONValue {
        [
            "name": .string(name), "description": .string(description), "input_schema": schema, "output_schema": .null,
            "effects": "read", "idempotent": true, "timeout_ms": 1000, "max_output": 1000, "category": "numbers",
        ]
    }

    private func makeWorld(_ executor: Doubling) throws -> World {
        var settings = APISettings()
        let tools = [Self.tool("math.double", "Doubles a number"), Self.tool("math.other", "Does not")]
        settings.tools = { tools }
        let known = try ["math.double", "math.other"].map { try Registry.Tool(name: $0, input: Self.schema) }
        return try World(settings, tools: known, executors: ["tool": executor])
    }

    @Test func toolsAreListedFoundAndDescribed() async throws {
        let world = try makeWorld(Doubling())
        let (root, alice, _) = try await world.people()
        #expect(try await world.send("GET", "/v1/tools", as: alice).json["items"]?.arrayValue?.count == 2)
        for (query, names) in [
            ("double", ["math.double"]), ("numbers", ["math.double", "math.other"]), ("math%20not", ["math.other"]),
            ("nothing", []),
        ] {
            let reply = try await world.send("GET", "/v1/tools/search?q=\(query)", as: alice)
            #expect(reply.json["items"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == names, "\(query)")
        }
        #expect(try await world.send("GET", "/v1/tools/search?q=..", as: alice).status == 422)
        #expect(try await world.send("GET", "/v1/tools/math.double", as: root).json["input_schema"] == Self.schema)
        #expect(try await world.send("GET", "/v1/tools/math.triple", as: root).status == 404)
        await world.stop()
    }

    @Test func aToolIsCalledOnceForAKeyAndItsFailureIsAResult() async throws {
        let executor = Doubling()
        let world = try makeWorld(executor)
        let (_, alice, bob) = try await world.people()
        let key: HTTPHeaders = ["idempotency-key": "k"]
        var ids: Set<String> = []
        for _ in 1...2 {
            let body: JSONValue = ["arguments": ["n": 21]]
            let reply = try await world.send("POST", "/v1/tools/math.double/execute", body, as: alice, headers: key)
            #expect(reply.status == 200 && reply.json["success"] == true, "\(reply.json.text)")
            #expect(reply.json["mode"] == "tool" && reply.json["content"] == ["twice": 42])
            let trace = reply.json["trace"]?[0]
            #expect(trace?["name"] == "math.double" && trace?["ok"] == true && trace?["n"] == 1, "\(reply.json.text)")
            ids.insert(reply.json["execution_id"]?.stringValue ?? "")
        }
        #expect(executor.calls.load(ordering: .relaxed) == 1 && ids.count == 1)
        #expect(try await world.send("GET", "/v1/runs/\(ids.first ?? "")", as: alice).status == 200)
        #expect(try await world.send("GET", "/v1/runs/\(ids.first ?? "")", as: bob).status == 404)
        // What looks like an expression is text.
        let text: JSONValue = ["name": "math.double", "arguments": ["text": "${ inputs.secret } $${"]]
        let echoed = try await world.send("POST", "/v1/execute", text, as: alice)
        #expect(echoed.json["content"] == ["text": "${ inputs.secret } $${"], "\(echoed.json.text)")
        let large: JSONValue = ["name": "math.double", "arguments": ["n": 100]]
        let failed = try await world.send("POST", "/v1/execute", large, as: alice)
        #expect(failed.status == 200 && failed.json["success"] == false, "\(failed.json.text)")
        #expect(failed.json["error"]?["code"] == "tool.failed" && failed.json["content"] == .null)
        await world.stop()
    }

    @Test func whatIsNotThereOrDoesNotFitIsRefused() async throws {
        let executor = Doubling()
        let world = try makeWorld(executor)
        let (root, alice, _) = try await world.people()
        for (name, status) in [
            ("agent_zzz", 404), ("skill_x", 404), ("workflow_nothing", 404), ("math.triple", 404),
            ("workstack_add", 404),
        ] {
            _ = try await world.publish(adding, as: alice)
            let reply = try await world.send("POST", "/v1/execute", ["name": .string(name)], as: alice)
            #expect(reply.status == status, "\(name): \(reply.json.text)")
        }
        let wrong: JSONValue = ["arguments": ["n": "text"]]
        let refused = try await world.send("POST", "/v1/tools/math.double/execute", wrong, as: alice)
        #expect(refused.status == 422 && refused.json["errors"]?[0]?["path"] == "/arguments/n", "\(refused.json.text)")
        let ran = try await world.send(
            "POST",
            "/v1/execute",
            ["name": "workflow_add", "arguments": ["a": 2]],
            as: alice
        )
        #expect(ran.json["mode"] == "workflow" && ran.json["content"] == ["sum": 3], "\(ran.json.text)")
        #expect(executor.calls.load(ordering: .relaxed) == 0)
        // 120 a minute, for administrators too; some more while the calls take their time.
        var statuses: [Int] = []
        while !statuses.contains(429), statuses.count < 1000 {
            statuses += try await withThrowingTaskGroup { group in
                for _ in 1...20 {
                    group.addTask {
                        let body: JSONValue = ["arguments": ["n": 1]]
                        return try await world.send("POST", "/v1/tools/math.double/execute", body, as: root).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        #expect(statuses.count >= 120 && statuses.count < 1000)
        #expect(statuses.prefix(100).allSatisfy { $0 == 200 } && statuses.allSatisfy { [200, 429].contains($0) })
        await world.stop()
    }
}
