// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Store
import StoreSQLite

/// `baton migrate …`: the formats of the databases.
enum MigrateCommands {
    static let group: CommandDescription = .init(
        name: "migrate",
        summary: "Show the formats of the databases, and bring them to this program's",
        children: [status, up]
    )

    private static let status: CommandDescription = .init(
        name: "status",
        summary: "Show the format of each database and the newest that this program knows",
        discussion:
            "Every command that writes brings the databases to its format first, so nobody has to run `migrate up`.",
        examples: [.init(line: "baton migrate status", comment: "is this the program that wrote them?")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let formats = try reading { () throws(StoreError) in try DatabaseFormat.all(in: context.dataFolder) }
        var table = Table([
            .init(title: "DATABASE"), .init(title: "FORMAT", isNumber: true), .init(title: "PROGRAM", isNumber: true),
            .init(title: "STATE"),
        ])
        for format in formats {
            table.add([format.file, format.found.map(String.init) ?? "", "\(format.newest)", format.state])
        }
        context.console.show(formats.map(\.json), table)
        return formats.contains { $0.state == "newer" } ? .unavailable : .ok
    }

    private static let up: CommandDescription = .init(
        name: "up",
        summary: "Bring the databases to the format of this program; a copy of the old one is kept",
        discussion: """
            A step is done whole or not at all, so one that was interrupted is done again. Before, `baton.db` is copied to
            `baton.db.format-N`, for the program that wrote it.
            """,
        examples: [.init(line: "baton migrate up", comment: "before the first start of a new version")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let path = context.dataFolder
        let before = try reading { () throws(StoreError) in try DatabaseFormat.all(in: path) }
        guard before.contains(where: { $0.found != nil }) else {
            throw .notFound("there are no databases in \(path) yet", hint: "the first run makes them")
        }
        try open(context)
        let after = try reading { () throws(StoreError) in try DatabaseFormat.all(in: path) }
        let changes = zip(before, after).map { old, new in
            (file: new.file, from: old.found, to: new.found ?? new.newest)
        }
        context.console.show(
            .array(
                changes.map { change in
                    [
                        "database": .string(change.file), "from": change.from.map(JSONValue.int) ?? .null,
                        "to": .int(change.to),
                    ]
                }
            )
        ) {
            changes.map { change in
                change.from == change.to
                    ? "\(change.file): has format \(change.to) already\n"
                    : "\(change.file): format \(change.from.map(String.init) ?? "none") to \(change.to)\n"
            }.joined()
        }
        return .ok
    }

    /// Opening for writing does it.
    private static func open(_ context: CommandContext) throws(CommandFailure) {
        let mask = umask(0o077)
        defer { umask(mask) }
        try reading { () throws(StoreError) in
            let folder = try DataFolder(locking: context.dataFolder, command: context.commandLine)
            defer { folder.unlock() }
            try SQLiteRunStore(in: folder).close()
            try SQLiteBlobStore(in: folder).close()
        }
    }
}

extension DatabaseFormat {
    fileprivate var state: String {
        guard let found else { return "not there yet" }
        if found == newest { return "current" }
        return found < newest ? "older" : "newer"
    }

    fileprivate var json: JSONValue {
        [
            "database": .string(file), "format": found.map(JSONValue.int) ?? .null, "program": .int(newest),
            "state": .string(state),
        ]
    }
}
