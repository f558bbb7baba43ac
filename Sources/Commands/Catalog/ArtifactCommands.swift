// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import Engine
import JSON
import Model
import Store
import StoreSQLite

/// `baton artifact …`: what is kept by hash.
enum ArtifactCommands {
    static let group: CommandDescription = .init(
        name: "artifact",
        summary: "List, read and clean up what is kept by hash",
        children: [list, get, collect]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List artifacts, the newest first",
        options: [
            OptionDescription(name: "name", kind: .text("NAME"), summary: "only those of that definition or file"),
            OptionDescription(
                name: "kind",
                kind: .choice("KIND", ArtifactKind.allCases.map(\.rawValue)),
                summary: "only that kind"
            ),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...1000),
                summary: "at most that many",
                defaultValue: "50"
            ),
        ],
        examples: [.init(line: "baton artifact list --kind patch_set", comment: "all patches")],
        exits: [.unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() { return try list(server, context) }
        var filter = ArtifactFilter()
        filter.name = context.invocation.text("name")
        filter.kind = context.invocation.text("kind").flatMap(ArtifactKind.init)
        filter.limit = context.invocation.number("limit") ?? 50
        let page = filter
        let rows = try CatalogSession.reading(context, try context.makeCompiler()) { session throws(CommandFailure) in
            try storeCall { () throws(StoreError) in try session.store.artifacts(page) }
        }
        var table = Table([
            .init(title: "ARTIFACT"), .init(title: "KIND"), .init(title: "NAME"),
            .init(title: "VERSION", isNumber: true),
            .init(title: "BYTES", isNumber: true), .init(title: "HASH"), .init(title: "CREATED", paint: .dim),
        ])
        for row in rows {
            table.add([
                row.id.description, row.kind.rawValue, row.name, row.number.map(String.init) ?? "", "\(row.blob.size)",
                VersionText.short(row.hash), TimeText.date(row.createdAt),
            ])
        }
        if rows.isEmpty, context.console.settings.format == .table { context.console.note("there are no artifacts") }
        context.console.show(rows.map(\.json), table)
        return .ok
    }

    /// A server shows the files that people stored.
    private static func list(_ server: RemoteServer, _ context: CommandContext) throws(CommandFailure) -> ExitCode {
        guard context.invocation.text("kind") == nil else {
            throw .usage("a server lists files only", hint: "leave `--kind` out")
        }
        let name = context.invocation.text("name").map { [(name: "name", value: $0)] } ?? []
        let rows = try server.list("/v1/artifacts", name, limit: context.invocation.number("limit") ?? 50)
        var table = Table([
            .init(title: "ARTIFACT"), .init(title: "NAME"), .init(title: "BYTES", isNumber: true), .init(title: "TYPE"),
            .init(title: "HASH"), .init(title: "CREATED", paint: .dim),
        ])
        for row in rows {
            func text(_ name: String) -> String { row[name].map { $0.stringValue ?? $0.text } ?? "" }
            table.add([
                text("id"), text("name"), text("size"), text("media_type"), VersionText.short(text("hash")),
                RunDetails.date(row["created_at"]),
            ])
        }
        if rows.isEmpty, context.console.settings.format == .table { context.console.note("there are no artifacts") }
        context.console.show(rows, table)
        return .ok
    }

    private static let get: CommandDescription = .init(
        name: "get",
        summary: "Write the bytes of an artifact, checked against their hash",
        arguments: [
            .init(
                name: "ARTIFACT",
                summary: "its id, or sha256:… of what it keeps (any unique beginning; at a server the whole id)"
            )
        ],
        options: [
            OptionDescription(
                name: "out",
                kind: .path("FILE"),
                summary: "the file; - is standard output",
                defaultValue: "-"
            )
        ],
        examples: [.init(line: "baton artifact get art_01jd --out patch.json", comment: "what is stored of a version")],
        exits: [.notFound, .unavailable, .denied],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let text = context.invocation.word("ARTIFACT")
        if let server = try context.server() {
            let content = APIRequest("GET", APIRequest.path("v1", "artifacts", text, "content"))
            let bytes = try server.ask { client async throws(ClientError) in try await client.send(content).body }
            try OutputFile.write(bytes, to: context.invocation.text("out") ?? "-", context)
            return .ok
        }
        let bytes = try CatalogSession.reading(context, try context.makeCompiler()) { session throws(CommandFailure) in
            let blob = try blob(text, session)
            return try storeCall { () throws(StoreError) in try session.blobs.get(blob) }
        }
        try OutputFile.write(bytes, to: context.invocation.text("out") ?? "-", context)
        return .ok
    }

    /// The blob that a beginning of an id or of a hash means.
    private static func blob(_ text: String, _ session: CatalogSession) throws(CommandFailure) -> BlobRef {
        var found: [BlobRef: String] = [:]
        var filter = ArtifactFilter()
        while true {
            let next = filter
            let page = try storeCall { () throws(StoreError) in try session.store.artifacts(next) }
            for row in page {
                if row.id.description.hasPrefix(text) { found[row.blob] = row.id.description }
                guard text.hasPrefix("sha256:"), text.utf8.count > 7 else { continue }
                for blob in row.blobs where "sha256:\(blob.hash)".hasPrefix(text) {
                    found[blob] = "sha256:\(blob.hash)"
                }
            }
            guard page.count == filter.limit, let last = page.last else { break }
            filter.before = last.id
        }
        guard let blob = found.first?.key, !text.isEmpty else {
            throw .notFound("there is no artifact `\(text)`", hint: "`baton artifact list` shows them")
        }
        guard found.count == 1 else {
            throw .usage("`\(text)` is the beginning of \(found.count) artifacts", hint: "give more of it")
        }
        return blob
    }

    private static let collect: CommandDescription = .init(
        name: "collect",
        summary: "Remove content that nothing names any more",
        discussion: """
            Kept is what versions, patches and other artifacts name, and whatever stands in the log of any run. What was stored
            within the grace period is kept too. It may be stopped at any point and started again.
            """,
        options: [
            OptionDescription(name: "dry-run", kind: .flag, summary: "only count"),
            OptionDescription(
                name: "grace",
                kind: .text("DURATION"),
                summary: "how long new content is kept",
                defaultValue: "24h"
            ),
        ],
        examples: [
            .init(line: "baton artifact collect --dry-run", comment: "what would go"),
            .init(line: "baton artifact collect", comment: "remove it"),
        ],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let text = context.invocation.text("grace") ?? "24h"
        guard let grace = Duration(text: text), grace >= .zero else {
            throw .usage("`\(text)` is no duration", hint: "write 24h, 30m or 0s")
        }
        let isTrial = context.invocation.isOn("dry-run")
        return try CatalogSession.writing(context) { session, blobs throws(CommandFailure) in
            guard let runs = session.runs else { return .ok }
            let sweep = BlobSweep(runs: runs, catalog: session.store, blobs: blobs)
            let time = Timestamp(milliseconds: SystemClock().wall().milliseconds - grace.milliseconds)
            let report = try storeCall { () throws(StoreError) in try sweep.run(lastPutBefore: time, isTrial: isTrial) }
            let json: JSONObject = [
                "examined": .int(Int64(report.examined)), "referenced": .int(Int64(report.referenced)),
                "young": .int(Int64(report.young)), "removed": .int(Int64(report.removed)),
                "removed_bytes": .int(report.removedBytes), "dry_run": .bool(isTrial),
            ]
            context.console.show(.object(json)) {
                "\(isTrial ? "would remove" : "removed") \(report.removed) of \(report.examined) contents "
                    + "(\(report.removedBytes) bytes); \(report.referenced) are in use, \(report.young) are new\n"
            }
            return .ok
        }
    }
}
