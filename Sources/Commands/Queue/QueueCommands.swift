// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Model

/// `baton queue …`: the queues of a server, and what they gave up.
enum QueueCommands {
    static let group: CommandDescription = .init(
        name: "queue",
        summary: "Look into queues, hold them back, and deal with tasks that they gave up",
        discussion: """
            Tasks wait in the queue that their node names, or that of its kind: tool, http, agent. A task that failed again and
            again although nothing is wrong with it, or whose result from outside was none, is a dead letter: `redrive` does it
            again under the same id, `discard` forgets it.
            """,
        children: [list, messages, dead, redrive, discard, pause, resume]
    )

    private static let queue = ArgumentDescription(name: "QUEUE", summary: "`queue` of the nodes, or their kind")
    private static let entries = ArgumentDescription(
        name: "ENTRY",
        summary: "entries as `baton queue dead` lists them; the oldest 100 when left out",
        count: .any
    )
    private static let limit = OptionDescription(
        name: "limit",
        kind: .number("N", 1...10_000),
        summary: "at most that many",
        defaultValue: "50"
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List queues with how much waits in them",
        examples: [.init(line: "baton queue list", comment: "where does work pile up?")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let rows = try context.neededServer().items("/v1/queues")
        var table = Table([
            .init(title: "QUEUE"), .init(title: "READY", isNumber: true), .init(title: "LEASED", isNumber: true),
            .init(title: "RETRYING", isNumber: true), .init(title: "HELD", isNumber: true),
            .init(title: "DEAD", isNumber: true), .init(title: "OLDEST"), .init(title: "PAUSED"),
        ])
        for row in rows {
            let age = row["oldest_age_ms"]?.intValue.map { TimeText.span(.milliseconds($0)) } ?? ""
            let by = row["pause"]?["by"]?.stringValue.map { "by \($0)" } ?? ""
            table.add(
                [text(row, "queue")] + ["ready", "leased", "retrying", "held", "dead"].map { text(row, $0) } + [
                    age, by,
                ]
            )
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let messages: CommandDescription = .init(
        name: "messages",
        summary: "List the tasks that wait in a queue, or that executors have",
        arguments: [queue],
        options: [limit, OptionDescription(name: "leased", kind: .flag, summary: "those that executors have")],
        examples: [.init(line: "baton queue messages http --leased", comment: "who works on what")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let word = context.invocation.isOn("leased") ? "pending" : "messages"
        let rows = try page(context, word)
        var table = Table([
            .init(title: "TASK"), .init(title: "WORKFLOW"), .init(title: "NODE"),
            .init(title: "STATUS", paint: .status),
            .init(title: "ATTEMPT", isNumber: true), .init(title: "SINCE"), .init(title: "WORKER"),
        ])
        for row in rows {
            table.add([
                text(row, "id"), text(row, "workflow"), text(row, "node"), text(row, "status"), text(row, "attempt"),
                RunDetails.date(row["since"]), text(row, "worker"),
            ])
        }
        return show(rows, table, "nothing in the queue", context)
    }

    private static let dead: CommandDescription = .init(
        name: "dead",
        summary: "List the tasks that a queue gave up, and why",
        arguments: [queue],
        options: [limit],
        examples: [.init(line: "baton queue dead http", comment: "what has to be looked at")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let rows = try page(context, "dead")
        var table = Table([
            .init(title: "ENTRY"), .init(title: "WORKFLOW"), .init(title: "NODE"),
            .init(title: "ATTEMPTS", isNumber: true), .init(title: "WHEN"), .init(title: "FAILURE"),
            .init(title: "REASON"),
        ])
        for row in rows {
            table.add([
                text(row, "entry"), text(row, "workflow"), text(row, "node"), text(row, "attempts"),
                RunDetails.date(row["at"]), text(row, "failure"), TextWidth.oneLine(text(row, "reason")),
            ])
        }
        return show(rows, table, "no dead letters", context)
    }

    private static let redrive = change(
        "redrive",
        "Do tasks again that a queue gave up; runs that failed go on",
        "baton queue redrive http",
        "when the service works again"
    )

    private static let discard = change(
        "discard",
        "Forget tasks that a queue gave up; they stay failed",
        "baton queue discard http",
        "nobody needs them any more"
    )

    private static func change(
        _ word: String,
        _ summary: String,
        _ line: String,
        _ comment: String
    ) -> CommandDescription {
        .init(
            name: word,
            summary: summary,
            arguments: [queue, entries],
            examples: [.init(line: line, comment: comment)],
            exits: [.conflict, .unavailable, .denied],
            reach: .server
        ) { context throws(CommandFailure) in
            var body = JSONObject()
            let entries = context.invocation.words["ENTRY"] ?? []
            if !entries.isEmpty { body["entries"] = .array(entries.map(JSONValue.string)) }
            let report = try context.neededServer().post(path(context, "dead") + "/\(word)", body)
            context.console.show(report) {
                let failed = (report["items"]?.arrayValue ?? []).filter { $0["message"] != nil }
                let lines = failed.map { "\(text($0, "id")): \(text($0, "message"))\n" }
                return "\(text(report, "done")) done, \(text(report, "failed")) not\n" + lines.joined()
            }
            return report["failed"] == 0 ? .ok : .conflict
        }
    }

    private static let pause: CommandDescription = .init(
        name: "pause",
        summary: "Start no task of a queue any more; attempts in flight finish",
        arguments: [queue],
        options: [RunControl.reason],
        examples: [
            .init(line: "baton queue pause http --reason \"moving the service\"", comment: "until it is resumed")
        ],
        exits: [.conflict, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        var body = JSONObject()
        body["reason"] = context.invocation.text("reason").map(JSONValue.string)
        let answer = try context.neededServer().post(path(context, "pause"), body)
        context.console.show(answer) { "queue \(text(answer, "name")) is paused\n" }
        return .ok
    }

    private static let resume: CommandDescription = .init(
        name: "resume",
        summary: "Let tasks of a queue start again",
        arguments: [queue],
        examples: [.init(line: "baton queue resume http", comment: "what was held goes on")],
        exits: [.conflict, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let answer = try context.neededServer().post(path(context, "resume"))
        context.console.show(answer) { "queue \(text(answer, "name")) is not paused any more\n" }
        return .ok
    }

    // MARK: Parts

    private static func path(_ context: CommandContext, _ word: String) -> String {
        APIRequest.path("v1", "queues", context.invocation.word("QUEUE"), word)
    }

    private static func page(_ context: CommandContext, _ word: String) throws(CommandFailure) -> [JSONValue] {
        let limit = context.invocation.number("limit") ?? 50
        return try context.neededServer().list(path(context, word), limit: limit)
    }

    private static func show(
        _ rows: [JSONValue],
        _ table: Table,
        _ nothing: String,
        _ context: CommandContext
    ) -> ExitCode {
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note(nothing)
        } else {
            context.console.show(rows, table)
        }
        return .ok
    }

    private static func text(_ row: JSONValue, _ key: String) -> String {
        row[key].map { $0.stringValue ?? $0.text } ?? ""
    }
}
