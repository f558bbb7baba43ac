// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import JSON
import RateLimits
import Rates
import Testing

@testable import Server

/// Lists with filters, and what is done to many (spec 10.1, 10.2).
@Suite(.timeLimit(.minutes(5)))
struct ListRouteTests {
    /// One in which many may be asked in a second.
    private static func world() throws -> World {
        var settings = APISettings()
        settings.rates.requests = Rate(units: 100_000, period: .seconds(60))
        return try World(settings)
    }

    /// Starts that many runs, alternately with the label `team=blue`, and waits for their ends.
    private func start(_ count: Int, of name: String, _ world: World, as token: String) async throws {
        for index in 0..<count {
            let body: JSONValue = ["labels": ["team": index % 2 == 0 ? "blue" : "red"]]
            let headers: HTTPHeaders = name == "add" ? ["prefer": "wait=60"] : [:]
            let reply = try await world.send("POST", "/v1/workflows/\(name)/runs", body, as: token, headers: headers)
            #expect(reply.status < 300, "\(reply.json.text)")
        }
    }

    private func ids(_ path: String, _ world: World, as token: String) async throws -> [String] {
        var (found, cursor): ([String], String?) = ([], nil)
        repeat {
            let page = try await world.send("GET", path + (cursor.map { "&cursor=\($0)" } ?? ""), as: token)
            #expect(page.status == 200, "\(path): \(page.json.text)")
            found += page.json["items"]?.arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
            cursor = page.json["next_cursor"]?.stringValue
        } while cursor != nil
        return found
    }

    private func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (hex.utf8.count == 1 ? "0" : "") + hex
        }.joined()
    }

    @Test func aFilterLetsThroughWhatFits() async throws {
        let world = try Self.world()
        let (root, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        _ = try await world.publish(asking, as: alice)
        try await start(5, of: "add", world, as: alice)
        try await start(3, of: "ask", world, as: alice)
        let cases: [(filter: String, count: Int)] = [
            ("true", 8), ("status == 'completed'", 5), ("'completed' == status", 5),
            ("status in ['completed', 'failed']", 5), ("status == 'completed' && workflow == 'ask'", 0),
            ("workflow == 'ask' && tasks == 2", 3), ("workflow != 'ask' || tasks == 7", 5), ("status == 'no'", 0),
            ("labels.team == 'blue'", 5), ("labels.team == 'blue' && status == 'completed'", 3),
            ("has(labels.none)", 0), ("labels.none == 'x'", 0), ("usd > 1.0", 0), ("usd == 0.0", 8),
            ("created_at > now - duration('1h')", 8), ("created_at > timestamp('2300-01-01T00:00:00Z')", 0),
            ("ended_at == null", 3), ("ended_at < now", 5), ("project == null", 8), ("project == 'shop'", 0),
            ("workflow.startsWith('a') && workflow.size() == 3", 8), ("error == null", 8),
        ]
        for (filter, count) in cases {
            for limit in [1, 3, 500] {
                let path = "/v1/runs?limit=\(limit)&filter=\(encoded(filter))"
                let found = try await ids(path, world, as: alice)
                #expect(found.count == count && Set(found).count == count, "\(filter), \(limit) a page: \(found.count)")
                #expect(found == found.sorted(by: >), "\(filter): the newest first")
            }
        }
        #expect(try await ids("/v1/runs?label=team%3Dred", world, as: alice).count == 3)
        #expect(try await ids("/v1/runs?label=team%3Dred&status=completed", world, as: alice).count == 2)
        #expect(
            try await ids("/v1/workflows/ask/runs?filter=\(encoded("labels.team == 'blue'"))", world, as: alice).count
                == 2
        )
        // Somebody else's runs are no more there with a filter than without.
        #expect(try await ids("/v1/runs?filter=true", world, as: bob).isEmpty)
        #expect(try await ids("/v1/runs?filter=true", world, as: root).count == 8)
        await world.stop()
    }

    @Test func aBadFilterIsRefusedWithItsPlace() async throws {
        let world = try Self.world()
        let root = try await world.login("root")
        let cases: [(filter: String, place: String)] = [
            ("status ==", "at character"), ("stat == 'failed'", "at character 1: "),
            ("status == 1", "at character 8: "),
            ("usd", "condition"), ("1 + 1", "condition"), ("status.nope('x')", "at character"),
            ("workflow > 3", "at character"),
            (String(repeating: "(", count: 40) + "true" + String(repeating: ")", count: 40), "at character"),
        ]
        for (filter, place) in cases {
            for path in ["/v1/runs", "/v1/tasks", "/v1/human-tasks"]
            where path == "/v1/runs" || place == "condition" && filter != "usd" {
                let reply = try await world.send("GET", "\(path)?filter=\(encoded(filter))", as: root)
                #expect(reply.status == 422, "\(filter): \(reply.json.text)")
                let detail = reply.json["detail"]?.stringValue ?? ""
                #expect(detail.contains(place) && reply.json["errors"]?[0]?["path"] == "filter", "\(filter): \(detail)")
            }
        }
        // An evaluation that does not end soon is given up.
        _ = try await world.publish(adding, as: root)
        try await start(1, of: "add", world, as: root)
        let list = "[" + Array(repeating: "1", count: 40).joined(separator: ",") + "]"
        let costly = "\(list).all(a, \(list).all(b, \(list).all(c, a + b + c > 0)))"
        let reply = try await world.send("GET", "/v1/runs?filter=\(encoded(costly))", as: root)
        #expect(
            reply.status == 422 && reply.json["detail"]?.stringValue?.contains("steps") == true,
            "\(reply.json.text)"
        )
        await world.stop()
    }

    @Test func tasksAreListedOverAllRuns() async throws {
        let world = try Self.world()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        _ = try await world.publish(asking, as: alice)
        try await start(2, of: "add", world, as: alice)
        try await start(3, of: "ask", world, as: alice)
        while try await ids("/v1/tasks?waiting=human", world, as: alice).count < 3 { await Task.yield() }
        let cases: [(query: String, count: Int)] = [
            ("limit=1", 8), ("limit=500", 8), ("status=waiting", 3), ("status=completed", 5), ("kind=human", 3),
            ("node=first", 3), ("node=first&node=sum", 5), ("workflow=ask", 6), ("status=waiting&limit=1", 3),
            ("waiting=human", 3), ("waiting=retry", 0), ("kind=human&status=completed", 0),
            ("filter=" + encoded("status == 'completed' && output == 2"), 5),
            ("filter=" + encoded("waiting == 'human'") + "&limit=2", 3),
            ("filter=" + encoded("kind == 'transform' && attempts == 0"), 5),
        ]
        for (query, count) in cases {
            let found = try await ids("/v1/tasks?\(query)", world, as: alice)
            #expect(found.count == count && Set(found).count == count, "\(query): \(found.count)")
        }
        let run = try #require(try await ids("/v1/runs?limit=1&filter=true", world, as: alice).first)
        #expect(try await ids("/v1/tasks?run=\(run)", world, as: alice).count == 2)
        #expect(try await ids("/v1/tasks?run=\(run)", world, as: bob).isEmpty)
        #expect(try await ids("/v1/tasks?limit=500", world, as: bob).isEmpty)
        await world.stop()
    }

    @Test func manyTasksAreStoppedAndEachHasItsOutcome() async throws {
        let world = try Self.world()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        try await start(2, of: "ask", world, as: alice)
        while try await ids("/v1/tasks?waiting=human", world, as: alice).count < 2 { await Task.yield() }
        let waiting = try await ids("/v1/tasks?waiting=human", world, as: alice)
        let done = try await ids("/v1/tasks?node=first", world, as: alice)
        let body: JSONValue = ["action": "cancel", "ids": .array((waiting + done.prefix(1)).map(JSONValue.string))]
        let headers: HTTPHeaders = ["idempotency-key": "bulk"]
        let hidden = try await world.send("POST", "/v1/tasks/bulk", body, as: bob)
        #expect(hidden.status == 207 && hidden.json["done"] == 0, "\(hidden.json.text)")
        #expect(hidden.json["items"]?.arrayValue?.allSatisfy { $0["status"] == 404 } == true)
        for _ in 1...2 {
            let reply = try await world.send("POST", "/v1/tasks/bulk", body, as: alice, headers: headers)
            #expect(reply.status == 207 && reply.json["done"] == 2 && reply.json["failed"] == 1, "\(reply.json.text)")
        }
        let left = try await ids("/v1/tasks?status=cancelled", world, as: alice)
        #expect(left.sorted() == waiting.sorted())
        await world.stop()
    }

    @Test func aRunIsExportedWholeAndTellsItsAttempts() async throws {
        let world = try Self.world()
        let root = try await world.login("root")
        _ = try await world.publish(adding, as: root)
        try await start(1, of: "add", world, as: root)
        let run = try #require(try await ids("/v1/runs?filter=true", world, as: root).first)
        let export = try await world.send("GET", "/v1/runs/\(run)/export", as: root)
        #expect(export.status == 200 && export.headers["content-type"] == "application/jsonl")
        let lines = try export.bytes.split(separator: 0x0a).map { try JSONValue(parsing: Array($0)) }
        #expect(lines.first?["run"]?["id"] == .string(run) && lines[1]["document"]?["workflow"] == "add")
        let numbers = lines.dropFirst(2).compactMap { $0["event"]?["run_seq"]?.intValue }
        #expect(
            numbers == Array(1...Int64(numbers.count))
                && lines.first?["run"]?["last_event"] == .int(Int64(numbers.count))
        )
        let estimate = try await world.send("GET", "/v1/runs/\(run)/estimate", as: root)
        #expect(estimate.status == 200 && estimate.json["by_node"]?.arrayValue?.count == 1)
        #expect(try await world.send("GET", "/v1/runs/\(run)/attempts", as: root).json["items"] == [])
        let document = try await world.send("GET", "/v1/runs/\(run)/document", as: root)
        #expect(document.json["workflow"] == "add" && document.json["nodes"]?.arrayValue?.count == 1)
        await world.stop()
    }

    @Test func aRunThatHasEndedIsDeletedAndNoOther() async throws {
        let world = try World()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        _ = try await world.publish(asking, as: alice)
        try await start(2, of: "add", world, as: alice)
        try await start(1, of: "ask", world, as: alice)
        let done = try await ids("/v1/runs?status=completed", world, as: alice)
        let open = try #require(try await ids("/v1/runs?filter=workflow%3D%3D%27ask%27", world, as: alice).first)
        #expect(try await world.send("DELETE", "/v1/runs/\(open)", as: alice).status == 409)
        #expect(try await world.send("DELETE", "/v1/runs/\(done[0])", as: bob).status == 404)
        #expect(try await world.send("DELETE", "/v1/runs/\(done[0])", as: alice).status == 204)
        #expect(try await world.send("GET", "/v1/runs/\(done[0])", as: alice).status == 404)
        #expect(try await world.send("DELETE", "/v1/runs/\(done[0])", as: alice).status == 404)
        #expect(try await ids("/v1/runs?limit=500", world, as: alice).sorted() == [done[1], open].sorted())
        #expect(try await world.send("POST", "/v1/runs/\(open)/cancel", as: alice).status == 200)
        #expect(try await world.send("GET", "/v1/events?limit=1", as: alice).status == 200)
        await world.stop()
    }

    @Test func aReviewIsDecidedByItsTask() async throws {
        let world = try Self.world()
        let (_, alice, bob) = try await world.people()
        _ = try await world.publish(asking, as: alice)
        try await start(1, of: "ask", world, as: alice)
        while try await ids("/v1/tasks?waiting=human", world, as: alice).isEmpty { await Task.yield() }
        let task = try #require(try await ids("/v1/tasks?waiting=human", world, as: alice).first)
        let path = "/v1/tasks/\(task)/review"
        #expect(try await world.send("POST", path, ["choice": "approve"], as: bob).status == 404)
        #expect(try await world.send("POST", path, ["choice": "dance"], as: alice).status == 422)
        let answer = try await world.send("POST", path, ["choice": "approve"], as: alice)
        #expect(answer.status == 200 && answer.json["status"] == "approved", "\(answer.json.text)")
        #expect(try await world.send("POST", path, ["choice": "approve"], as: alice).status == 409)
        await world.stop()
    }
}
