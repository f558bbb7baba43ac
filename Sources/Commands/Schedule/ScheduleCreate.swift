// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import Definition
import Engine
import JSON
import Model
import Server
import Store

/// `baton schedule create`.
enum ScheduleCreate {
    static let command: CommandDescription = .init(
        name: "create",
        summary: "Make a schedule",
        discussion: """
            WORKFLOW is looked up at each firing: report@main starts what that tag points to then. What happens while a run of the
            schedule is open:
              skip             the firing is left out
              buffer_one       one run starts when the open one ends; further firings are left out meanwhile
              buffer_all       a run for each firing, one after the other
              cancel_other     the open run is cancelled, and the next one starts when it has ended
              terminate_other  the open run is ended at once, and the next one starts
              allow_all        the next one starts anyway
            A clock time that does not exist on a day fires when the clock goes on, and one that comes twice fires once.
            """,
        arguments: [
            .init(name: "NAME", summary: "a letter or _, then letters, digits, _, -, . or /"),
            .init(name: "WORKFLOW", summary: "a published workflow: NAME, NAME@TAG, NAME@3"),
        ],
        options: [
            ScheduleCommands.cron, ScheduleCommands.every, ScheduleCommands.zone,
            ScheduleCommands.overlap("what happens while a run is open (default: skip)"),
            OptionDescription(
                name: "catch-up",
                kind: .text("SPAN"),
                summary: "how late a run may start because nothing ran, 10s to 366d (default: 1h)"
            ),
            OptionDescription(
                name: "jitter",
                kind: .text("SPAN"),
                summary: "runs start up to that much later, before the next firing, at most 1d (default: 0s)"
            ),
            OptionDescription(
                name: "input",
                kind: .pair("NAME=VALUE"),
                summary: "an input of every run",
                short: "i",
                isRepeated: true
            ),
            OptionDescription(
                name: "inputs-file",
                kind: .path("FILE"),
                summary: "a JSON object of inputs; --input wins over it"
            ),
        ],
        examples: [
            .init(
                line: "baton schedule create nightly report@main --cron \"0 2 * * *\" --zone Europe/Berlin",
                comment: "every night at two"
            ),
            .init(
                line: "baton schedule create poll orders --every 10m --overlap buffer_one --jitter 30s -i limit=50",
                comment: "every ten minutes, never two at a time"
            ),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer,
        action: create
    )

    private static func create(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let made = try made(context)
        context.console.show(made) {
            let next = RunDetails.time(made["next_fire_at"]).map { ", next at \(ScheduleForms.time($0))" } ?? ""
            let (name, workflow) = (made["name"]?.stringValue ?? "", made["workflow"]?.stringValue ?? "")
            return "\(made["id"]?.stringValue ?? "")\n\(name) starts \(workflow)\(next)\n"
        }
        return .ok
    }

    private static func made(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() { return try made(server, context) }
        let now = SystemClock().wall()
        let definition = try definition(context, now)
        try engineCall { () throws(EngineError) in try definition.check() }
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        let made = try local.ask { engine async throws(EngineError) in try await engine.createSchedule(definition) }
        context.console.note("schedules fire while `\(context.command("schedule run"))` works")
        return .object(made.json)
    }

    private static func made(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let invocation = context.invocation
        let workflow = invocation.word("WORKFLOW")
        let reference = try context.reference(text: workflow)
        let selector = workflow.contains("@") ? String(workflow.drop { $0 != "@" }.dropFirst()) : "main"
        let version = try server.get(APIRequest.path("v1", "workflows", reference.name, "versions", selector))
        var fields: JSONObject = ["name": .string(invocation.word("NAME")), "workflow": .string(workflow)]
        for (key, option) in [
            ("cron", "cron"), ("every", "every"), ("zone", "zone"), ("overlap", "overlap"), ("catch_up", "catch-up"),
            ("jitter", "jitter"),
        ] {
            fields[key] = invocation.text(option).map(JSONValue.string)
        }
        let inputs = try InputSchemas(document: version["document"] ?? [:]).read(context)
        if !inputs.isEmpty { fields["inputs"] = .object(inputs) }
        var made = try server.post("/v1/schedules", fields).objectValue ?? [:]
        for key in ["fired", "left_out", "last_failure"] { made[key] = nil }
        return .object(made)
    }

    private static func definition(
        _ context: CommandContext,
        _ now: Timestamp
    ) throws(CommandFailure) -> ScheduleDefinition {
        var source = IdentifierSource()
        var random = SystemRandomNumberGenerator()
        let timing = try context.timing(anchor: now)
        let workflow = context.invocation.word("WORKFLOW")
        let graph = try graph(workflow, context)
        var definition = ScheduleDefinition(
            id: source.next(at: now, entropy: (random.next(), random.next())),
            createdAt: now,
            name: context.invocation.word("NAME"),
            workflow: workflow,
            inputs: try RunInputs(graph: graph, context: context).readGiven(),
            timing: timing,
            creator: context.actor
        )
        if let policy = context.invocation.text("overlap").flatMap(OverlapPolicy.init) { definition.overlap = policy }
        if let span = try context.span("catch-up") { definition.catchUp = span }
        if let span = try context.span("jitter") { definition.jitter = span }
        return definition
    }

    /// The workflow as a run here would find it.
    private static func graph(_ reference: String, _ context: CommandContext) throws(CommandFailure) -> Graph {
        guard !PublishedWorkflow.looksLikePath(reference) else {
            throw .usage(
                "a schedule starts published workflows, and `\(reference)` is a file",
                hint: "`baton workflow publish \(reference)` publishes it"
            )
        }
        let toolbox = try Toolbox(try SettingsReader.read(context), context)
        let compiler = try toolbox.makeCompiler(for: .run)
        return try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            let source = PublishedWorkflows(
                catalog: session.catalog,
                compiler: compiler,
                owner: CatalogSession.owner
            )
            return try engineCall { () throws(EngineError) in try source.workflow(reference, for: .common) }.graph
        }
    }
}
