// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import HTTPServer
import JSON
import Model
import Secrets
import Store
import Testing
import Webhooks

@testable import Server

/// Events go to others (spec 10.5), over real sockets.
@Suite(.timeLimit(.minutes(5)))
struct WebhookDeliveryTests {
    private func world(_ receiver: Receiver, span: Duration = .seconds(86_400)) throws -> World {
        var settings = APISettings()
        settings.targets = AddressPolicy(allowed: [receiver.address])
        settings.deliveries.first = .milliseconds(1)
        settings.deliveries.longest = .milliseconds(20)
        settings.deliveries.span = span
        return try World(settings)
    }

    private func create(
        _ world: World,
        _ receiver: Receiver,
        _ more: JSONObject = [:],
        as token: String
    ) async throws -> (id: String, secret: String) {
        var body = more
        body["url"] = .string(receiver.url)
        let reply = try await world.send("POST", "/v1/webhooks", .object(body), as: token)
        #expect(reply.status == 201, "\(reply.json.text)")
        return (try #require(reply.json["id"]?.stringValue), try #require(reply.json["secret"]?.stringValue))
    }

    private func run(_ world: World, project: String? = nil, as token: String) async throws -> String {
        _ = try await world.publish(adding, as: token)
        var body: JSONObject = [:]
        body["project"] = project.map { .string($0) }
        let reply = try await world.send(
            "POST",
            "/v1/workflows/add/runs",
            .object(body),
            as: token,
            headers: ["prefer": "wait=30"]
        )
        #expect(reply.status == 200, "\(reply.json.text)")
        return try #require(reply.json["id"]?.stringValue)
    }

    private func show(_ world: World, _ id: String, as token: String) async throws -> JSONValue {
        try await world.send("GET", "/v1/webhooks/\(id)", as: token).json
    }

    @Test func `events of what one sees come signed and in order, and nothing else comes`() async throws {
        let receiver = try await Receiver()
        let world = try world(receiver)
        let (root, alice, bob) = try await world.people()
        let mine = try await create(world, receiver, ["types": ["run.*"]], as: alice)
        let other = try await create(world, receiver, ["types": ["run.completed"]], as: bob)
        let all = try await create(world, receiver, ["types": ["run.completed"], "project": "shop"], as: root)
        let run = try await run(world, as: alice)
        let sold = try await self.run(world, project: "shop", as: root)
        await receiver.wait { calls in calls.count { $0.type == "dev.baton.run.completed.v1" } >= 2 }
        let now = Timestamp(
            milliseconds: Int64(receiver.taken[0].headers["webhook-timestamp"] ?? "").map { $0 * 1000 } ?? 0
        )
        func of(_ secret: String) -> [Receiver.Call] {
            receiver.taken.filter { call in
                let said = HookCall(headers: call.headers, body: call.body)
                return (try? said.verify(.standard, secrets: [secret], at: now)) != nil
            }
        }
        let events = of(mine.secret)
        #expect(events.first?.type == "dev.baton.run.queued.v1" || events.first?.type == "dev.baton.run.started.v1")
        #expect(
            events.last?.type == "dev.baton.run.completed.v1"
                && events.allSatisfy { $0.json["subject"]?.stringValue == run }
        )
        let numbers = events.compactMap { $0.json["data"]?["seq"]?.intValue }
        #expect(
            numbers == numbers.sorted() && Set(events.map(\.id)).count == events.count && numbers.count == events.count
        )
        #expect(events.allSatisfy { $0.headers["content-type"] == "application/cloudevents+json" })
        let log = try await world.send("GET", "/v1/events?run=\(run)&types=run.*", as: alice).json["items"]
        #expect(JSONValue.array(events.compactMap { $0.json["data"] }) == log)
        #expect(of(other.secret).isEmpty)
        #expect(of(all.secret).map { $0.json["subject"]?.stringValue } == [sold])
        // Nobody sees the webhooks of others, and only the answer that made it has the secret.
        #expect(try await world.send("GET", "/v1/webhooks", as: bob).json["items"]?.arrayValue?.count == 1)
        #expect(try await world.send("GET", "/v1/webhooks", as: root).json["items"]?.arrayValue?.count == 3)
        #expect(try await world.send("GET", "/v1/webhooks/\(mine.id)", as: bob).status == 404)
        #expect(try await !show(world, mine.id, as: alice).text.contains(mine.secret))
        #expect(try await world.send("GET", "/v1/secrets", as: root).json["items"] == [])
        await world.stop()
        await receiver.stop()
    }

    @Test func `while nothing is taken events wait and come in order under the same ids`() async throws {
        let receiver = try await Receiver()
        receiver.answer { _, count in count < 4 ? 503 : 204 }
        let world = try world(receiver)
        let (_, alice, _) = try await world.people()
        let webhook = try await create(world, receiver, ["types": ["task.completed", "run.completed"]], as: alice)
        _ = try await run(world, as: alice)
        _ = try await run(world, as: alice)
        await receiver.wait { calls in calls.count { $0.type == "dev.baton.run.completed.v1" && $0.status == 204 } == 2
        }
        let calls = receiver.calls
        #expect(Set(calls.prefix(5).map(\.id)).count == 1, "\(calls.map(\.id))")
        // Runs do not wait for each other.
        let runs = Dictionary(grouping: receiver.taken) { $0.json["subject"]?.stringValue }
        #expect(runs.count == 2)
        for taken in runs.values {
            let numbers = taken.compactMap { $0.json["data"]?["seq"]?.intValue }
            #expect(numbers == numbers.sorted() && numbers.count == 2, "\(numbers)")
        }
        while try await show(world, webhook.id, as: alice)["delivered_at"] == nil { await Task.yield() }
        let shown = try await show(world, webhook.id, as: alice)
        #expect(shown["failing_since"] == nil && shown["attempts"] == nil && shown["failure"] == nil)
        await world.stop()
        await receiver.stop()
    }

    @Test func `a refused message steps aside, dies, and is sent again under its id`() async throws {
        let receiver = try await Receiver()
        receiver.answer { call, _ in call.type == "dev.baton.task.completed.v1" ? 422 : 204 }
        let world = try world(receiver, span: .milliseconds(30))
        let (_, alice, bob) = try await world.people()
        let webhook = try await create(world, receiver, ["types": ["task.completed", "run.completed"]], as: alice)
        let path = "/v1/webhooks/\(webhook.id)/dead-letters"
        _ = try await run(world, as: alice)
        await receiver.wait { calls in calls.contains { $0.type == "dev.baton.run.completed.v1" } }
        while try await show(world, webhook.id, as: alice)["dead"] != 1 { await Task.yield() }
        let list = try await world.send("GET", path, as: alice).json["items"]?.arrayValue ?? []
        let letter = try #require(list.first)
        #expect(list.count == 1 && letter["failure"] == "the receiver answered 422", "\(list)")
        #expect(letter["message"]?["type"] == "dev.baton.task.completed.v1" && letter["attempts"]?.intValue ?? 0 > 1)
        #expect(try await world.send("GET", path, as: bob).status == 404)
        #expect(try await world.send("POST", "\(path)/redrive", as: bob).status == 404)
        let none = try await world.send("POST", "\(path)/redrive", ["seqs": [1_000_000]], as: alice)
        #expect(none.json["redriven"] == 0)
        receiver.answer { _, _ in 200 }
        #expect(try await world.send("POST", "\(path)/redrive", as: alice).json["redriven"] == 1)
        await receiver.wait { calls in calls.contains { $0.status == 200 } }
        #expect(receiver.calls.last?.id == letter["id"]?.stringValue)
        while try await show(world, webhook.id, as: alice)["waiting"] != 0 { await Task.yield() }
        #expect(try await show(world, webhook.id, as: alice)["dead"] == 0)
        // Given up while nothing is taken, and discarded.
        receiver.answer { _, _ in 500 }
        _ = try await run(world, as: alice)
        while try await show(world, webhook.id, as: alice)["dead"] != 2 { await Task.yield() }
        #expect(try await world.send("POST", "\(path)/discard", as: alice).json["discarded"] == 2)
        #expect(try await world.send("GET", path, as: alice).json["items"] == [])
        await world.stop()
        await receiver.stop()
    }

    @Test func `a webhook is tested, paused, resumed, given another secret, and removed`() async throws {
        let receiver = try await Receiver()
        let world = try world(receiver)
        let (_, alice, bob) = try await world.people()
        let webhook = try await create(world, receiver, ["types": ["run.completed"]], as: alice)
        let path = "/v1/webhooks/\(webhook.id)"
        #expect(try await world.send("POST", "\(path)/test", as: alice).json["delivered"] == true)
        #expect(receiver.taken[0].type == "dev.baton.webhook.test.v1")
        receiver.answer { _, _ in 404 }
        let failed = try await world.send("POST", "\(path)/test", as: alice).json
        #expect(failed["delivered"] == false && failed["failure"] == "the receiver answered 404")
        receiver.answer { _, _ in 204 }
        #expect(try await world.send("POST", "\(path)/pause", ["note": "later"], as: bob).status == 404)
        let paused = try await world.send("POST", "\(path)/pause", ["note": "later"], as: alice).json
        #expect(paused["status"] == "paused" && paused["note"] == "later")
        #expect(try await world.send("POST", "\(path)/pause", as: alice).status == 409)
        let run = try await run(world, as: alice)
        let rotated = try await world.send("POST", "\(path)/rotate", as: alice).json
        let secret = try #require(rotated["secret"]?.stringValue)
        #expect(secret != webhook.secret && rotated["old_secret_until"] != nil)
        #expect(receiver.taken.count == 1)
        #expect(try await world.send("POST", "\(path)/resume", as: alice).json["status"] == "active")
        await receiver.wait { calls in calls.contains { $0.type == "dev.baton.run.completed.v1" } }
        let call = try #require(receiver.taken.last)
        #expect(call.json["subject"]?.stringValue == run)
        #expect(call.headers["webhook-signature"]?.split(separator: " ").count == 2)
        let seconds = try #require(call.headers["webhook-timestamp"].flatMap { Int64($0) })
        for each in [secret, webhook.secret] {
            let said = HookCall(headers: call.headers, body: call.body)
            #expect(throws: Never.self) {
                try said.verify(.standard, secrets: [each], at: Timestamp(milliseconds: seconds * 1000))
            }
        }
        #expect(try await world.send("DELETE", path, as: bob).status == 404)
        #expect(try await world.send("DELETE", path, as: alice).status == 204)
        #expect(try await world.send("GET", path, as: alice).status == 404)
        let vault = world.service.vault
        #expect(try vault.list(tenant: "default").isEmpty)
        let actions = try world.service.security.auditEntries(tenant: "default", AuditFilter()).map(\.draft.action)
        for action in ["created", "paused", "rotated", "resumed", "deleted"] {
            #expect(actions.contains("webhook.\(action)"), "\(actions)")
        }
        await world.stop()
        await receiver.stop()
    }

    @Test func `a receiver that is gone and an owner that is disabled pause a webhook`() async throws {
        let receiver = try await Receiver()
        receiver.answer { _, _ in 410 }
        let world = try world(receiver)
        let (root, alice, bob) = try await world.people()
        let gone = try await create(world, receiver, ["types": ["run.completed"]], as: alice)
        let lost = try await create(world, receiver, ["types": ["run.completed"]], as: bob)
        let user = try #require(try await world.send("GET", "/v1/auth/me", as: bob).json["user"]?["id"]?.stringValue)
        let patched = try await world.send("PATCH", "/v1/admin/users/\(user)", ["is_disabled": true], as: root)
        #expect(patched.status == 200, "\(patched.json.text)")
        _ = try await run(world, as: alice)
        for (id, note) in [(gone.id, "410"), (lost.id, "disabled")] {
            while try await show(world, id, as: root)["status"] != "paused" { await Task.yield() }
            let shown = try await show(world, id, as: root)
            #expect(shown["note"]?.stringValue?.contains(note) == true, "\(shown.text)")
        }
        #expect(receiver.calls.count == 1)
        await world.stop()
        await receiver.stop()
    }

    @Test func `addresses of this network, and what is no webhook, are refused`() async throws {
        let world = try World()
        let (_, alice, _) = try await world.people()
        let urls = [
            "http://127.0.0.1:1/", "http://localhost/", "http://169.254.169.254/latest", "http://[::1]/",
            "ftp://example.org/",
            "http://user:password@example.org/", "nonsense", "http://0x7f000001/", "http://metadata.google.internal/",
        ]
        for url in urls {
            let reply = try await world.send("POST", "/v1/webhooks", ["url": .string(url)], as: alice)
            #expect(reply.status == 422 && reply.json["errors"]?.arrayValue?.first?["path"] == "/url", "\(url)")
        }
        let bodies: [JSONValue] = [
            [:], ["url": 1], ["url": "https://example.org", "types": "a"],
            ["url": "https://example.org", "types": ["A b"]],
            ["url": "https://example.org", "secret": "x"],
        ]
        for body in bodies {
            #expect(try await world.send("POST", "/v1/webhooks", body, as: alice).status == 422, "\(body.text)")
        }
        let key = try await world.send(
            "POST",
            "/v1/auth/keys",
            ["name": "k", "scopes": ["signals.*"]],
            as: alice
        ).json["key"]?.stringValue
        let narrow = try await world.send("POST", "/v1/webhooks", ["url": "https://example.org"], as: key)
        #expect(narrow.status == 403)
        #expect(try await world.send("GET", "/v1/webhooks", as: alice).json["items"] == [])
        await world.stop()
    }
}
