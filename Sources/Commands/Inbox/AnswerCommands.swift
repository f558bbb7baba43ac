// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server
import Store
import StoreSQLite

/// `baton inbox answer`, and its short forms `approve` and `reject`.
enum AnswerCommands {
    static let all = [answer, approve, reject]

    /// `baton approve` and `baton reject`.
    static let shortForms: [CommandDescription] = [approve, reject].map { command in
        var command = command
        command.isHidden = true
        return command
    }

    private static let answer = command(
        "answer",
        "Answer a request with one of its choices and let its run go on",
        options: [
            OptionDescription(
                name: "choice",
                kind: .text("CHOICE"),
                summary: "one of the choices that `baton inbox show` lists",
                isRequired: true
            ),
            set,
            OptionDescription(
                name: "guidance",
                kind: .text("TEXT"),
                summary: "for `retry`: what the next attempt should know"
            ),
            comment(isRequired: false),
        ],
        examples: [
            .init(line: "baton inbox answer last --choice blue --set size=3", comment: "a choice and a value"),
            .init(
                line: "baton inbox answer last --choice retry --guidance \"the key is in vault\"",
                comment: "try a failed task again"
            ),
            .init(
                line: "baton inbox answer last --choice take_over --set result='{\"id\": 7}'",
                comment: "give its result yourself"
            ),
        ]
    ) { invocation, _ in invocation.text("choice") ?? "" }

    private static let approve = command(
        "approve",
        "Say yes to a request and let its run go on",
        options: [set, comment(isRequired: false)],
        examples: [
            .init(line: "baton inbox approve last --comment \"checked with sales\"", comment: "the newest open request")
        ]
    ) { _, choices in choice(choices, agreeing: true) }

    private static let reject = command(
        "reject",
        "Say no to a request and let its run go on",
        options: [comment(isRequired: true)],
        examples: [
            .init(line: "baton inbox reject last --comment \"too expensive\"", comment: "the newest open request")
        ]
    ) { _, choices in choice(choices, agreeing: false) }

    private static let set = OptionDescription(
        name: "set",
        kind: .pair("NAME=VALUE"),
        summary: "a value that the form asks for; JSON, unless it is text",
        isRepeated: true
    )

    private static func comment(isRequired: Bool) -> OptionDescription {
        OptionDescription(
            name: "comment",
            kind: .text("TEXT"),
            summary: "why; the run can read it",
            isRequired: isRequired
        )
    }

    private static func command(
        _ name: String,
        _ summary: String,
        options: [OptionDescription],
        examples: [CommandDescription.Example],
        _ choice: @escaping @Sendable (Invocation, [HumanChoice]) -> String
    ) -> CommandDescription {
        CommandDescription(
            name: name,
            summary: summary,
            discussion: "A request is answered once: the same answer again changes nothing, another one is refused.\n"
                + "Then the run is driven on to its end, or until it waits for a person again.",
            arguments: [InboxCommands.request],
            options: options + [
                OptionDescription(
                    name: "follow",
                    kind: .toggle(default: true),
                    summary: "only answer, and leave the run to `baton run resume`"
                ),
                RunCommands.timeout,
            ],
            examples: examples,
            exits: [.runFailed, .notFound, .conflict, .unavailable, .needsPerson, .interrupted],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            if let follower = try RunFollower.find(context) { return try give(choice, follower, context) }
            guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw InboxCommands.noRequest }
            let row = try IdentifierLookup(store: data.store).humanTask(context.invocation.word("REQUEST"))
            let answer = HumanAnswer(
                choice: choice(context.invocation, row.details.choices),
                values: values(context.invocation, row.details.form),
                comment: context.invocation.text("comment"),
                via: "cli"
            )
            return try give(answer, to: row, context)
        }
    }

    /// Typed values, read as the form asks for them.
    private static func values(_ invocation: Invocation, _ form: JSONValue?) -> JSONObject {
        var values: JSONObject = [:]
        for pair in invocation.pairs("set") {
            let schema = form?["properties"]?[pair.name]
            values[pair.name] = RunInputs.value(pair.value, schema: schema)
        }
        if let guidance = invocation.text("guidance") { values["guidance"] = .string(guidance) }
        return values
    }

    /// The choice that agrees, or the one that does not.
    private static func choice(_ choices: [HumanChoice], agreeing: Bool) -> String {
        let found = choices.first { agreeing ? $0.isApproval : $0.isRejection }
        return found?.id ?? (agreeing ? "approve" : "reject")
    }

    // MARK: Answering

    private static func give(
        _ choice: (Invocation, [HumanChoice]) -> String,
        _ follower: RunFollower,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let server = follower.server
        let row = try server.humanTask(context.invocation.word("REQUEST"))
        let (id, run) = (row["id"]?.stringValue ?? "", row["run"]?.stringValue ?? "")
        let choices = (row["choices"]?.arrayValue ?? []).compactMap(HumanChoice.init(json:))
        let answer: JSONObject = [
            "choice": .string(choice(context.invocation, choices)),
            "values": .object(values(context.invocation, row["form"])),
        ]
        let fields = answer.with("comment", context.invocation.text("comment"))
        let path = APIRequest.path("v1", "human-tasks", id, "resolve")
        guard row.isPendingRequest else {
            // The same answer by the same person again is fine; the server knows who that is.
            let decided = try server.post(path, fields)
            let by = decided["decided_by"]?.stringValue.map { " by \($0)" } ?? ""
            context.console.show(decided) {
                "\(id) was \(decided["status"]?.stringValue ?? "")\(by) already; nothing was changed\n"
            }
            return .ok
        }
        guard context.invocation.isOn("follow") else {
            let decided = try server.post(path, fields)
            context.console.show(decided) {
                "\(decided.requestOutcome)\(decided.isPendingRequest ? "" : "; \(run) goes on")\n"
            }
            return .ok
        }
        return try follower.follow(run, isFollowed: true) { () throws(CommandFailure) in
            let decided = try server.post(path, fields)
            context.console.note("\(decided.requestOutcome)\(decided.isPendingRequest ? "" : "; \(run) goes on")")
            return run
        }
    }

    private static func give(
        _ answer: HumanAnswer,
        to row: HumanTaskRow,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        guard row.status.isPending else { return try refuse(row, answer, context) }
        guard context.invocation.isOn("follow") else { return try answerOnly(answer, to: row, context) }
        let (id, actor) = (row.id, context.actor)
        let driver = try RunDriver.open(context)
        let before = try lastSequence(of: row, driver)
        return try driver.drive(row.run, after: before, isFollowed: true) { () throws(CommandFailure) in
            let decided = try driver.local.ask { engine async throws(EngineError) in
                _ = try await engine.adopt(row.run)
                return try await engine.answer(id, answer, by: actor)
            }
            context.console.note(
                "\(decided.json.requestOutcome)\(decided.status.isPending ? "" : "; \(row.run) goes on")"
            )
        }
    }

    private static func answerOnly(
        _ answer: HumanAnswer,
        to row: HumanTaskRow,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let (id, actor) = (row.id, context.actor)
        let local = try LocalEngine(context, drives: false)
        let result = Result { () throws(CommandFailure) in
            try local.ask { engine async throws(EngineError) in try await engine.answer(id, answer, by: actor) }
        }
        // Where nothing is left to execute, the answer itself ends the run.
        let after = try? local.store.run(row.run)
        local.stop(grace: .zero)
        let decided = try result.get()
        context.console.show(decided.json) {
            let next =
                after?.status.isTerminal == true
                ? "\(row.run) is \(after?.status.rawValue ?? "")"
                : "`\(context.command("run resume \(row.run)"))` continues the run"
            return "\(decided.json.requestOutcome)\(decided.status.isPending ? "" : "; \(next)")\n"
        }
        return .ok
    }

    private static func lastSequence(of row: HumanTaskRow, _ driver: RunDriver) throws(CommandFailure) -> Int64 {
        do throws(CommandFailure) {
            let run = try reading { () throws(StoreError) in try driver.local.store.run(row.run) }
            return try run.map { run throws(CommandFailure) in try driver.lastEvent(of: run) } ?? 0
        } catch {
            driver.close()
            throw error
        }
    }

    /// A request that is not open: the same answer by the same person again is fine.
    private static func refuse(
        _ row: HumanTaskRow,
        _ answer: HumanAnswer,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let chosen = row.choice.map { " with `\($0)`" } ?? ""
        let by = row.decidedBy.map { " by \($0)\(chosen)" } ?? ""
        let at = row.decidedAt.map { " at \(TimeText.date($0))" } ?? ""
        guard row.isAnswered(by: context.actor, with: answer.choice) else {
            throw CommandFailure(
                .conflict,
                "human_task.closed",
                "\(row.id) is \(row.status.rawValue)\(by)\(at); nothing was changed",
                hint: context.command("run get \(row.run)")
            )
        }
        context.console.show(row.json) {
            "\(row.id) was \(row.status.rawValue)\(by)\(at) already; nothing was changed\n"
        }
        return .ok
    }
}
