// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Model

/// `baton worker …`: who does tasks for a server.
enum WorkerCommands {
    static let group: CommandDescription = .init(
        name: "worker",
        summary: "See who does tasks for a server, and let workers come to an end",
        discussion: """
            Workers are programs that register at the API and claim tasks in their own name. The first one of the list is the
            server itself.
            """,
        children: [
            list,
            order("drain", "Give a worker no task any more; it stops when its last one ends"),
            order("pause", "Give a worker no task until it is resumed"),
            order("resume", "Give a worker tasks again"),
            remove,
        ]
    )

    private static let worker = ArgumentDescription(name: "WORKER", summary: "its id, as `baton worker list` shows it")

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List workers with what they have to do",
        examples: [.init(line: "baton worker list", comment: "also those that died within a day")],
        exits: [.unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let rows = try context.neededServer().items("/v1/workers")
        var table = Table([
            .init(title: "WORKER"), .init(title: "STATE", paint: .status), .init(title: "LOAD", isNumber: true),
            .init(title: "OF", isNumber: true), .init(title: "QUEUES"), .init(title: "SINCE"), .init(title: "WHY"),
        ])
        for row in rows {
            let queues = (row["queues"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
            table.add([
                row["id"]?.stringValue ?? "", row["state"]?.stringValue ?? "", row["load"]?.text ?? "",
                row["capacity"]?.text ?? "", queues, RunDetails.date(row["since"]), row["reason"]?.stringValue ?? "",
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static func order(_ word: String, _ summary: String) -> CommandDescription {
        .init(
            name: word,
            summary: summary,
            arguments: [worker],
            examples: [.init(line: "baton worker \(word) wrk_01mcc5rm00hvag55rtta27zxbz", comment: "by its id")],
            exits: [.notFound, .conflict, .unavailable, .denied],
            reach: .server
        ) { context throws(CommandFailure) in
            let answer = try context.neededServer().post(path(context) + "/\(word)")
            context.console.show(answer) {
                "\(answer["id"]?.stringValue ?? "") is \(answer["state"]?.stringValue ?? "")\n"
            }
            return .ok
        }
    }

    private static let remove: CommandDescription = .init(
        name: "remove",
        summary: "Forget a worker; the tasks that it has are done by others",
        arguments: [worker],
        examples: [.init(line: "baton worker remove wrk_01mcc5rm00hvag55rtta27zxbz", comment: "it hangs")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let id = context.invocation.word("WORKER")
        _ = try context.neededServer().send(APIRequest("DELETE", path(context)))
        context.console.show(["id": .string(id), "status": "removed"]) { "\(id) is removed\n" }
        return .ok
    }

    private static func path(_ context: CommandContext) -> String {
        APIRequest.path("v1", "workers", context.invocation.word("WORKER"))
    }
}
