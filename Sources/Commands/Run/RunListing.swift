// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Engine
import JSON
import Model
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
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        var filter = RunFilter()
        filter.statuses = context.invocation.texts("status").compactMap(RunStatus.init)
        filter.workflow = context.invocation.text("workflow")
        filter.limit = context.invocation.number("limit") ?? 50
        var rows: [RunRow] = []
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            rows = try reading { () throws(StoreError) in try data.store.runs(filter) }
        }
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note("no runs; `baton run FILE` starts one")
            return .ok
        }
        context.console.show(rows.map(json), table(rows))
        return .ok
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
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let at = context.invocation.number("at").map { Int64($0) }
        let (state, data) = try read(context, at: at)
        let workspace = Workspaces(dataFolder: context.dataFolder).path(of: state.id)
        let now = try at.map { at throws(CommandFailure) in try time(of: at, state, data) } ?? SystemClock().wall()
        let details = RunDetails(state: state, workspace: workspace, now: now)
        var json = details.json
        json["tasks"] = .array(details.tasks)
        context.console.show(.object(json)) { text(details, context.console) }
        return .ok
    }

    static let explain: CommandDescription = .init(
        name: "explain",
        summary: "Say what a run waits for, or why it failed",
        discussion:
            "Every open task has a cause, with what would change it. Of an open run it also says what the clock does next,\n"
            + "the chain of tasks that takes longest so far, and its limits with what is used of them.",
        arguments: [RunCommands.run],
        examples: [.init(line: "baton run explain last", comment: "the newest run")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let word = context.invocation.word("RUN")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        let row = try IdentifierLookup(store: data.store).run(word)
        let now = SystemClock().wall()
        let explanation = try engineCall { () throws(EngineError) in
            try data.reader.explanation(ofRun: row.key, now: now)
        }
        context.console.show(context.completed(commandsIn: explanation.json(now: now))) {
            text(explanation, now, context)
        }
        return .ok
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

    static func table(_ rows: [RunRow]) -> Table {
        var table = Table([
            .init(title: "RUN"), .init(title: "WORKFLOW"), .init(title: "STATUS", paint: .status),
            .init(title: "TASKS", isNumber: true), .init(title: "CREATED"), .init(title: "TIME", isNumber: true),
        ])
        let now = SystemClock().wall()
        for row in rows {
            let status = row.status.rawValue + (row.reason.map { " (\($0.rawValue))" } ?? "")
            table.add([
                row.id.description, row.workflow, status, "\(row.endedTasks)/\(row.allTasks)",
                TimeText.date(row.createdAt),
                TimeText.span((row.endedAt ?? now) - row.createdAt),
            ])
        }
        return table
    }

    static func json(_ row: RunRow) -> JSONValue {
        var result: JSONObject = [
            "id": .string(row.id.description), "workflow": .string(row.workflow),
            "status": .string(row.status.rawValue),
        ]
        result["reason"] = row.reason.map { .string($0.rawValue) }
        result["outcome"] = row.outcome.map { .string($0.rawValue) }
        result["tasks_ended"] = .int(Int64(row.endedTasks))
        result["tasks"] = .int(Int64(row.allTasks))
        result["created_at"] = .string(row.createdAt.description)
        result["started_at"] = row.startedAt.map { .string($0.description) }
        result["ended_at"] = row.endedAt.map { .string($0.description) }
        result["error"] = row.error.map { .string($0) }
        result["definition"] = .string(row.graphHash)
        return .object(result)
    }

    private static func text(_ details: RunDetails, _ console: Console) -> String {
        let (state, style) = (details.state, console.settings.outputStyle)
        let status = style.status(state.status.rawValue) + (state.waitReason.map { " (\($0.rawValue))" } ?? "")
        var lines = [
            "run        \(state.id)", "workflow   \(state.graph.name)", "status     \(status)",
            "created    \(TimeText.date(state.createdAt))", "time       \(TimeText.span(details.duration))",
            "workspace  \(details.workspace)",
        ]
        if let derivation = state.derivation {
            lines.append("\(derivation.kind.rawValue)       of \(derivation.origin) after event \(derivation.sequence)")
        }
        if let outcome = state.outcome {
            lines.append(
                "outcome    \(outcome.rawValue); `baton run rollback \(state.id) --report` says what was undone"
            )
        }
        if let error = state.error { lines.append("error      \(TextWidth.oneLine(error.description))") }
        lines += details.outputLines + [""]
        lines += details.table.lines(width: console.settings.outputWidth, style: style)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ explanation: Explanation, _ now: Timestamp, _ context: CommandContext) -> String {
        var lines = ["\(explanation.run) \(TextWidth.oneLine(explanation.summary))"]
        for item in explanation.waitingFor {
            let since = item.since.map { ", for \(TimeText.span(now - $0))" } ?? ""
            lines.append("  \(item.node): \(TextWidth.oneLine(item.cause.sentence(now: now)))\(since)")
            lines += explanation.commands(for: item).map { "    \(context.completed($0))" }
        }
        lines += explanation.causes.map { "  \(TextWidth.oneLine($0))" }
        if !explanation.status.isTerminal { lines += outlook(explanation, now) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What comes next, what the run takes longest for, and what bounds it.
    private static func outlook(_ explanation: Explanation, _ now: Timestamp) -> [String] {
        var lines: [String] = []
        if let timer = explanation.nextTimer {
            let span = timer.at > now ? "in \(TimeText.span(timer.at - now))" : "due"
            lines.append("next timer: \(TextWidth.oneLine(timer.what)) at \(timer.at) (\(span))")
        }
        var steps = explanation.criticalPath.steps.map { step in
            step.status == .blocked ? step.node : "\(step.node) \(TimeText.span(step.duration))"
        }
        if steps.count > 12 { steps.replaceSubrange(3..<(steps.count - 8), with: ["…"]) }
        if !steps.isEmpty { lines.append("critical path: \(steps.joined(separator: " → "))") }
        return lines + ["limits: \(explanation.limits.lines.map(TextWidth.oneLine).joined(separator: "; "))"]
    }
}
