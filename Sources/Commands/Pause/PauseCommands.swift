// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server
import Store

/// `baton pause …` and `baton resume …`: what is above single runs.
enum PauseCommands {
    static let pause: CommandDescription = .init(
        name: "pause",
        summary: "Hold back all runs of a workflow or project, the tasks of a queue, or all work",
        discussion: """
            Runs that are started wait, open ones make no further attempt, start no run and ask nobody. Attempts in flight
            finish, timers run, and what people decide is taken and has its effect after the pause. It holds until
            `baton resume` ends it, whatever happens to the process. `baton run pause` holds a single run,
            `baton schedule pause` keeps a schedule from starting runs.
            """,
        examples: [
            .init(line: "baton pause workflow order_check --reason \"until Monday\"", comment: "and say why"),
            .init(line: "baton pause list", comment: "what is paused, by whom and why"),
        ],
        children: forms.map(pause) + [list]
    )

    static let resume: CommandDescription = .init(
        name: "resume",
        summary: "End a pause; what nothing else holds goes on",
        discussion: """
            A run that is paused itself stays so until `baton run resume`. Runs go on when they are driven:
            `baton run resume` drives one, `baton schedule run` all of them; a server does so by itself.
            """,
        examples: [.init(line: "baton resume workflow order_check", comment: "what `baton pause` held back")],
        children: forms.map(resume)
    )

    /// What can be paused: the word for it, its argument, and what that holds.
    private static let forms: [(kind: String, argument: ArgumentDescription?, what: String)] = [
        ("workflow", .init(name: "NAME", summary: "the name of the workflow"), "the runs of a workflow"),
        ("project", .init(name: "NAME", summary: "the name of the project"), "the runs of a project"),
        (
            "queue", .init(name: "NAME", summary: "`queue` of the nodes, or their kind: tool, http"),
            "the tasks of a queue, whichever run they belong to"
        ),
        ("all", nil, "all work"),
    ]

    private static func pause(
        _ kind: String,
        _ argument: ArgumentDescription?,
        _ what: String
    ) -> CommandDescription {
        .init(
            name: kind,
            summary: "Hold back \(what)",
            arguments: argument.map { [$0] } ?? [],
            options: [RunControl.reason],
            examples: [.init(line: "baton pause \(example(kind)) --reason maintenance", comment: "and say why")],
            exits: [.conflict, .unavailable],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let (scope, actor) = (try scope(kind, context), context.actor)
            let reason = context.invocation.text("reason")
            let pause =
                if let server = try context.server() {
                    try server.post(path(of: scope, "pause"), JSONObject().with("reason", reason))
                } else {
                    try ask(context) { engine async throws(EngineError) in
                        try await engine.pause(scope, reason: reason, by: actor)
                    }.json
                }
            context.console.show(pause) { "\(scope) is paused\n" }
            return .ok
        }
    }

    private static func resume(
        _ kind: String,
        _ argument: ArgumentDescription?,
        _ what: String
    ) -> CommandDescription {
        .init(
            name: kind,
            summary: "Let go on: \(what)",
            arguments: argument.map { [$0] } ?? [],
            examples: [.init(line: "baton resume \(example(kind))", comment: "what `baton pause` held back")],
            exits: [.conflict, .unavailable],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let (scope, actor) = (try scope(kind, context), context.actor)
            let pause =
                if let server = try context.server() {
                    try server.post(path(of: scope, "resume"))
                } else {
                    try ask(context) { engine async throws(EngineError) in
                        try await engine.resume(scope, by: actor).pause
                    }.json
                }
            context.console.show(pause) { "\(scope) is not paused any more\n" }
            return .ok
        }
    }

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List what is paused above single runs, by whom and why",
        examples: [.init(line: "baton pause list", comment: "also while another process drives runs")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let rows = try pauses(context)
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note("nothing is paused")
            return .ok
        }
        var table = Table([
            .init(title: "WHAT"), .init(title: "NAME"), .init(title: "BY"), .init(title: "SINCE"),
            .init(title: "REASON"),
        ])
        for row in rows {
            let texts = ["scope", "name", "by"].map { row[$0]?.stringValue ?? "" }
            table.add(texts + [RunDetails.date(row["at"]), row["reason"]?.stringValue ?? ""])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static func pauses(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/pauses") }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        return try reading { () throws(StoreError) in try data.store.pauses() }.map(\.json)
    }

    /// Where a server takes it.
    private static func path(of scope: PauseScope, _ verb: String) -> String {
        switch scope {
        case .all: APIRequest.path("v1", "admin", verb)
        case .workflow(let name): APIRequest.path("v1", "workflows", name, verb)
        case .project(let name): APIRequest.path("v1", "projects", name, verb)
        case .queue(let name): APIRequest.path("v1", "queues", name, verb)
        }
    }

    private static func example(_ kind: String) -> String {
        switch kind {
        case "workflow": "workflow order_check"
        case "project": "project shop"
        case "queue": "queue http"
        default: kind
        }
    }

    private static func scope(_ kind: String, _ context: CommandContext) throws(CommandFailure) -> PauseScope {
        let name = kind == "all" ? "" : context.invocation.word("NAME")
        guard let scope = PauseScope(kind: kind, name: name), scope == .all || !name.isEmpty else {
            throw .usage("the name is missing")
        }
        return scope
    }

    /// Tells the engine something without driving anything.
    private static func ask<Value: Sendable>(
        _ context: CommandContext,
        _ body: @escaping @Sendable (DurableEngine) async throws(EngineError) -> Value
    ) throws(CommandFailure) -> Value {
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        return try local.ask(body)
    }
}
