// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Model
import Store
import StoreSQLite

/// `baton backup …`: copies of the data folder.
enum BackupCommands {
    static let group: CommandDescription = .init(
        name: "backup",
        summary: "Copy the data folder while runs go on, check copies, and restore them",
        children: [create, verify, restore]
    )

    private static let create: CommandDescription = .init(
        name: "create",
        summary: "Copy databases, contents and settings into a folder; runs go on meanwhile",
        discussion: """
            The copy is of one moment and whole: every content that its runs name is in it. The folders that runs work in
            (`workspaces`) are not. Large contents never change, so on one file system they get a second name instead of a copy;
            to be safe from the loss of a disk, choose a PATH on another one.

            A server makes it in `backups` of its data folder, and PATH is a name there; without one, the time.
            """,
        arguments: [
            .init(
                name: "PATH",
                summary: "the folder to make; nothing may be there",
                count: .optional,
                completion: .files
            )
        ],
        examples: [
            .init(line: "baton backup create /mnt/backup/2026-01-31", comment: "on another disk"),
            .init(line: "baton backup verify /mnt/backup/2026-01-31", comment: "is it whole?"),
        ],
        exits: [.notFound, .conflict, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let word = context.invocation.words["PATH"]?.first
        if let server = try context.server() {
            var body: JSONObject = [:]
            body["name"] = word.map(JSONValue.string)
            let made = try server.post("/v1/admin/backup", body)
            context.console.show(made) { text(made) }
            return .ok
        }
        guard word != nil else { throw .usage("PATH is missing", hint: "name the folder to make") }
        let (backup, path) = backup(context)
        // The copies are for their owner alone.
        let mask = umask(0o077)
        defer { umask(mask) }
        let manifest = try backupCall { () throws(StoreError) in
            try backup.create(of: context.dataFolder, program: Baton.version)
        }
        let made = manifest.json(path: path)
        context.console.show(made) { text(made) }
        return .ok
    }

    private static func text(_ made: JSONValue) -> String {
        func part(_ name: String) -> String { made[name].map { $0.stringValue ?? $0.text } ?? "" }
        return "\(part("path")): \(part("last_sequence")) events, \(part("large_contents")) large contents, "
            + "\(part("bytes")) bytes\n"
    }

    private static let verify: CommandDescription = .init(
        name: "verify",
        summary: "Read everything in a backup and check it",
        discussion: """
            Files are compared with the manifest, the databases are checked for their structure, every log for its checksums, every
            content for its hash, and everything that is named must be there. Nothing is written. Exit code 5 says that something
            is wrong; what is wrong is listed.
            """,
        arguments: [.init(name: "PATH", summary: "a backup", completion: .files)],
        examples: [
            .init(line: "baton backup verify /mnt/backup/2026-01-31 -o json", comment: "with all counts")
        ],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let (backup, path) = backup(context)
        let verdict = try backupCall { () throws(StoreError) in try backup.verify() }
        context.console.show(verdict.json(path: path)) { text(verdict, path) }
        return verdict.report.isWhole ? .ok : .unavailable
    }

    private static let restore: CommandDescription = .init(
        name: "restore",
        summary: "Make the data folder of a backup",
        discussion: """
            The backup is verified first. The data folder must be empty or not there; it appears when it is whole, or not at all.
            Runs go on where they were when the backup was made: what they did outside since then may be done again.
            """,
        arguments: [.init(name: "PATH", summary: "a backup", completion: .files)],
        options: [
            OptionDescription(
                name: "allow-damage",
                kind: .flag,
                summary: "also when it is not whole; what is damaged is refused when it is used"
            )
        ],
        examples: [
            .init(
                line: "baton backup restore /mnt/backup/2026-01-31 --data ~/.baton-old",
                comment: "into a folder of its own"
            )
        ],
        exits: [.notFound, .conflict, .unavailable]
    ) { context throws(CommandFailure) in
        let (backup, path) = backup(context)
        let allowsDamage = context.invocation.isOn("allow-damage")
        let mask = umask(0o077)
        defer { umask(mask) }
        let verdict = try backupCall { () throws(StoreError) in
            try backup.restore(to: context.dataFolder, allowsDamage: allowsDamage)
        }
        for problem in verdict.report.problems { context.console.note(problem) }
        context.console.show(verdict.json(path: path)) {
            "\(context.dataFolder): \(verdict.report.runs) runs, \(verdict.manifest.lastSequence) events, as of "
                + "\(verdict.manifest.createdAt)\n"
        }
        return .ok
    }

    private static func backup(_ context: CommandContext) -> (FolderBackup, path: String) {
        let path = context.absolute(context.invocation.word("PATH"))
        return (FolderBackup(at: path), path)
    }

    private static func text(_ verdict: FolderBackup.Verdict, _ path: String) -> String {
        let report = verdict.report
        let counts =
            "\(report.runs) runs, \(report.events) events, \(report.blobs) contents (\(report.blobBytes) bytes)"
        guard !report.isWhole else { return "\(path): whole; \(counts), made \(verdict.manifest.createdAt)\n" }
        let hidden = report.problemCount - report.problems.count
        let lines = report.problems + (hidden > 0 ? ["and \(hidden) more"] : [])
        return "\(path): not whole; \(counts)\n" + lines.map { "  \($0)\n" }.joined()
    }

    /// Calls a backup from a command.
    private static func backupCall<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            switch error.code {
            case .missing: throw .notFound(error.message)
            case .conflict: throw CommandFailure(.conflict, "state.conflict", error.message)
            case .corrupted:
                throw CommandFailure(
                    .unavailable,
                    "internal",
                    error.message,
                    hint: "`baton backup verify` lists everything that is wrong"
                )
            case .full, .locked, .newer, .failed: throw CommandFailure(error)
            }
        }
    }
}

extension BackupManifest {
    /// For programs.
    func json(path: String) -> JSONValue {
        [
            "path": .string(path), "created_at": .string(createdAt.description), "program": .string(program),
            "source": .string(source), "database_format": .int(databaseFormat), "last_sequence": .int(lastSequence),
            "large_contents": .int(Int64(blobFiles)), "bytes": .int(bytes),
        ]
    }
}

extension FolderBackup.Verdict {
    fileprivate func json(path: String) -> JSONValue {
        [
            "path": .string(path), "is_whole": .bool(report.isWhole),
            "created_at": .string(manifest.createdAt.description), "last_sequence": .int(manifest.lastSequence),
            "runs": .int(Int64(report.runs)), "events": .int(report.events), "contents": .int(Int64(report.blobs)),
            "content_bytes": .int(report.blobBytes), "references": .int(Int64(report.references)),
            "removed_logs": .int(Int64(report.removedLogs)), "problem_count": .int(Int64(report.problemCount)),
            "problems": .array(report.problems.map(JSONValue.string)),
        ]
    }
}
