// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Definition
import Engine
import JSON
import Model
import Server
import Store

/// `baton run list`, `get` and `explain`: reads, whoever drives the runs.
enum RunListing {
    static let list: CommandDescription = .init(
        name: "list",
        summary: "List runs, the newest first",
        options: [
            OptionDescription(
                name: "status",
                kind: .choice("STATUS", RunStatus.allCases.map(\.rawValue)),
                summary: "only runs with that status",
                isRepeated: true
            ),
            OptionDescription(name: "workflow", kind: .text("NAME"), summary: "only runs of that workflow"),
            OptionDescription(
                name: "label",
                kind: .pair("NAME=VALUE"),
                summary: "only runs with that label",
                isRepeated: true
            ),
            OptionDescription(
                name: "filter",
                kind: .text("CEL"),
                summary: "only runs that fit, such as 'status == \"failed\" && usd > 1.0'; see `GET /v1/runs`"
            ),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...1000),
                summary: "at most that many",
                defaultValue: "50"
            ),
        ],
        examples: [
            .init(line: "baton run list --status waiting", comment: "what waits"),
            .init(line: "baton run list -o jsonl | grep order_check", comment: "one run a line, for programs"),
        ],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let runs = try runs(context)
        if runs.isEmpty, context.console.settings.format == .table {
            context.console.note("no runs; `baton run FILE` starts one")
            return .ok
        }
        context.console.show(runs, table(runs))
        return .ok
    }

    private static func runs(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        var filter = RunFilter()
        filter.statuses = context.invocation.texts("status").compactMap(RunStatus.init)
        filter.workflow = context.invocation.text("workflow")
        filter.limit = context.invocation.number("limit") ?? 50
        if let server = try context.server() {
            var query = filter.statuses.map { (name: "status", value: $0.rawValue) }
            if let workflow = filter.workflow { query.append(("workflow", workflow)) }
            for label in context.invocation.texts("label") { query.append(("label", label)) }
            if let text = context.invocation.text("filter") { query.append(("filter", text)) }
            return try server.list("/v1/runs", query, limit: filter.limit)
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        let labels = context.invocation.pairs("label")
        return try apiCall { () throws(Problem) in
            let list = try FilteredRuns(filter, labels: labels, filter: context.invocation.text("filter"))
            return try list.read(data.reader, data.store)
        }
    }

    static let get: CommandDescription = .init(
        name: "get",
        summary: "Show a run with its tasks, as it is or as it was",
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "at",
                kind: .number("SEQ", 1...Int.max),
                summary: "as it was after the event with that run_seq"
            )
        ],
        examples: [
            .init(line: "baton run get last --at 12", comment: "what it was after event 12"),
            .init(line: "baton run get last", comment: "the newest run"),
            .init(line: "baton run get last -o json", comment: "with inputs, outputs and errors in full"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (details, now) = try runDetails(context)
        var json = details.json
        json["tasks"] = .array(details.tasks)
        context.console.show(.object(json)) { text(details, now, context) }
        return .ok
    }

    private static func runDetails(_ context: CommandContext) throws(CommandFailure) -> (RunDetails, now: Timestamp) {
        let at = context.invocation.number("at").map { Int64($0) }
        if let server = try context.server() {
            let path = APIRequest.path("v1", "runs", try server.run(), "state")
            let query = at.map { [(name: "at", value: String($0))] } ?? []
            return (RunDetails(try server.get(path, query)), SystemClock().wall())
        }
        let (state, data) = try read(context, at: at)
        let workspace = Workspaces(dataFolder: context.dataFolder).path(of: state.id)
        let now = try at.map { at throws(CommandFailure) in try time(of: at, state, data) } ?? SystemClock().wall()
        return (RunDetails(state: state, workspace: workspace, now: now), now)
    }

    static let explain: CommandDescription = .init(
        name: "explain",
        summary: "Say what a run waits for, or why it failed",
        discussion:
            "Every open task has a cause, with what would change it. Of an open run it also says what the clock does next,\n"
            + "the chain of tasks that takes longest so far, and its limits with what is used of them.",
        arguments: [RunCommands.run],
        examples: [.init(line: "baton run explain last", comment: "the newest run")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let now = SystemClock().wall()
        let explanation = context.completed(commandsIn: try explanation(context, now))
        context.console.show(explanation) { ExplanationText(explanation, now: now).text }
        return .ok
    }

    private static func explanation(_ context: CommandContext, _ now: Timestamp) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() {
            return try server.get(APIRequest.path("v1", "runs", try server.run(), "explain"))
        }
        let word = context.invocation.word("RUN")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        let row = try IdentifierLookup(store: data.store).run(word)
        return try engineCall { () throws(EngineError) in
            try data.reader.explanation(ofRun: row.key, now: now)
        }.json(now: now)
    }

    /// When the event came.
    private static func time(
        of sequence: Int64,
        _ state: RunState,
        _ data: ReadOnlyData
    ) throws(CommandFailure) -> Timestamp {
        var time = state.createdAt
        guard let row = try reading({ () throws(StoreError) in try data.store.run(state.id) }) else { return time }
        try engineCall { () throws(EngineError) in
            try data.reader.forEachEvent(ofRun: row.key, after: sequence - 1) { number, at, _, _ in
                if number == sequence { time = at }
            }
        }
        return time
    }

    /// The run that the person means, as it is now, or as it was after an event.
    static func read(
        _ context: CommandContext,
        at sequence: Int64? = nil
    ) throws(CommandFailure) -> (RunState, ReadOnlyData) {
        let word = context.invocation.word("RUN")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        let row = try IdentifierLookup(store: data.store).run(word)
        return (try engineCall { () throws(EngineError) in try data.reader.state(ofRun: row.key, at: sequence) }, data)
    }

    // MARK: Forms

    static func table(_ runs: [JSONValue]) -> Table {
        var table = Table([
            .init(title: "RUN"), .init(title: "WORKFLOW"), .init(title: "STATUS", paint: .status),
            .init(title: "TASKS", isNumber: true), .init(title: "CREATED"), .init(title: "TIME", isNumber: true),
        ])
        let now = SystemClock().wall()
        for run in runs {
            let status = (run["status"]?.stringValue ?? "") + (run["reason"]?.stringValue.map { " (\($0))" } ?? "")
            let created = RunDetails.time(run["created_at"])
            let span = created.map { TimeText.span((RunDetails.time(run["ended_at"]) ?? now) - $0) }
            table.add([
                run["id"]?.stringValue ?? "", run["workflow"]?.stringValue ?? "", status,
                "\(run["tasks_ended"]?.intValue ?? 0)/\(run["tasks"]?.intValue ?? 0)",
                created.map(TimeText.date) ?? "", span ?? "",
            ])
        }
        return table
    }

    private static func text(_ details: RunDetails, _ now: Timestamp, _ context: CommandContext) -> String {
        let style = context.console.settings.outputStyle
        let status = style.status(details.status) + details.statusText.dropFirst(details.status.count)
        var lines = [
            "run        \(details.id)", "workflow   \(details.workflow)", "status     \(status)",
            "created    \(RunDetails.date(details.json["created_at"]))",
            "time       \(TimeText.span(details.duration))",
        ]
        if let workspace = details.workspace { lines.append("workspace  \(workspace)") }
        if let kind = details.json["derivation"]?.stringValue {
            let origin = details.json["fork_of"]?.stringValue ?? ""
            lines.append("\(kind)       of \(origin) after event \(details.json["at_seq"]?.intValue ?? 0)")
        }
        if let outcome = details.outcome {
            lines.append("outcome    \(outcome); `baton run rollback \(details.id) --report` says what was undone")
        }
        if let error = details.error { lines.append("error      \(TextWidth.oneLine(error))") }
        lines += details.outputLines + [""]
        lines += details.table(now: now).lines(width: context.console.settings.outputWidth, style: style)
        if !details.checkLines.isEmpty { lines += [""] + details.checkLines }
        return lines.joined(separator: "\n") + "\n"
    }
}
