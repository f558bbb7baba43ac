// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON

/// `baton webhook …`: events that go to others.
enum WebhookCommands {
    static let group: CommandDescription = .init(
        name: "webhook",
        summary: "Send events to the addresses of others",
        discussion: """
            A webhook gets the events that its owner may see, signed as Standard Webhooks says, in order and at least once; what is
            not taken for a day becomes a dead letter. WEBHOOK is an id, or as much of its beginning as no other one has.
            """,
        examples: [
            .init(
                line: "baton webhook create https://example.org/in --types run.completed,run.failed",
                comment: "shows the secret that signs them, once"
            ),
            .init(line: "baton webhook test wh_01", comment: "does anything arrive?"),
        ],
        children: [create, list, show, test, pause, resume, rotate, deadLetters, redrive, discard, delete]
    )

    private static let webhook = ArgumentDescription(name: "WEBHOOK", summary: "id of a webhook, or its beginning")
    private static let events = OptionDescription(
        name: "event",
        kind: .text("SEQ,…"),
        summary: "only those of these events; all when not given"
    )

    private static let create: CommandDescription = .init(
        name: "create",
        summary: "Send events from now on to an address",
        discussion: """
            Private addresses are refused unless `sandbox.network` of the server names them. The secret is shown this once; who
            receives the messages checks their signatures with it.
            """,
        arguments: [ArgumentDescription(name: "URL", summary: "where messages go, `https` or `http`")],
        options: [
            OptionDescription(
                name: "types",
                kind: .text("TYPE,…"),
                summary: "only events of these types; `task.*` stands for all of an area"
            ),
            OptionDescription(name: "project", kind: .text("NAME"), summary: "only events of runs in that project"),
        ],
        examples: [
            .init(line: "baton webhook create https://example.org/in --project shop", comment: "of one project")
        ],
        exits: [.notFound, .unavailable, .denied, .conflict],
        reach: .server
    ) { context throws(CommandFailure) in
        var body: JSONObject = ["url": .string(context.invocation.word("URL"))]
        if let types = context.invocation.text("types") {
            body["types"] = .array(types.split(separator: ",").map { .string(String($0)) })
        }
        body["project"] = context.invocation.text("project").map { .string($0) }
        let made = try context.neededServer().post("/v1/webhooks", body)
        context.console.show(made) { "\(text(made, "id"))\nsecret: \(text(made, "secret"))\n" }
        return .ok
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List one's webhooks",
        examples: [.init(line: "baton webhook list", comment: "with what each waits for")],
        exits: [.notFound, .unavailable],
        reach: .server
    ) { context throws(CommandFailure) in
        let webhooks = try context.neededServer().items("/v1/webhooks")
        var table = Table([
            .init(title: "ID"), .init(title: "STATUS"), .init(title: "URL"), .init(title: "TYPES"),
            .init(title: "WAITING", isNumber: true), .init(title: "DEAD", isNumber: true),
            .init(title: "DELIVERED", paint: .dim),
        ])
        for webhook in webhooks {
            let types = webhook["types"]?.arrayValue?.compactMap(\.stringValue).joined(separator: ",") ?? ""
            table.add([
                text(webhook, "id"), state(webhook), text(webhook, "url"), types.isEmpty ? "all" : types,
                webhook["waiting"]?.text ?? "", webhook["dead"]?.text ?? "", RunDetails.date(webhook["delivered_at"]),
            ])
        }
        context.console.show(webhooks, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a webhook and how far it got",
        arguments: [webhook],
        examples: [.init(line: "baton webhook show wh_01", comment: "why does nothing arrive?")],
        exits: [.notFound, .unavailable],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        display(try server.get(try path(server, context)), context)
        return .ok
    }

    private static let test: CommandDescription = .init(
        name: "test",
        summary: "Send a message that means nothing, once",
        arguments: [webhook],
        examples: [.init(line: "baton webhook test wh_01", comment: "code 4 when it was not taken")],
        exits: [.notFound, .unavailable, .denied, .conflict],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let result = try server.post(try path(server, context) + "/test")
        guard result["delivered"] == true else {
            throw CommandFailure(.conflict, "webhook.failed", "not delivered: \(text(result, "failure"))")
        }
        context.console.show(result) { "delivered as \(text(result, "id"))\n" }
        return .ok
    }

    private static let pause = changing("pause", "Send nothing until it is resumed; events wait")
    private static let resume = changing("resume", "Go on where it was")

    private static let rotate: CommandDescription = .init(
        name: "rotate",
        summary: "Make a new secret; the old one signs as well for a day",
        arguments: [webhook],
        examples: [.init(line: "baton webhook rotate wh_01", comment: "then give the new one to who receives")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let changed = try server.post(try path(server, context) + "/rotate")
        context.console.show(changed) {
            "secret: \(text(changed, "secret"))\nthe one before signs as well until \(text(changed, "old_secret_until"))\n"
        }
        return .ok
    }

    private static let deadLetters: CommandDescription = .init(
        name: "dead",
        summary: "List messages that were given up",
        arguments: [webhook],
        options: [
            OptionDescription(name: "limit", kind: .number("N", 1...10_000), summary: "at most so many; 100 by default")
        ],
        examples: [.init(line: "baton webhook dead wh_01", comment: "with why")],
        exits: [.notFound, .unavailable],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let letters = try server.list(
            try path(server, context) + "/dead-letters",
            limit: context.invocation.number("limit") ?? 100
        )
        var table = Table([
            .init(title: "EVENT", isNumber: true), .init(title: "TYPE"), .init(title: "ATTEMPTS", isNumber: true),
            .init(title: "GIVEN UP", paint: .dim), .init(title: "WHY"),
        ])
        for letter in letters {
            table.add([
                letter["seq"]?.text ?? "", text(letter, "type"), letter["attempts"]?.text ?? "",
                RunDetails.date(letter["died_at"]), text(letter, "failure"),
            ])
        }
        context.console.show(letters, table)
        return .ok
    }

    private static let redrive = changingLetters(
        "redrive",
        "Send messages again that were given up, under the same ids",
        "redriven",
        "will be sent again"
    )
    private static let discard = changingLetters(
        "discard",
        "Remove messages that were given up",
        "discarded",
        "are removed"
    )

    private static let delete: CommandDescription = .init(
        name: "delete",
        summary: "Remove a webhook with all messages that were not delivered",
        arguments: [webhook],
        examples: [.init(line: "baton webhook delete wh_01", comment: "nothing goes there any more")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        let path = try path(server, context)
        _ = try server.send(APIRequest("DELETE", path))
        let id = path.split(separator: "/").last.map(String.init) ?? ""
        context.console.show(["deleted": .string(id)]) { "\(id) is removed\n" }
        return .ok
    }

    // MARK: Parts

    private static func changing(_ word: String, _ summary: String) -> CommandDescription {
        .init(
            name: word,
            summary: summary,
            arguments: [webhook],
            options: word == "pause"
                ? [OptionDescription(name: "message", kind: .text("TEXT"), summary: "why, for others", short: "m")]
                : [],
            examples: [
                .init(line: "baton webhook \(word) wh_01", comment: word == "pause" ? "for now" : "and catch up")
            ],
            exits: [.notFound, .unavailable, .denied, .conflict],
            reach: .server
        ) { context throws(CommandFailure) in
            let server = try context.neededServer()
            var body: JSONObject = [:]
            if word == "pause" { body["note"] = context.invocation.text("message").map { .string($0) } }
            display(try server.post(try path(server, context) + "/\(word)", body), context)
            return .ok
        }
    }

    private static func changingLetters(
        _ word: String,
        _ summary: String,
        _ member: String,
        _ what: String
    ) -> CommandDescription {
        .init(
            name: word,
            summary: summary,
            arguments: [webhook],
            options: [events],
            examples: [.init(line: "baton webhook \(word) wh_01 --event 17,18", comment: "two of them")],
            exits: [.notFound, .unavailable, .denied],
            reach: .server
        ) { context throws(CommandFailure) in
            let server = try context.neededServer()
            var body: JSONObject = [:]
            if let text = context.invocation.text("event") {
                var numbers: [JSONValue] = []
                for part in text.split(separator: ",") {
                    guard let number = Int64(part) else {
                        throw .usage("--event takes numbers of events with commas, not `\(part)`")
                    }
                    numbers.append(.int(number))
                }
                body["seqs"] = .array(numbers)
            }
            let result = try server.post(try path(server, context) + "/dead-letters/\(word)", body)
            context.console.show(result) { "\(result[member]?.text ?? "0") \(what)\n" }
            return .ok
        }
    }

    /// Where the server has the webhook that the command names.
    private static func path(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> String {
        let text = context.invocation.word("WEBHOOK")
        let all = try server.items("/v1/webhooks")
        let found = try IdentifierLookup.only(text, "webhook", among: all) { $0["id"]?.stringValue ?? "" }
        return APIRequest.path("v1", "webhooks", found["id"]?.stringValue ?? "")
    }

    private static func display(_ webhook: JSONValue, _ context: CommandContext) {
        context.console.show(webhook) {
            var lines = ["\(text(webhook, "id")): \(state(webhook))", "to \(text(webhook, "url"))"]
            let types = webhook["types"]?.arrayValue?.compactMap(\.stringValue) ?? []
            lines.append("events: \(types.isEmpty ? "all" : types.joined(separator: ", "))")
            for (name, title) in [
                ("project", "project"), ("note", "note"), ("delivered_at", "delivered last"),
                ("failing_since", "failing since"),
                ("failure", "because"), ("next_attempt_at", "next attempt"),
            ] where webhook[name] != nil {
                lines.append("\(title): \(text(webhook, name))")
            }
            lines.append("waiting: \(webhook["waiting"]?.text ?? "0"), dead: \(webhook["dead"]?.text ?? "0")")
            return lines.map { TextWidth.oneLine($0) + "\n" }.joined()
        }
    }

    private static func state(_ webhook: JSONValue) -> String {
        webhook["failing_since"] != nil && webhook["status"] == "active" ? "failing" : text(webhook, "status")
    }

    private static func text(_ value: JSONValue, _ name: String) -> String { value[name]?.stringValue ?? "" }
}
