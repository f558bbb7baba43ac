// Baton
// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Engine
import HTTPServer
import Hashing
import JSON
import Model
import Store
import Testing
import Webhooks

@testable import Server

/// Calls of others (spec 10.5).
@Suite(.timeLimit(.minutes(5)))
struct HookRouteTests {
    private static let paying = """
        workflow: pay
        outputs: {paid: "${ nodes.paid.output.signal }"}
        nodes: [{id: paid, type: wait, config: {signal: {type: payment, key: "7"}}}]
        """

    private func create(_ world: World, _ body: JSONValue, as token: String) async throws -> JSONValue {
        let reply = try await world.send("POST", "/v1/hooks", body, as: token)
        #expect(reply.status == 201, "\(reply.json.text)")
        return reply.json
    }

    /// Calls a hook with the headers of a sender.
    private func call(
        _ world: World,
        _ id: String,
        _ headers: HTTPHeaders,
        _ body: String
    ) async throws -> World.Reply {
        try await world.call("/v1/hooks/\(id)", bytes: Array(body.utf8), headers: headers)
    }

    private func signed(_ secret: String, id: String = "msg_1", _ body: String, at seconds: Int64? = nil) throws
        -> HTTPHeaders
    {
        let now = seconds.map { Timestamp(milliseconds: $0 * 1000) } ?? SystemTime.now
        let key = try #require(WebhookKey(secret))
        var headers = HTTPHeaders()
        for (name, value) in WebhookSignature.headers(id: id, at: now, body: Array(body.utf8), keys: [key]) {
            headers[name] = value
        }
        return headers
    }

    private func start(_ world: World, as token: String) async throws -> String {
        _ = try await world.publish(Self.paying, as: token)
        let started = try await world.send("POST", "/v1/workflows/pay/runs", [:], as: token)
        let run = try #require(started.json["id"]?.stringValue, "\(started.json.text)")
        while try await world.send("GET", "/v1/runs/\(run)", as: token).json["status"] != "waiting" {
            await Task.yield()
        }
        return run
    }

    private func end(_ world: World, _ run: String, as token: String) async throws -> JSONValue {
        try await world.send("GET", "/v1/runs/\(run)", as: token, headers: ["prefer": "wait=30"]).json
    }

    @Test func `a signed call becomes a signal to the owner's runs, once`() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        let (mine, theirs) = (try await start(world, as: alice), try await start(world, as: bob))
        let hook = try await create(
            world,
            [
                "kind": "standard", "when": "body.kind == 'paid'",
                "signal": [
                    "type": "payment", "to": "workflow:pay", "key": "body.order", "payload": "${ body.amount }",
                ],
            ],
            as: alice
        )
        let (id, secret) = (hook["id"]?.stringValue ?? "", hook["secret"]?.stringValue ?? "")
        #expect(hook["url"]?.stringValue == "/v1/hooks/\(id)")
        let other = #"{"kind":"opened","order":7}"#
        let ignored = try await call(world, id, try signed(secret, id: "msg_0", other), other)
        #expect(ignored.status == 202 && ignored.json["status"] == "ignored", "\(ignored.json.text)")
        let body = #"{"kind":"paid","order":7,"amount":12}"#
        let headers = try signed(secret, body)
        let done = try await call(world, id, headers, body)
        #expect(done.status == 202 && done.json == ["status": "signalled", "delivered": 1], "\(done.json.text)")
        let ended = try await end(world, mine, as: alice)
        #expect(ended["status"] == "completed" && ended["outputs"]?["paid"] == 12, "\(ended.text)")
        #expect(try await world.send("GET", "/v1/runs/\(theirs)", as: bob).json["status"] == "waiting")
        // A repeat gets the first answer, whatever it says.
        let again = try await call(world, id, try signed(secret, "{}"), "{}")
        #expect(again.status == 202 && again.json == done.json)
        // Nobody else may look at the hook or change it, and it never shows its secret again.
        for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/rotate")] {
            #expect(try await world.send(method, "/v1/hooks/\(id)\(path)", as: bob).status == 404, "\(method) \(path)")
        }
        #expect(try await world.send("GET", "/v1/hooks", as: bob).json["items"] == [])
        let shown = try await world.send("GET", "/v1/hooks/\(id)", as: root)
        #expect(shown.status == 200 && !shown.json.text.contains(secret) && shown.json["when"] == "body.kind == 'paid'")
        await world.stop()
    }

    @Test func `what is not signed is refused, written down, and does nothing`() async throws {
        let world = try World()
        let (_, alice, _) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        let hook = try await create(world, ["kind": "standard", "start": ["workflow": "add"]], as: alice)
        let (id, secret) = (hook["id"]?.stringValue ?? "", hook["secret"]?.stringValue ?? "")
        let now = SystemTime.now.milliseconds / 1000
        let table: [(String, HTTPHeaders)] = [
            ("no headers", [:]), ("another key", try signed(WebhookKey().text, "{}")),
            ("another body", try signed(secret, "{ }")), ("an old one", try signed(secret, "{}", at: now - 400)),
            ("one of later", try signed(secret, "{}", at: now + 400)),
            ("a credential", ["authorization": "Bearer \(alice)"]),
        ]
        for (name, headers) in table {
            let reply = try await call(world, id, headers, "{}")
            #expect(reply.status == 401 && reply.json["code"] == "auth.required", "\(name): \(reply.json.text)")
        }
        #expect(try await world.send("GET", "/v1/runs", as: alice).json["items"] == [])
        var filter = AuditFilter()
        filter.action = "hook.refused"
        let entries = try world.service.security.auditEntries(tenant: "default", filter)
        #expect(entries.count == 1 && entries[0].draft.object == "hook:\(id)" && entries[0].draft.reason != nil)
        let large = String(repeating: "a", count: (1 << 20) + 1)
        #expect(try await call(world, id, try signed(secret, large), large).status == 413)
        #expect(try await call(world, "hook_00000000000000000000000000", [:], "{}").status == 404)
        #expect(try await call(world, "nonsense", [:], "{}").status == 404)
        await world.stop()
    }

    @Test func `a call starts a run once, with another secret for a day beside the old one`() async throws {
        let world = try World()
        let (root, alice, _) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        let hook = try await create(
            world,
            ["kind": "api_key", "start": ["workflow": "add", "inputs": ["a": "${ body.a }"]]],
            as: alice
        )
        let (id, secret) = (hook["id"]?.stringValue ?? "", hook["secret"]?.stringValue ?? "")
        func call(_ secret: String, _ body: String, _ key: String?) async throws -> World.Reply {
            var headers: HTTPHeaders = ["x-api-key": secret, "content-type": "application/json"]
            headers["idempotency-key"] = key
            return try await self.call(world, id, headers, body)
        }
        let first = try await call(secret, #"{"a": 4}"#, "one")
        let run = try #require(first.json["run"]?.stringValue, "\(first.json.text)")
        #expect(first.status == 202 && first.json["status"] == "started")
        let ended = try await end(world, run, as: alice)
        #expect(ended["outputs"]?["sum"] == 5, "\(ended.text)")
        #expect(try await call(secret, #"{"a": 4}"#, "one").json == first.json)
        #expect(try await call(secret, #"{"a": 4}"#, "two").json["run"] != first.json["run"])
        // Without a name every call is another one.
        #expect(try await call(secret, #"{"a": 4}"#, nil).json["run"] != call(secret, #"{"a": 4}"#, nil).json["run"])
        let wrong = try await call(secret, #"{"a": "x"}"#, "three")
        #expect(wrong.status == 422 && wrong.json["errors"]?.arrayValue?.first?["path"] == "/start/inputs/a")
        #expect(try await call(secret, "{}", "four").status == 422)
        let rotated = try await world.send("POST", "/v1/hooks/\(id)/rotate", ["secret": "another one"], as: alice)
        #expect(rotated.json["secret"] == nil && rotated.json["old_secret_until"] != nil, "\(rotated.json.text)")
        for secret in [secret, "another one"] { #expect(try await call(secret, #"{"a": 1}"#, nil).status == 202) }
        // Whose owner is gone does nothing.
        let user = try #require(try await world.send("GET", "/v1/auth/me", as: alice).json["user"]?["id"]?.stringValue)
        _ = try await world.send("PATCH", "/v1/admin/users/\(user)", ["is_disabled": true], as: root)
        #expect(try await call(secret, #"{"a": 1}"#, nil).status == 403)
        #expect(try await world.send("DELETE", "/v1/hooks/\(id)", as: root).status == 204)
        #expect(try await call(secret, #"{"a": 1}"#, nil).status == 404)
        await world.stop()
    }

    @Test func `GitHub, Slack and basic credentials are understood`() async throws {
        let world = try World()
        let (_, alice, _) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        func hook(_ kind: String, _ secret: String) async throws -> String {
            let body: JSONValue = ["kind": .string(kind), "secret": .string(secret), "start": ["workflow": "add"]]
            let made = try await create(world, body, as: alice)
            #expect(made["secret"] == nil)
            return made["id"]?.stringValue ?? ""
        }
        let github = try await hook("github", "It's a Secret to Everybody")
        let headers: HTTPHeaders = [
            "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            "x-github-delivery": "d-1",
        ]
        let first = try await call(world, github, headers, "Hello, World!")
        #expect(first.status == 202 && first.json["run"] != nil, "\(first.json.text)")
        #expect(try await call(world, github, headers, "Hello, World!").json == first.json)
        let slack = try await hook("slack", "shhh")
        let body = #"{"type":"url_verification","challenge":"abc"}"#
        let seconds = String(SystemTime.now.milliseconds / 1000)
        let code = SlackCode.of("v0:\(seconds):\(body)", secret: "shhh")
        let challenge = try await call(
            world,
            slack,
            [
                "x-slack-request-timestamp": seconds, "x-slack-signature": "v0=\(code)",
                "content-type": "application/json",
            ],
            body
        )
        #expect(challenge.status == 200 && challenge.json == ["challenge": "abc"], "\(challenge.json.text)")
        #expect(try await call(world, slack, ["content-type": "application/json"], body).status == 401)
        let basic = try await hook("basic", "ada:open sesame")
        #expect(try await call(world, basic, ["authorization": "Basic YWRhOm9wZW4gc2VzYW1l"], "").status == 202)
        await world.stop()
    }

    @Test func `hooks that could do nothing are refused`() async throws {
        let world = try World()
        let (root, alice, bob) = try await world.people()
        _ = try await world.publish(adding, as: alice)
        let signal: JSONValue = ["type": "a", "to": "broadcast"]
        let table: [(JSONValue, status: Int, path: String)] = [
            (["kind": "standard"], 422, ""), (["kind": "nonsense", "signal": signal], 422, "/kind"),
            (["kind": "slack", "signal": signal], 422, "/secret"),
            (["kind": "standard", "secret": "short", "signal": signal], 422, "/secret"),
            (["kind": "basic", "secret": "nobody", "signal": signal], 422, "/secret"),
            (["kind": "standard", "signal": ["type": "a", "to": "nowhere"]], 422, "/signal/to"),
            (["kind": "standard", "signal": ["type": "a", "to": "project"]], 422, "/project"),
            (["kind": "standard", "signal": signal, "when": "1 +"], 422, "/when"),
            (["kind": "standard", "signal": signal, "start": ["workflow": "add"]], 422, ""),
            (
                ["kind": "standard", "start": ["workflow": "add", "inputs": ["a": "${ nothing.b }"]]], 422,
                "/start/inputs/a"
            ),
            (["kind": "standard", "start": ["workflow": "none"]], 404, ""),
            (["kind": "standard", "start": ["workflow": "add"], "project": "theirs"], 404, ""),
        ]
        for (body, status, path) in table {
            let reply = try await world.send("POST", "/v1/hooks", body, as: alice)
            #expect(reply.status == status, "\(body.text): \(reply.json.text)")
            let place = reply.json["errors"]?.arrayValue?.first?["path"]?.stringValue ?? ""
            #expect(place == path, "\(body.text): \(reply.json.text)")
        }
        // Another's run is not there, also for a call that names it.
        let run = try await start(world, as: bob)
        let hook = try await create(
            world,
            ["kind": "api_key", "secret": "1234", "signal": ["type": "payment", "to": "run:${ body.run }"]],
            as: alice
        )
        let (id, body) = (hook["id"]?.stringValue ?? "", #"{"run":"\#(run)"}"#)
        #expect(try await call(world, id, ["x-api-key": "1234"], body).status == 404)
        #expect(try await call(world, id, ["x-api-key": "1234"], #"{"run":"x"}"#).status == 422)
        #expect(try await world.send("GET", "/v1/runs/\(run)", as: root).json["status"] == "waiting")
        await world.stop()
    }
}

private enum SystemTime {
    static var now: Timestamp { SystemClock().wall() }
}

private enum SlackCode {
    static func of(_ text: String, secret: String) -> String {
        SHA256.hexadecimal(HMACSHA256.code(Array(text.utf8), key: Array(secret.utf8)))
    }
}
