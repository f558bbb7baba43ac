// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store
import StoreSQLite

/// `baton inbox …`: requests to people.
enum InboxCommands {
    static let group: CommandDescription = .init(
        name: "inbox",
        summary: "Answer requests that runs make to people",
        examples: [
            .init(line: "baton inbox list", comment: "what is asked"),
            .init(line: "baton inbox approve last", comment: "say yes to the newest open request"),
        ],
        children: [list, approve, reject]
    )

    private static let request = ArgumentDescription(
        name: "REQUEST",
        summary: "id of a request, the beginning of one, or `last` for the newest open one"
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List open requests, the oldest first",
        options: [
            OptionDescription(name: "all", kind: .flag, summary: "also those that were answered, expired or cancelled")
        ],
        examples: [.init(line: "baton inbox list -o json", comment: "with the messages in full")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        var rows: [HumanTaskRow] = []
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            let status: HumanTaskStatus? = context.invocation.isOn("all") ? nil : .open
            rows = try reading { () throws(StoreError) in
                try data.store.humanTasks(status: status, run: nil, limit: 10_000)
            }
        }
        if rows.isEmpty, context.console.settings.format == .table {
            context.console.note("no requests")
            return .ok
        }
        context.console.show(rows.map(json), table(rows))
        return .ok
    }

    private static let approve = answer(
        "approve",
        "Say yes to a request and let its run go on",
        isApproved: true,
        example: "baton inbox approve last --comment \"checked with sales\""
    )
    private static let reject = answer(
        "reject",
        "Say no to a request and let its run go on",
        isApproved: false,
        example: "baton inbox reject last --comment \"too expensive\""
    )

    /// `baton approve` and `baton reject`.
    static let shortForms: [CommandDescription] = [approve, reject].map { command in
        var command = command
        command.isHidden = true
        return command
    }

    private static func answer(
        _ name: String,
        _ summary: String,
        isApproved: Bool,
        example: String
    ) -> CommandDescription {
        CommandDescription(
            name: name,
            summary: summary,
            discussion: "A request is answered once: the same answer again changes nothing, another one is refused.\n"
                + "Then the run is driven on to its end, or until it waits for a person again.",
            arguments: [request],
            options: [
                OptionDescription(
                    name: "comment",
                    kind: .text("TEXT"),
                    summary: "why; the run can read it",
                    isRequired: !isApproved
                ),
                OptionDescription(
                    name: "follow",
                    kind: .toggle(default: true),
                    summary: "only answer, and leave the run to `baton run resume`"
                ),
            ],
            examples: [.init(line: example, comment: "the newest open request")],
            exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted]
        ) { context throws(CommandFailure) in
            try decide(context, isApproved: isApproved)
        }
    }

    // MARK: Deciding

    private static func decide(_ context: CommandContext, isApproved: Bool) throws(CommandFailure) -> ExitCode {
        let comment = context.invocation.text("comment")
        guard isApproved || comment?.isEmpty == false else {
            throw .usage("a rejection needs a reason", hint: "add --comment TEXT")
        }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else {
            throw .notFound("there is no request yet", hint: "`baton run FILE` starts a run")
        }
        let row = try IdentifierLookup(store: data.store).humanTask(context.invocation.word("REQUEST"))
        guard row.status == .open else { return try refuse(row, isApproved: isApproved, context) }
        let (id, actor) = (row.id, context.actor)
        guard context.invocation.isOn("follow") else { return try decideOnly(row, isApproved, comment, context) }
        let driver = try RunDriver.open(context)
        let before = try lastSequence(of: row, driver)
        return try driver.drive(row.run, after: before, isFollowed: true) { () throws(CommandFailure) in
            try driver.local.ask { engine async throws(EngineError) in
                _ = try await engine.adopt(row.run)
                _ = try await engine.decide(id, approve: isApproved, comment: comment, by: actor)
            }
            context.console.note("\(id) is \(isApproved ? "approved" : "rejected"); \(row.run) goes on")
        }
    }

    private static func decideOnly(
        _ row: HumanTaskRow,
        _ isApproved: Bool,
        _ comment: String?,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let (id, actor) = (row.id, context.actor)
        let local = try LocalEngine(context, drives: false)
        let result = Result { () throws(CommandFailure) in
            try local.ask { engine async throws(EngineError) in
                try await engine.decide(id, approve: isApproved, comment: comment, by: actor)
            }
        }
        // Where nothing is left to execute, the answer itself ends the run.
        let after = try? local.store.run(row.run)
        local.stop(grace: .zero)
        let decided = try result.get()
        context.console.show(json(decided)) {
            let next =
                after?.status.isTerminal == true
                ? "\(row.run) is \(after?.status.rawValue ?? "")"
                : "`\(context.command("run resume \(row.run)"))` continues the run"
            return "\(id) is \(decided.status.rawValue); \(next)\n"
        }
        return .ok
    }

    private static func lastSequence(of row: HumanTaskRow, _ driver: RunDriver) throws(CommandFailure) -> Int64 {
        do throws(CommandFailure) {
            return try reading { () throws(StoreError) in try driver.local.store.run(row.run)?.lastSequence ?? 0 }
        } catch {
            driver.close()
            throw error
        }
    }

    /// A request that is not open: the same answer again is fine.
    private static func refuse(
        _ row: HumanTaskRow,
        isApproved: Bool,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let by = row.decidedBy.map { " by \($0)" } ?? ""
        let at = row.decidedAt.map { " at \(TimeText.date($0))" } ?? ""
        guard row.status == (isApproved ? .approved : .rejected) else {
            throw CommandFailure(
                .conflict,
                "human_task.closed",
                "\(row.id) is \(row.status.rawValue)\(by)\(at); nothing was changed",
                hint: context.command("run get \(row.run)")
            )
        }
        context.console.show(json(row)) {
            "\(row.id) was \(row.status.rawValue)\(by)\(at) already; nothing was changed\n"
        }
        return .ok
    }

    // MARK: Forms

    private static func table(_ rows: [HumanTaskRow]) -> Table {
        var table = Table([
            .init(title: "REQUEST"), .init(title: "STATUS", paint: .status), .init(title: "RUN"), .init(title: "NODE"),
            .init(title: "TITLE"), .init(title: "ASKED"), .init(title: "EXPIRES"),
        ])
        for row in rows {
            table.add([
                row.id.description, row.status.rawValue, row.run.description, row.node, row.title,
                TimeText.date(row.openedAt),
                row.expiresAt.map(TimeText.date) ?? "",
            ])
        }
        return table
    }

    private static func json(_ row: HumanTaskRow) -> JSONValue {
        var result: JSONObject = [
            "id": .string(row.id.description), "kind": .string(row.kind), "status": .string(row.status.rawValue),
            "run": .string(row.run.description), "node": .string(row.node), "title": .string(row.title),
            "message": .string(row.message), "assignees": .array(row.assignees.map(JSONValue.string)),
            "opened_at": .string(row.openedAt.description),
        ]
        result["expires_at"] = row.expiresAt.map { .string($0.description) }
        result["decided_by"] = row.decidedBy.map { .string($0) }
        result["decided_at"] = row.decidedAt.map { .string($0.description) }
        result["comment"] = row.comment.map { .string($0) }
        return .object(result)
    }
}
