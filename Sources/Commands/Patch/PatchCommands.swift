// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Definition
import Engine
import JSON
import Model
import Server
import Store

/// `baton run patch`, `patches` and `migrate`: changing the graph of a run that goes on.
enum PatchCommands {
    static let all = [patch, patches, migrate]

    private static let key = OptionDescription(
        name: "key",
        kind: .text("KEY"),
        summary: "asking again with it gives the first answer and changes nothing"
    )

    private static let patch: CommandDescription = .init(
        name: "patch",
        summary: "Change the graph of a run that has not ended",
        discussion: """
            A patch is RFC 6902 in JSON: a list of operations, or {"description": …, "ops": […]}. It may add, remove, replace
            and test; `/nodes/-` adds a node at the end, and `/nodes/@ID/…` names a node by its id. What has started, and the
            edges that lead to it, cannot change. The run is only told: `baton run resume` goes on with it.
            """,
        arguments: [RunCommands.run],
        options: [
            OptionDescription(name: "file", kind: .path("PATCH.json"), summary: "the patch; - reads standard input"),
            OptionDescription(
                name: "undo",
                kind: .number("SEQ", 1...Int.max),
                summary: "take back the applied patch with this number instead"
            ),
            OptionDescription(name: "description", kind: .text("TEXT"), summary: "what it is for, in one line"),
            OptionDescription(
                name: "base",
                kind: .number("SEQ", 0...Int.max),
                summary: "refuse it if the last applied patch is another one; 0 for none"
            ),
            OptionDescription(name: "ask", kind: .flag, summary: "have a person approve it first"),
            key,
        ],
        examples: [
            .init(line: "baton run patch last --file more.json", comment: "change the newest run"),
            .init(line: "baton run patch last --undo 1", comment: "take its first patch back"),
        ],
        exits: [.notFound, .conflict, .unavailable, .needsPerson],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let request = try request(context)
        let patch = try told(request, context)
        guard patch["status"] != "rejected" else { throw refusal(patch) }
        show(patch, context)
        return patch["status"] == "proposed" ? .needsPerson : .ok
    }

    /// What became of it.
    private static func told(_ request: PatchRequest, _ context: CommandContext) throws(CommandFailure) -> JSONValue {
        if let server = try context.server() { return try told(request, server) }
        let told = try tell(context) { engine, run, actor async throws(EngineError) in
            try await engine.patch(run, request, by: actor)
        }
        return whole(told.patch, of: told.run)
    }

    private static func told(_ request: PatchRequest, _ server: RemoteServer) throws(CommandFailure) -> JSONValue {
        let run = try server.run()
        var path = APIRequest.path("v1", "runs", run, "patches")
        var fields: JSONObject = ["description": .string(request.summary), "key": .string(request.key)]
        switch request.change {
        case .operations(let operations):
            fields["ops"] = operations
            fields["base"] = request.base.map(JSONValue.int)
            if request.asksFirst { fields["ask_first"] = true }
        case .undo(let number): path += "/\(number)/undo"
        }
        // A patch that cannot apply is an answer with a status of its own.
        let (wanted, place) = (JSONValue.object(fields), path)
        let answer = try server.ask { client async throws(ClientError) -> JSONValue in
            do throws(ClientError) {
                return try await client.post(place, wanted)
            } catch {
                guard let problem = error.problem, problem.body["seq"] != nil else { throw error }
                return problem.body
            }
        }
        return try whole(answer, of: run, server)
    }

    /// With the id of the run, and its operations.
    private static func whole(
        _ patch: JSONValue,
        of run: String,
        _ server: RemoteServer
    ) throws(CommandFailure) -> JSONValue {
        var result = patch.objectValue ?? [:]
        result["run"] = .string(run)
        return .object(result)
    }

    private static let patches: CommandDescription = .init(
        name: "patches",
        summary: "List the patches of a run, or show one",
        arguments: [
            RunCommands.run, ArgumentDescription(name: "SEQ", summary: "the number of a patch", count: .optional),
        ],
        examples: [
            .init(line: "baton run patches last", comment: "who changed the newest run, and how"),
            .init(line: "baton run patches last 1 -o json", comment: "its first patch with all operations"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let word = context.invocation.words["SEQ"]?.first
        if let server = try context.server() {
            let run = try server.run()
            let path = APIRequest.path("v1", "runs", run, "patches")
            if let word {
                show(try whole(try server.get(path + APIRequest.path(word)), of: run, server), context)
            } else {
                list(try server.items(path), context)
            }
            return .ok
        }
        let (state, _) = try RunListing.read(context)
        guard let word else {
            list(state.patches.all.map(\.json), context)
            return .ok
        }
        guard let record = Int64(word).flatMap({ state.patches[$0] }) else {
            throw .notFound("\(state.id) has no patch \(word)", hint: context.command("run patches \(state.id)"))
        }
        show(whole(record, of: state.id), context)
        return .ok
    }

    private static let migrate: CommandDescription = .init(
        name: "migrate",
        summary: "Let a run that has not ended go on with another version of its workflow",
        discussion: """
            Results are kept. What has begun must be in the new version with the same kind, the same tool or agent and, once it
            completed, the same output schema, under its id or the one that --map gives. The run is only told: `baton run
            resume` goes on with it.
            """,
        arguments: [RunCommands.run],
        options: [
            OptionDescription(
                name: "to",
                kind: .text("VERSION"),
                summary: "a published version: NAME, NAME@3, NAME@TAG or NAME@sha256:…",
                isRequired: true
            ),
            OptionDescription(
                name: "map",
                kind: .pair("OLD=NEW"),
                summary: "the node OLD of the run is NEW in the version",
                isRepeated: true
            ),
            OptionDescription(name: "dry-run", kind: .flag, summary: "only say what would become of it"),
            key,
        ],
        examples: [
            .init(line: "baton run migrate last --to order_check@4 --dry-run", comment: "see whether it can"),
            .init(line: "baton run migrate last --to order_check@4 --map price=quote", comment: "go on with version 4"),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let isDry = context.invocation.isOn("dry-run")
        let (run, report) = try migrated(context, isDry: isDry)
        context.console.show(report) { text(report, run, isDry) }
        return report["conflicts"]?.arrayValue?.isEmpty == true ? .ok : .conflict
    }

    // MARK: Asking

    private static func request(_ context: CommandContext) throws(CommandFailure) -> PatchRequest {
        let invocation = context.invocation
        let change: PatchRequest.Change
        var summary = invocation.text("description") ?? ""
        switch (invocation.text("file"), invocation.number("undo")) {
        case (let file?, nil):
            let bytes = try TextFile.bytes(file == "-" ? file : context.absolute(file))
            let json: JSONValue
            do throws(JSONError) {
                json = try JSONValue(parsing: bytes)
            } catch {
                throw .invalid("\(file):\(error.line):\(error.column): \(error.message)")
            }
            if summary.isEmpty { summary = json["description"]?.stringValue ?? "" }
            change = .operations(json["ops"] ?? json)
        case (nil, let number?): change = .undo(Int64(number))
        default: throw .usage("give either `--file` or `--undo`")
        }
        var request = PatchRequest(
            change,
            summary: summary,
            base: invocation.number("base").map { Int64($0) },
            key: invocation.text("key") ?? RunStart.makeID().description
        )
        request.asksFirst = invocation.isOn("ask")
        return request
    }

    private struct Told {
        let run: RunID
        let patch: PatchRecord
        var status: PatchStatus { patch.status }
    }

    /// Tells a run something without driving it.
    private static func tell(
        _ context: CommandContext,
        _ body: @escaping @Sendable (DurableEngine, RunID, String) async throws(EngineError) -> PatchRecord
    ) throws(CommandFailure) -> Told {
        try RunControl.requireData(context)
        let local = try LocalEngine(context, drives: false)
        let actor = context.actor
        let result = Result { () throws(CommandFailure) in
            let id = try RunControl.find(context, local.store).id
            let record = try local.ask { engine async throws(EngineError) in try await body(engine, id, actor) }
            return Told(run: id, patch: record)
        }
        local.stop(grace: .zero)
        return try result.get()
    }

    /// The run, and what becomes of it.
    private static func migrated(
        _ context: CommandContext,
        isDry: Bool
    ) throws(CommandFailure) -> (run: String, report: JSONValue) {
        let renamed = Dictionary(context.invocation.pairs("map").map { ($0.name, $0.value) }) { _, last in last }
        let reference = context.invocation.text("to") ?? ""
        if let server = try context.server() {
            let run = try server.run()
            var names = JSONObject()
            for (old, new) in renamed { names[old] = .string(new) }
            let fields: JSONObject = ["to": .string(reference), "renamed": .object(names), "dry_run": .bool(isDry)]
            return (run, try RunOrder("migrate", fields).give(to: run, server))
        }
        try RunControl.requireData(context)
        let local = try LocalEngine(context, drives: false)
        let actor = context.actor
        let key = context.invocation.text("key") ?? RunStart.makeID().description
        let result = Result { () throws(CommandFailure) in
            let row = try RunControl.find(context, local.store)
            let version = try engineCall { () throws(EngineError) in
                try local.workflows.workflow(reference, for: row.ownership)
            }
            let state = try engineCall { () throws(EngineError) in
                try local.engine.reader.state(ofRun: row.key)
            }
            let report = MigrationReport(state, to: version.graph, renamed: renamed)
            if !isDry {
                _ = try local.ask { engine async throws(EngineError) in
                    try await engine.migrate(row.id, to: version, renamed: renamed, key: key, by: actor)
                }
            }
            return (row.id, report)
        }
        local.stop(grace: .zero)
        let (run, report) = try result.get()
        return (run.description, report.json)
    }

    // MARK: Forms

    /// A patch that cannot apply is an answer to nodes; for who typed it, it is a failure.
    private static func refusal(_ patch: JSONValue) -> CommandFailure {
        let findings = patch["diagnostics"]?.arrayValue ?? []
        let lines = findings.map { "\($0["code"]?.stringValue ?? "") \($0["message"]?.stringValue ?? "")" }
        let number = patch["seq"] ?? .null
        var failure = CommandFailure(
            .usage,
            "patch.invalid",
            "patch \(number.text) was rejected, and the run is as it was\n  \(lines.joined(separator: "\n  "))"
        )
        failure.details = ["patch_seq": number, "diagnostics": .array(findings)]
        return failure
    }

    private static func list(_ patches: [JSONValue], _ context: CommandContext) {
        var table = Table([
            .init(title: "SEQ", isNumber: true), .init(title: "STATUS", paint: .status), .init(title: "AUTHOR"),
            .init(title: "CHANGE"), .init(title: "SINCE", paint: .dim), .init(title: "WHY", paint: .dim),
        ])
        for patch in patches {
            table.add([
                patch["seq"]?.text ?? "", patch["status"]?.stringValue ?? "", patch["author"]?.stringValue ?? "",
                what(patch), RunDetails.date(patch["since"]), patch["description"]?.stringValue ?? "",
            ])
        }
        context.console.show(patches, table)
    }

    private static func show(_ patch: JSONValue, _ context: CommandContext) {
        context.console.show(patch) {
            let (run, status) = (patch["run"]?.stringValue ?? "", patch["status"]?.stringValue ?? "")
            var lines = ["patch \(patch["seq"]?.text ?? "") of \(run) is \(status): \(what(patch))"]
            let summary = patch["description"]?.stringValue ?? ""
            if !summary.isEmpty { lines.append("  \(TextWidth.oneLine(summary))") }
            lines += (patch["diagnostics"]?.arrayValue ?? []).map { finding in
                "  \(finding["code"]?.stringValue ?? "") \(TextWidth.oneLine(finding["message"]?.stringValue ?? ""))"
            }
            if status == "proposed", let request = patch["human_task"]?.stringValue {
                lines += ["approve", "reject"].map { verb in
                    let comment = verb == "reject" ? " --comment TEXT" : ""
                    return "  " + context.completed("baton inbox \(verb) \(request)\(comment)")
                }
            }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    /// `adds x, changes c`.
    private static func what(_ patch: JSONValue) -> String {
        guard let graph = patch["graph"]?.stringValue else {
            return patch["diagnostics"]?.arrayValue?.first?["code"]?.stringValue ?? ""
        }
        if patch["migration"] == true { return "goes on with \(graph.prefix(15))" }
        let parts = [("adds", "added"), ("removes", "removed"), ("changes", "changed")].compactMap { word, key in
            let ids = (patch[key]?.arrayValue ?? []).compactMap(\.stringValue)
            return ids.isEmpty ? nil : "\(word) \(ids.joined(separator: " "))"
        }
        let undone = patch["undoes"].map { ["takes back \($0.text)"] } ?? []
        return (undone + parts).joined(separator: ", ")
    }

    /// With the id of the run, and its operations.
    private static func whole(_ record: PatchRecord, of run: RunID) -> JSONValue {
        var result = record.json.objectValue ?? [:]
        result["run"] = .string(run.description)
        result["ops"] = record.details.operations.value
        return .object(result)
    }

    private static func text(_ report: JSONValue, _ run: String, _ isDry: Bool) -> String {
        func texts(_ key: String) -> [String] { (report[key]?.arrayValue ?? []).compactMap(\.stringValue) }
        var lines = ["kept", "new", "dropped"].filter { !texts($0).isEmpty }.map { key in
            "\(key): \(texts(key).joined(separator: ", "))"
        }
        let renamed = (report["renamed"]?.objectValue?.members ?? []).sorted { $0.key < $1.key }
        lines += renamed.map { "`\($0.key)` is `\($0.value.stringValue ?? "")`" }
        let conflicts = texts("conflicts")
        lines += conflicts.map { "conflict: \(TextWidth.oneLine($0))" }
        if conflicts.isEmpty {
            let graph = report["to"]?.stringValue ?? ""
            lines.append(isDry ? "\(run) can go on with \(graph)" : "\(run) goes on with \(graph)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
