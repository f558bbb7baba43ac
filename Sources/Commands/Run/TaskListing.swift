// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import JSON
import Model

/// `baton task list` and `task show`: tasks of all runs of a server. `baton run get` has those of a run in a folder.
enum TaskListing {
    static let list: CommandDescription = .init(
        name: "list",
        summary: "List tasks of a server, those of the newest runs first",
        options: [
            OptionDescription(
                name: "status",
                kind: .choice("STATUS", TaskStatus.allCases.map(\.rawValue)),
                summary: "only tasks with that status",
                isRepeated: true
            ),
            OptionDescription(name: "run", kind: .text("RUN"), summary: "only of that run"),
            OptionDescription(name: "workflow", kind: .text("NAME"), summary: "only of runs of that workflow"),
            OptionDescription(name: "node", kind: .text("NODE"), summary: "only of that node"),
            OptionDescription(
                name: "filter",
                kind: .text("CEL"),
                summary: "only tasks that fit, such as 'kind == \"agent\" && attempts > 1'; see `GET /v1/tasks`"
            ),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...10_000),
                summary: "at most that many",
                defaultValue: "50"
            ),
        ],
        examples: [.init(line: "baton task list --status needs_review", comment: "what people have to look at")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let server = try context.neededServer()
        var query = context.invocation.texts("status").map { (name: "status", value: $0) }
        if let run = context.invocation.text("run") { query.append(("run", try server.run(run))) }
        for name in ["workflow", "node", "filter"] {
            if let value = context.invocation.text(name) { query.append((name, value)) }
        }
        let tasks = try server.list("/v1/tasks", query, limit: context.invocation.number("limit") ?? 50)
        var table = Table([
            .init(title: "TASK"), .init(title: "WORKFLOW"), .init(title: "NODE"), .init(title: "KIND"),
            .init(title: "STATUS", paint: .status), .init(title: "ATTEMPTS", isNumber: true),
        ])
        for task in tasks {
            table.add(["id", "workflow", "node", "kind", "status", "attempts"].map { text(task, $0) })
        }
        if tasks.isEmpty, context.console.settings.format == .table { context.console.note("no tasks") }
        context.console.show(tasks, table)
        return .ok
    }

    static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a task of a server with its attempts",
        arguments: [ArgumentDescription(name: "TASK", summary: "its id, as `baton task list` has it")],
        examples: [.init(line: "baton task show task_01jd…", comment: "what it waits for, or why it failed")],
        exits: [.notFound, .unavailable, .denied],
        reach: .server
    ) { context throws(CommandFailure) in
        let (server, id) = (try context.neededServer(), context.invocation.word("TASK"))
        let task = try server.get(APIRequest.path("v1", "tasks", id))
        let attempts = try server.items(APIRequest.path("v1", "tasks", id, "attempts"))
        var json = task.objectValue ?? [:]
        json["attempt_list"] = .array(attempts)
        context.console.show(.object(json)) {
            var lines = ["\(text(task, "id")): \(text(task, "node")) (\(text(task, "kind"))), \(text(task, "status"))"]
            if let error = task["error"]?["message"]?.stringValue { lines.append("because: \(error)") }
            for attempt in attempts {
                let failure = attempt["error"]?["message"]?.stringValue.map { ": \($0)" } ?? ""
                lines.append(
                    "attempt \(text(attempt, "attempt")) by \(text(attempt, "worker")), "
                        + "\(RunDetails.date(attempt["started_at"])): \(text(attempt, "status"))\(failure)"
                )
            }
            for check in task["verification"]?["checks"]?.arrayValue ?? [] {
                let message = check["message"]?.stringValue.map { ": \($0)" } ?? ""
                let verdict = check["verdict"]?.stringValue ?? "open"
                lines.append("check \(text(check, "title")) (\(text(check, "kind"))): \(verdict)\(message)")
            }
            return lines.map { TextWidth.oneLine($0) + "\n" }.joined()
        }
        return .ok
    }

    private static func text(_ value: JSONValue, _ name: String) -> String {
        value[name].map { $0.stringValue ?? $0.text } ?? ""
    }
}
