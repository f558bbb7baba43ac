// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import JSON
import Model
import Store
import StoreSQLite

/// `baton inbox claim`, `release` and `reassign`: who works on a request.
enum ClaimCommands {
    static let all = [claim, release, reassign]

    private static let claim = command(
        "claim",
        "Keep a request for yourself for half an hour",
        discussion: "Nobody else can answer it meanwhile. Claiming it again begins the half hour anew.",
        example: .init(line: "baton inbox claim last", comment: "the newest open request")
    ) { _ in .claim }

    private static let release = command(
        "release",
        "Give a claimed request back",
        example: .init(line: "baton inbox release last", comment: "let others answer it")
    ) { _ in .release }

    private static let reassign = command(
        "reassign",
        "Ask others instead",
        options: [
            OptionDescription(
                name: "to",
                kind: .text("ASSIGNEE"),
                summary: "`user:ID`, `role:NAME` or `owner`",
                isRepeated: true,
                isRequired: true
            )
        ],
        example: .init(line: "baton inbox reassign last --to user:bob --to role:legal", comment: "two addressees")
    ) { .reassign(to: $0.texts("to")) }

    private static func command(
        _ name: String,
        _ summary: String,
        discussion: String = "",
        options: [OptionDescription] = [],
        example: CommandDescription.Example,
        _ action: @escaping @Sendable (Invocation) -> PersonAction
    ) -> CommandDescription {
        CommandDescription(
            name: name,
            summary: summary,
            discussion: discussion,
            arguments: [InboxCommands.request],
            options: options,
            examples: [example],
            exits: [.notFound, .conflict, .unavailable]
        ) { context throws(CommandFailure) in
            try perform(action(context.invocation), context)
        }
    }

    private static func perform(_ action: PersonAction, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw InboxCommands.noRequest }
        let id = try IdentifierLookup(store: data.store).humanTask(context.invocation.word("REQUEST")).id
        let actor = context.actor
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        let row = try local.ask { engine async throws(EngineError) in
            switch action {
            case .claim: try await engine.claim(id, by: actor)
            case .release: try await engine.release(id, by: actor)
            case .reassign(let assignees): try await engine.reassign(id, to: assignees, by: actor)
            case .answer(let answer): try await engine.answer(id, answer, by: actor)
            }
        }
        context.console.show(row.json) {
            if let claim = row.claim { return "\(id) is yours until \(TimeText.date(claim.until))\n" }
            return "\(id) is open\(row.assignees.isEmpty ? "" : " for \(row.assignees.joined(separator: ", "))")\n"
        }
        return .ok
    }
}
