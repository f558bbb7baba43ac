// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import Engine
import JSON
import Model
import Server
import Store
import Tools

/// `baton pattern …`: chains of agents and tools that were done again and again.
enum PatternCommands {
    static let group: CommandDescription = .init(
        name: "pattern",
        summary: "See chains of agents and tools that are done again and again, and make workstacks of them",
        discussion: """
            A chain that three runs of one owner and project did within a day is proposed as a workstack. Nothing becomes one
            before somebody promotes it.
            """,
        children: [list, show, promote, dismiss]
    )

    private static let pattern = ArgumentDescription(
        name: "PATTERN",
        summary: "its id, or its name where no other one has it"
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List chains that are proposed, the most certain first",
        options: [
            OptionDescription(
                name: "status",
                kind: .choice("STATUS", PatternRecord.Status.allCases.map(\.rawValue)),
                summary: "those that were not seen often enough, that became workstacks, or that nobody wants"
            )
        ],
        examples: [
            .init(line: "baton pattern list", comment: "what is proposed"),
            .init(line: "baton pattern list --status seen", comment: "what may be proposed soon"),
        ],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let status = context.invocation.text("status") ?? PatternRecord.Status.suggested.rawValue
        let rows = try patterns(context, status)
        var table = Table([
            .init(title: "PATTERN"), .init(title: "NAME"), .init(title: "SEEN", isNumber: true),
            .init(title: "CONFIDENCE", isNumber: true), .init(title: "SAVES"), .init(title: "LAST"),
        ])
        for row in rows {
            table.add([
                row["id"]?.stringValue ?? "", row["name"]?.stringValue ?? "", row["count"]?.text ?? "",
                row["confidence"]?.text ?? "", span(row["estimated_saving_ms"]), RunDetails.date(row["last_seen_at"]),
            ])
        }
        context.console.show(rows, table)
        return .ok
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Show a pattern, and the workstack that it would become",
        arguments: [pattern],
        examples: [.init(line: "baton pattern show analyst-to-judge-2step", comment: "by its name")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        var row = try found(context)
        if let server = try context.server() {
            row = try server.get(path(row))
        } else {
            let record = try record(row, context)
            var json = row.objectValue ?? [:]
            let schema = schema(try AgentCommands.toolbox(context))
            json["document"] = PatternDraft(record.steps, named: record.name, schema: schema).document
            row = .object(json)
        }
        context.console.show(row) { "\(row.prettyText)\n" }
        return .ok
    }

    private static let promote: CommandDescription = .init(
        name: "promote",
        summary: "Publish the workstack that a pattern is; again gives the first answer",
        arguments: [pattern],
        options: [
            OptionDescription(
                name: "name",
                kind: .text("NAME"),
                summary: "of the workstack (default: the name of the pattern)"
            )
        ],
        examples: [
            .init(line: "baton pattern promote analyst-to-judge-2step --name look_and_judge", comment: "as that"),
            .init(line: "baton run start look_and_judge -i prompt='Look at the plan.'", comment: "then run it"),
        ],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (row, name) = (try found(context), context.invocation.text("name"))
        let promoted: JSONValue
        if let server = try context.server() {
            promoted = try server.post(path(row) + "/promote", JSONObject().with("name", name))
        } else {
            promoted = try promoteHere(try record(row, context), name, context)
        }
        context.console.show(promoted) {
            let promotion = promoted["promotion"]
            return "\(promotion?["workstack"]?.stringValue ?? "")@\(promotion?["version"]?.text ?? "") is published\n"
        }
        return .ok
    }

    private static let dismiss: CommandDescription = .init(
        name: "dismiss",
        summary: "Say that nobody wants a pattern; it is not proposed again",
        arguments: [pattern],
        examples: [.init(line: "baton pattern dismiss analyst-to-judge-2step", comment: "by its name")],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let row = try found(context)
        if let server = try context.server() {
            _ = try server.send(APIRequest("DELETE", path(row)))
        } else {
            let record = try record(row, context)
            let local = try LocalEngine(context, drives: false)
            defer { local.stop(grace: .zero) }
            _ = try local.ask { engine async throws(EngineError) in
                try await engine.dismiss(record.id, tenant: record.ownership.tenant)
            }
        }
        context.console.show(["id": row["id"] ?? nil, "status": "dismissed"]) {
            "\(row["name"]?.stringValue ?? "") is dismissed\n"
        }
        return .ok
    }

    // MARK: Parts

    private static func promoteHere(
        _ record: PatternRecord,
        _ name: String?,
        _ context: CommandContext
    ) throws(CommandFailure) -> JSONValue {
        let local = try LocalEngine(context, drives: false)
        defer { local.stop(grace: .zero) }
        var promoted = record
        if record.status != .promoted {
            let version = try catalogCall(context, fileName: name ?? record.name) { () throws(CatalogError) in
                try PatternPublication.publish(
                    record,
                    as: name,
                    in: local.catalog,
                    schema: schema(local.toolbox),
                    by: context.catalogActor()
                )
            }
            let promotion = PatternRecord.Promotion(
                workstack: version.name,
                version: version.number ?? 0,
                by: context.actor,
                at: SystemClock().wall()
            )
            promoted = try local.ask { engine async throws(EngineError) in
                try await engine.promote(record.id, tenant: record.ownership.tenant, promotion)
            }
        }
        return promoted.json(at: SystemClock().wall())
    }

    private static func schema(_ toolbox: Toolbox) -> (String) -> JSONValue? {
        let definitions = toolbox.tools.definitions
        return { name in definitions.first { $0.name == name }?.json["input_schema"] }
    }

    private static func patterns(_ context: CommandContext, _ status: String) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/patterns", [("status", status)]) }
        return try records(context).filter { $0.status.rawValue == status }.map { $0.json(at: SystemClock().wall()) }
    }

    private static func records(_ context: CommandContext) throws(CommandFailure) -> [PatternRecord] {
        guard let data = try ReadOnlyData(folder: context.dataFolder) else { return [] }
        return try reading { () throws(StoreError) in try PatternRecord.all(in: data.store, at: SystemClock().wall()) }
    }

    private static func record(_ row: JSONValue, _ context: CommandContext) throws(CommandFailure) -> PatternRecord {
        guard let record = try records(context).first(where: { $0.id.description == row["id"]?.stringValue }) else {
            throw .notFound("there is no pattern `\(row["id"]?.stringValue ?? "")`")
        }
        return record
    }

    /// The pattern that the command names.
    private static func found(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let word = context.invocation.word("PATTERN")
        var matches: [JSONValue] = []
        for status in PatternRecord.Status.allCases {
            matches += try patterns(context, status.rawValue).filter {
                $0["id"]?.stringValue == word || $0["name"]?.stringValue == word
            }
        }
        guard matches.count < 2 else {
            let ids = matches.compactMap { $0["id"]?.stringValue }.joined(separator: ", ")
            throw .usage("\(matches.count) patterns are called `\(word)`; take one of \(ids)")
        }
        guard let match = matches.first else {
            throw .notFound("there is no pattern `\(word)`", hint: "`baton pattern list` shows what is proposed")
        }
        return match
    }

    private static func path(_ row: JSONValue) -> String {
        APIRequest.path("v1", "patterns", row["id"]?.stringValue ?? "")
    }

    private static func span(_ value: JSONValue?) -> String {
        value?.intValue.map { Duration.milliseconds($0).text } ?? ""
    }
}
