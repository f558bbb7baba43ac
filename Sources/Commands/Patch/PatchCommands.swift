// Baton
// SPDX-License-Identifier: Apache-2.0

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
        exits: [.notFound, .conflict, .unavailable, .needsPerson]
    ) { context throws(CommandFailure) in
        let request = try request(context)
        let record = try tell(context) { engine, run, actor async throws(EngineError) in
            try await engine.patch(run, request, by: actor)
        }
        guard record.status != .rejected else { throw refusal(record.patch) }
        show(record.patch, of: record.run, context)
        return record.status == .proposed ? .needsPerson : .ok
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
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let (state, _) = try RunListing.read(context)
        guard let word = context.invocation.words["SEQ"]?.first else {
            list(state, context)
            return .ok
        }
        guard let record = Int64(word).flatMap({ state.patches[$0] }) else {
            throw .notFound("\(state.id) has no patch \(word)", hint: context.command("run patches \(state.id)"))
        }
        show(record, of: state.id, context)
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
        exits: [.notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        try migrate(context)
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

    private static func migrate(_ context: CommandContext) throws(CommandFailure) -> ExitCode {
        let renamed = Dictionary(context.invocation.pairs("map").map { ($0.name, $0.value) }) { _, last in last }
        let reference = context.invocation.text("to") ?? ""
        try RunControl.requireData(context)
        let local = try LocalEngine(context, drives: false)
        let (isDry, actor) = (context.invocation.isOn("dry-run"), context.actor)
        let key = context.invocation.text("key") ?? RunStart.makeID().description
        let result = Result { () throws(CommandFailure) in
            let row = try RunControl.find(context, local.store)
            let version = try engineCall { () throws(EngineError) in try local.workflows.workflow(reference) }
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
        context.console.show(report.json) { text(report, run, isDry) }
        return report.conflicts.isEmpty ? .ok : .conflict
    }

    // MARK: Forms

    /// A patch that cannot apply is an answer to nodes; for who typed it, it is a failure.
    private static func refusal(_ record: PatchRecord) -> CommandFailure {
        let findings = record.findings.map { "\($0.code) \($0.message)" }.joined(separator: "\n  ")
        var failure = CommandFailure(
            .usage,
            "patch.invalid",
            "patch \(record.number) was rejected, and the run is as it was\n  \(findings)"
        )
        failure.details = ["patch_seq": .int(record.number), "diagnostics": .array(record.findings.map(\.json))]
        return failure
    }

    private static func list(_ state: RunState, _ context: CommandContext) {
        var table = Table([
            .init(title: "SEQ", isNumber: true), .init(title: "STATUS", paint: .status), .init(title: "AUTHOR"),
            .init(title: "CHANGE"), .init(title: "SINCE", paint: .dim), .init(title: "WHY", paint: .dim),
        ])
        for record in state.patches.all {
            table.add([
                "\(record.number)", record.status.rawValue, record.details.author, what(record),
                TimeText.date(record.since), TextWidth.oneLine(record.details.summary),
            ])
        }
        context.console.show(state.patches.all.map { json($0) }, table)
    }

    private static func show(_ record: PatchRecord, of run: RunID, _ context: CommandContext) {
        var result = json(record).objectValue ?? [:]
        result["run"] = .string(run.description)
        result["ops"] = record.details.operations.value
        context.console.show(.object(result)) {
            var lines = ["patch \(record.number) of \(run) is \(record.status.rawValue): \(what(record))"]
            if !record.details.summary.isEmpty { lines.append("  \(TextWidth.oneLine(record.details.summary))") }
            lines += record.findings.map { "  \($0.code) \(TextWidth.oneLine($0.message))" }
            if let review = record.review, !review.isClosed {
                lines += review.request.choices.map { "  " + context.completed(review.request.command(for: $0)) }
            }
            return lines.joined(separator: "\n") + "\n"
        }
    }

    /// `adds x, changes c`.
    private static func what(_ record: PatchRecord) -> String {
        guard let change = record.change else { return record.findings.first.map { "\($0.code)" } ?? "" }
        if record.details.isMigration { return "goes on with \(change.graph.prefix(15))" }
        let parts = [("adds", change.added), ("removes", change.removed), ("changes", change.changed)]
            .filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: " "))" }
        let undone = record.details.undoes.map { ["takes back \($0)"] } ?? []
        return (undone + parts).joined(separator: ", ")
    }

    private static func json(_ record: PatchRecord) -> JSONValue {
        let details = record.details
        var result: JSONObject = [
            "seq": .int(record.number), "status": .string(record.status.rawValue), "author": .string(details.author),
            "description": .string(details.summary), "base_seq": .int(details.base),
            "since": .string(record.since.description),
        ]
        result["undoes"] = details.undoes.map(JSONValue.int)
        result["reverted_by"] = record.revertedBy.map(JSONValue.int)
        result["human_task"] = record.review.map { .string($0.id.description) }
        if let change = record.change {
            result["graph"] = .string(change.graph)
            for (key, ids) in [("added", change.added), ("removed", change.removed), ("changed", change.changed)] {
                result[key] = .array(ids.map(JSONValue.string))
            }
        }
        if !record.findings.isEmpty { result["diagnostics"] = .array(record.findings.map(\.json)) }
        return .object(result)
    }

    private static func text(_ report: MigrationReport, _ run: RunID, _ isDry: Bool) -> String {
        let lists = [("kept", report.kept), ("new", report.new), ("dropped", report.dropped)]
        var lines: [String] = []
        for (title, ids) in lists where !ids.isEmpty {
            lines.append("\(title): \(ids.joined(separator: ", "))")
        }
        lines += report.renamed.sorted { $0.key < $1.key }.map { "`\($0.key)` is `\($0.value)`" }
        lines += report.conflicts.map { "conflict: \(TextWidth.oneLine($0))" }
        if report.conflicts.isEmpty {
            lines.append(
                isDry ? "\(run) can go on with \(report.graphs.to)" : "\(run) goes on with \(report.graphs.to)"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
