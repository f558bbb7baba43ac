// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Engine
import Glibc
import JSON
import Model
import Retention
import Store
import StoreSQLite

/// `baton retention …`: how long things are kept.
enum RetentionCommands {
    static let group: CommandDescription = .init(
        name: "retention",
        summary: "Show how long things are kept, remove what is old, and hold runs",
        children: [status, apply, hold, release]
    )

    private static let status: CommandDescription = .init(
        name: "status",
        summary: "Show the periods, what is due now, and which old runs stay and why",
        examples: [.init(line: "baton retention status", comment: "what would go now?")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let policy = try SettingsReader.read(context).retention
        let now = SystemClock().wall()
        var (report, kept) = (RetentionReport(), [KeptRun]())
        if let data = try ReadOnlyData(folder: context.dataFolder) {
            // Nothing is changed, so there is nothing to write and no blob to look at.
            let sweep = RetentionSweep(
                runs: data.store,
                catalog: MemoryCatalogStore(),
                blobs: MemoryBlobStore(),
                notes: data.store as? any NoteStore,
                sessions: data.store as? any ConversationStore,
                policy: policy,
                write: { _ in }
            )
            report = try storeCall { () throws(StoreError) in
                try sweep.run(at: now, sweepsBlobs: false, isTrial: true)
            }
            kept = try storeCall { () throws(StoreError) in try KeptRun.all(data.store) }
        }
        let json: JSONValue = [
            "periods": RetentionText.periods(policy), "due": .object(RetentionText.json(report)),
            "kept": .array(kept.map(\.json)),
        ]
        context.console.show(json) { RetentionText.status(policy, report, kept) }
        return .ok
    }

    private static let apply: CommandDescription = .init(
        name: "apply",
        summary: "Pack the logs of old runs, delete those whose time is over, and remove what nothing names",
        discussion: """
            The periods are settings (`retention.…`). A packed log is read as before. A deleted run leaves its id, its workflow and
            how it ended. Runs that are held stay, and so do those that a fork needs. It may be stopped at any point and started
            again.
            """,
        options: [
            OptionDescription(name: "dry-run", kind: .flag, summary: "only count"),
            OptionDescription(
                name: "contents",
                kind: .toggle(default: true),
                summary: "also remove contents that nothing names, which reads all logs"
            ),
        ],
        examples: [
            .init(line: "baton retention apply --dry-run", comment: "what would go"),
            .init(line: "baton retention apply", comment: "remove it"),
        ],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let policy = try SettingsReader.read(context).retention
        let isTrial = context.invocation.isOn("dry-run")
        let sweepsBlobs = context.invocation.isOn("contents")
        let workspaces = Workspaces(dataFolder: context.dataFolder)
        return try CatalogSession.writing(context) { session, blobs throws(CommandFailure) in
            guard let runs = session.runs as? SQLiteRunStore else { return .ok }
            let sweep = RetentionSweep(
                runs: runs,
                catalog: session.store,
                blobs: blobs,
                notes: runs,
                sessions: runs,
                policy: policy,
                write: { (commit) throws(StoreError) in _ = try runs.commit(commit) },
                onDelete: { run in
                    for line in workspaces.remove(run.id) { context.console.complain(line) }
                }
            )
            let report = try reading { () throws(StoreError) in
                try sweep.run(at: SystemClock().wall(), sweepsBlobs: sweepsBlobs, isTrial: isTrial)
            }
            if !isTrial {
                runs.compact()
                blobs.compact()
            }
            var json = RetentionText.json(report)
            json["dry_run"] = .bool(isTrial)
            context.console.show(.object(json)) { RetentionText.lines(report, isTrial: isTrial) }
            return .ok
        }
    }

    private static let hold: CommandDescription = .init(
        name: "hold",
        summary: "Keep a run, whatever its age, until it is released",
        arguments: [RunCommands.run],
        options: [OptionDescription(name: "reason", kind: .text("TEXT"), summary: "why, for those who ask")],
        examples: [.init(line: "baton retention hold last --reason \"case 12\"", comment: "the newest run")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let reason = context.invocation.text("reason")
        return try change(context, "held") { run, commit in
            commit.holds = [
                HoldRow(runKey: run.key, actor: context.actor, reason: reason, at: SystemClock().wall())
            ]
        }
    }

    private static let release: CommandDescription = .init(
        name: "release",
        summary: "Let a run that was held go when its time is over",
        arguments: [RunCommands.run],
        examples: [.init(line: "baton retention release last", comment: "the newest run")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        try change(context, "released") { run, commit in commit.releasedHolds = [run.key] }
    }

    private static func change(
        _ context: CommandContext,
        _ word: String,
        _ body: (RunRow, inout Commit) -> Void
    ) throws(CommandFailure) -> ExitCode {
        let text = context.invocation.word(RunCommands.run.name)
        // Asked first, so that a wrong id makes no data folder.
        guard try ReadOnlyData(folder: context.dataFolder) != nil else { throw IdentifierLookup.noRun() }
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            guard let runs = session.runs else { throw IdentifierLookup.noRun() }
            let run = try IdentifierLookup(store: runs).run(text)
            var commit = Commit()
            body(run, &commit)
            let change = commit
            _ = try reading { () throws(StoreError) in try runs.commit(change) }
            context.console.show(["run": .string(run.id.description), "state": .string(word)]) {
                "\(run.id): \(word)\n"
            }
            return .ok
        }
    }
}
