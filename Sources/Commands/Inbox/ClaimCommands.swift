// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Server
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
            exits: [.notFound, .conflict, .unavailable],
            reach: .folderOrServer
        ) { context throws(CommandFailure) in
            let row = try perform(action(context.invocation), context)
            context.console.show(row) { text(row) }
            return .ok
        }
    }

    private static func text(_ row: JSONValue) -> String {
        let id = row["id"]?.stringValue ?? ""
        if row["claimed_until"] != nil { return "\(id) is yours until \(RunDetails.date(row["claimed_until"]))\n" }
        let assignees = (row["assignees"]?.arrayValue ?? []).compactMap(\.stringValue)
        return "\(id) is open\(assignees.isEmpty ? "" : " for \(assignees.joined(separator: ", "))")\n"
    }

    private static func perform(_ action: PersonAction, _ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let word = context.invocation.word("REQUEST")
        if let server = try context.server() { return try perform(action, word, server) }
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw InboxCommands.noRequest }
        let id = try IdentifierLookup(store: data.store).humanTask(word).id
        let actor = context.actor
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        return try local.ask { engine async throws(EngineError) in
            switch action {
            case .claim: try await engine.claim(id, by: actor)
            case .release: try await engine.release(id, by: actor)
            case .reassign(let assignees): try await engine.reassign(id, to: assignees, by: actor)
            case .answer(let answer): try await engine.answer(id, answer, by: actor)
            }
        }.json
    }

    private static func perform(
        _ action: PersonAction,
        _ word: String,
        _ server: RemoteServer
    ) throws(CommandFailure) -> JSONValue {
        let (verb, fields): (String, JSONObject) =
            switch action {
            case .claim: ("claim", [:])
            case .release: ("release", [:])
            case .reassign(let assignees): ("reassign", ["to": .array(assignees.map(JSONValue.string))])
            case .answer(let answer): ("resolve", ["choice": .string(answer.choice)])
            }
        let id = try server.humanTask(word)["id"]?.stringValue ?? ""
        return try server.post(APIRequest.path("v1", "human-tasks", id, verb), fields)
    }
}
