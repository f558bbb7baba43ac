// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import TestSupport
import Testing

@testable import Webhooks

@Suite struct IncomingTests {
    private func time(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    private struct Case {
        let name: String
        let kind: HookKind
        let secret: String
        let at: Int64
        let headers: [String: String]
        let body: String
        let delivery: String?
    }

    /// Published examples where there are any; that of Stripe is its scheme over a body of ours.
    private static let cases: [Case] = [
        Case(
            name: "GitHub's documentation",
            kind: .github,
            secret: "It's a Secret to Everybody",
            at: 0,
            headers: [
                "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
                "x-github-delivery": "72d3162e",
            ],
            body: "Hello, World!",
            delivery: "72d3162e"
        ),
        Case(
            name: "Slack's documentation",
            kind: .slack,
            secret: "8f742231b10e8888abcd99yyyzzz85a5",
            at: 1_531_420_618,
            headers: [
                "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                "x-slack-request-timestamp": "1531420618", "content-type": "application/x-www-form-urlencoded",
            ],
            body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
                + "channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
                + "response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
                + "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
            delivery: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        ),
        Case(
            name: "Standard Webhooks",
            kind: .standard,
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            at: 1_614_265_330,
            headers: [
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
                "webhook-signature": "v1a,x v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ],
            body: #"{"test": 2432232314}"#,
            delivery: "msg_p5jXN8AQM9LWM0D4loKWxJek"
        ),
        Case(
            name: "Stripe",
            kind: .stripe,
            secret: "whsec_test_secret",
            at: 1_492_774_577,
            headers: [
                "stripe-signature": "t=1492774577,v0=6f,v1=00,"
                    + "v1=799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f"
            ],
            body: #"{"id":"evt_1"}"#,
            delivery: "evt_1"
        ),
        Case(
            name: "basic",
            kind: .basic,
            secret: "ada:open sesame",
            at: 0,
            headers: ["authorization": "Basic YWRhOm9wZW4gc2VzYW1l", "idempotency-key": "k"],
            body: "",
            delivery: "k"
        ),
        Case(
            name: "a key as a bearer",
            kind: .apiKey,
            secret: "abc123",
            at: 0,
            headers: ["authorization": "Bearer abc123"],
            body: "x",
            delivery: nil
        ),
        Case(
            name: "a key of its own",
            kind: .apiKey,
            secret: "abc123",
            at: 0,
            headers: ["x-api-key": "abc123"],
            body: "x",
            delivery: nil
        ),
    ]

    private func refusal(
        _ test: Case,
        _ change: (inout [String: String], inout [UInt8], inout String, inout Int64) -> Void
    )
        -> String?
    {
        var (headers, body, secret, at) = (test.headers, Array(test.body.utf8), test.secret, test.at)
        change(&headers, &body, &secret, &at)
        do throws(HookCall.Refusal) {
            _ = try HookCall(headers: headers, body: body).verify(test.kind, secrets: [secret], at: time(at))
            return nil
        } catch { return error.reason }
    }

    @Test func `calls of every kind are taken as they are, and refused when anything is changed`() throws {
        for test in Self.cases {
            let call = HookCall(headers: test.headers, body: Array(test.body.utf8))
            #expect(
                try call.verify(test.kind, secrets: [test.secret], at: time(test.at)) == test.delivery,
                "\(test.name)"
            )
            let both = try call.verify(test.kind, secrets: ["whsec_AAAA", "other", test.secret], at: time(test.at))
            #expect(both == test.delivery, "\(test.name): two secrets")
            #expect(refusal(test) { _, _, secret, _ in secret = WebhookKey().text } != nil, "\(test.name): secret")
            #expect(refusal(test) { headers, _, _, _ in headers = [:] } != nil, "\(test.name): no headers")
            for name in test.headers.keys
            where !["x-github-delivery", "content-type", "idempotency-key"].contains(name) {
                #expect(refusal(test) { headers, _, _, _ in headers[name] = "" } != nil, "\(test.name): \(name)")
                #expect(refusal(test) { headers, _, _, _ in headers[name]? += "0" } != nil, "\(test.name): \(name)")
            }
            guard [.github, .slack, .standard, .stripe].contains(test.kind) else { continue }
            #expect(refusal(test) { _, body, _, _ in body.append(0) } != nil, "\(test.name): body")
            guard test.kind != .github else { continue }
            for (seconds, isTaken) in [(-301, false), (-300, true), (300, true), (301, false)] as [(Int64, Bool)] {
                #expect((refusal(test) { $3 += seconds } == nil) == isTaken, "\(test.name): \(seconds)")
            }
        }
    }

    @Test func `times that are none are refused`() {
        let test = Self.cases[2]
        for text in ["", "x", "-1", "99999999999999999999", "1e9", "1614265330.0"] {
            #expect(refusal(test) { headers, _, _, _ in headers["webhook-timestamp"] = text } != nil, "\(text)")
        }
    }

    @Test func `secrets are made and checked by kind`() {
        for kind in HookKind.allCases where !kind.needsSecret {
            #expect(kind.defect(ofSecret: kind.newSecret) == nil && kind.newSecret != kind.newSecret)
        }
        #expect(HookKind.standard.defect(ofSecret: "short") != nil && HookKind.basic.defect(ofSecret: "nobody") != nil)
    }

    @Test func `a body is JSON, a form or a text`() {
        func value(_ type: String, _ body: String) -> JSONValue {
            HookCall(headers: ["content-type": type], body: Array(body.utf8)).value
        }
        #expect(value("application/json; charset=utf-8", #"{"a":1}"#) == ["a": 1])
        #expect(value("application/x-www-form-urlencoded", "a=1+2%21&b") == ["a": "1 2!", "b": ""])
        #expect(value("Application/X-WWW-Form-Urlencoded", "payload=%7B%22a%22%3A1%7D") == ["a": 1])
        #expect(value("application/x-www-form-urlencoded", "a=%zz%") == ["a": "%zz%"])
        #expect(value("text/plain", "hello") == "hello" && value("", "") == .null)
    }

    // MARK: What comes of a call

    private func step(_ action: JSONObject, _ body: JSONValue, headers: [String: String] = [:]) throws
        -> HookAction.Step
    {
        try HookAction(action).step(for: HookCall(headers: headers, body: body.bytes()), delivery: "d")
    }

    @Test func `a call becomes a signal with a key, or a run with inputs, when a condition holds`() throws {
        let signal: JSONObject = [
            "when": "body.action == 'opened'",
            "signal": ["type": "pull.${ body.action }", "to": "workflow:review", "key": "body.number"],
        ]
        let body: JSONValue = ["action": "opened", "number": 7]
        #expect(
            try step(signal, body)
                == .signal(type: "pull.opened", to: "workflow:review", key: "7", payload: body)
        )
        #expect(try step(signal, ["action": "closed"]) == .nothing)
        let start: JSONObject = [
            "start": [
                "workflow": "deploy@main",
                "inputs": ["ref": "${ body.ref }", "by": "${ headers['x-from'] }", "id": "${ delivery }"],
            ]
        ]
        let headers = ["x-from": "ada", "authorization": "secret"]
        #expect(
            try step(start, ["ref": ["main"]], headers: headers)
                == .start(workflow: "deploy@main", inputs: ["ref": ["main"], "by": "ada", "id": "d"])
        )
    }

    @Test func `actions and calls that do not fit are refused with the place`() throws {
        func path(_ body: () throws -> Void) -> String? {
            do { try body() } catch { return (error as? HookAction.Invalid)?.path }
            return nil
        }
        let signal: JSONValue = ["type": "a", "to": "broadcast"]
        let table: [(JSONObject, String)] = [
            ([:], ""), (["signal": signal, "start": ["workflow": "a"]], ""),
            (["when": "1 +", "signal": signal], "/when"),
            (["when": "inputs.a", "signal": signal], "/when"), (["when": 1, "signal": signal], "/when"),
            (["start": ["workflow": "a", "inputs": ["b": "${ nope(1) }"]]], "/start/inputs/b"),
            (["signal": ["type": "a", "to": "broadcast", "key": "secrets.a"]], "/signal/key"),
        ]
        for (action, expected) in table { #expect(path { _ = try HookAction(action) } == expected, "\(action)") }
        let calls: [(JSONObject, String)] = [
            (["when": "body.none == 1", "signal": signal], "/when"), (["when": "1", "signal": signal], "/when"),
            (["signal": ["type": "a", "to": "broadcast", "key": "body"]], "/signal/key"),
            (["signal": ["type": "${ body.a }", "to": "broadcast"]], "/signal/type"),
            (["start": ["workflow": "a", "inputs": "${ 1 }"]], "/start/inputs"),
            (["signal": ["type": "a", "to": "b", "payload": "${ headers.authorization }"]], "/signal/payload"),
        ]
        for (action, expected) in calls {
            #expect(path { _ = try step(action, ["a": 1], headers: ["authorization": "x"]) } == expected, "\(action)")
        }
    }
}
