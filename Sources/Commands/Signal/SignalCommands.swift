// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Store

/// `baton signal`: stimuli for runs.
enum SignalCommands {
    static let group: CommandDescription = .init(
        name: "signal",
        summary: "Tell runs that something happened",
        children: [send]
    )

    static let send: CommandDescription = .init(
        name: "send",
        summary: "Send a signal to a run, or to those that wait for it",
        discussion: """
            A run that does not wait for the signal yet keeps it for 7 days. Sent again with the same --dedupe-key it counts once.
            The run goes on when it is driven: `baton run resume`.
            """,
        arguments: [
            .init(name: "TO", summary: "a run (its id, or last), workflow:NAME#KEY, project or broadcast"),
            .init(name: "TYPE", summary: "what happened; `wait` nodes name it"),
        ],
        options: [
            .init(name: "key", kind: .text("TEXT"), summary: "which of the waits it is for"),
            .init(name: "payload", kind: .text("JSON"), summary: "what it carries; text that is no JSON is text"),
            .init(name: "project", kind: .text("NAME"), summary: "which project `project` means; all when left out"),
            .init(name: "dedupe-key", kind: .text("TEXT"), summary: "makes sending it again harmless"),
        ],
        examples: [
            .init(line: "baton signal send last payment --payload '{\"amount\": 5}'", comment: "to the newest run")
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        try send(context)
    }

    private static func send(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let type = context.invocation.word("TYPE")
        let payload = context.invocation.text("payload").map { text in
            (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        }
        let dedupeKey = context.invocation.text("dedupe-key") ?? "cli-\(UInt64.random(in: 0 ... .max))"
        let delivered: Int64
        if let server = try context.server() {
            delivered = try send(type, payload, dedupeKey, server, context)
        } else {
            delivered = Int64(try send(type, payload, dedupeKey, context))
        }
        context.console.show(["type": .string(type), "delivered": .int(delivered)]) {
            delivered == 1 ? "\(type) went to 1 run\n" : "\(type) went to \(delivered) runs\n"
        }
        return .ok
    }

    private static func project(_ context: CommandContext) -> String? { context.invocation.text("project") }

    private static func send(
        _ type: String,
        _ payload: JSONValue?,
        _ dedupeKey: String,
        _ server: RemoteServer,
        _ context: CommandContext
    ) throws(CommandFailure) -> Int64 {
        let word = context.invocation.word("TO")
        var fields: JSONObject = ["type": .string(type), "dedupe_key": .string(dedupeKey)]
        fields["key"] = context.invocation.text("key").map(JSONValue.string)
        fields["payload"] = payload
        if SignalTarget(word) != nil {
            fields["to"] = .string(word == "project" && project(context) == nil ? "broadcast" : word)
            fields["project"] = project(context).map(JSONValue.string)
            return try server.post("/v1/signals", fields)["delivered"]?.intValue ?? 0
        }
        return try RunOrder("signal", fields).give(to: try server.run(word), server)["delivered"]?.intValue ?? 0
    }

    private static func send(
        _ type: String,
        _ payload: JSONValue?,
        _ dedupeKey: String,
        _ context: CommandContext
    ) throws(CommandFailure) -> Int {
        let word = context.invocation.word("TO")
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { throw IdentifierLookup.noRun(word) }
        let target: SignalTarget
        if let known = SignalTarget(word) {
            target = known
        } else {
            target = .run(try IdentifierLookup(store: data.store).run(word).id)
        }
        let (key, actor) = (context.invocation.text("key"), context.actor)
        let sender = project(context).map { project in
            SignalSender(Ownership(tenant: Ownership.defaultTenant, owner: nil, project: project))
        }
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        return try local.ask { engine async throws(EngineError) in
            if case .run = target {} else { _ = try await engine.adopt(nil) }
            return try await engine.signal(
                target,
                type: type,
                key: key,
                payload: payload ?? .null,
                dedupeKey: dedupeKey,
                from: sender,
                by: actor
            )
        }
    }
}
