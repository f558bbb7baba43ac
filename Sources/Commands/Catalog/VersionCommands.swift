// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import JSON
import Model
import Server
import Store

/// `baton workflow list`, `versions` and `show`: read what is published, whoever drives runs.
enum VersionCommands {
    static let all = [list, versions, show]

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List published workflows",
        examples: [.init(line: "baton workflow list", comment: "names and newest versions")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let definitions = try definitions(context)
        if definitions.isEmpty, context.console.settings.format == .table {
            context.console.note("nothing is published; `baton workflow publish FILE` begins")
            return .ok
        }
        var table = Table([
            .init(title: "NAME"), .init(title: "KIND"), .init(title: "VERSIONS", isNumber: true),
            .init(title: "MAIN", isNumber: true), .init(title: "CHANGED", paint: .dim),
            .init(title: "OWNER", paint: .dim),
        ])
        for definition in definitions {
            table.add([
                definition["name"]?.stringValue ?? "", definition["kind"]?.stringValue ?? "",
                definition["versions"]?.text ?? "", definition["main"]?.text ?? "",
                RunDetails.date(definition["changed_at"]), definition["owner"]?.stringValue ?? "",
            ])
        }
        context.console.show(definitions, table)
        return .ok
    }

    private static func definitions(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        if let server = try context.server() { return try server.items("/v1/workflows") }
        let compiler = try context.makeCompiler()
        return try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            try catalogCall(context) { () throws(CatalogError) in
                try session.catalog.definitions(owner: nil).map { name throws(CatalogError) in
                    try session.catalog.resource(of: name)
                }
            }
        }
    }

    private static let versions: CommandDescription = .init(
        name: "versions",
        summary: "List the versions of a workflow, the newest first",
        discussion: "DEPTH counts the patches since a whole document; `baton workflow compact` brings it to 0.",
        arguments: [CatalogOptions.name],
        examples: [.init(line: "baton workflow versions order_check", comment: "what was published, by whom and why")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() { return try ServerCatalog(server: server, context: context).versions() }
        let name = context.invocation.word("NAME")
        let compiler = try context.makeCompiler()
        return try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            let (versions, tags) = try catalogCall(context) { () throws(CatalogError) in
                let owner = try session.owner(of: name)
                return (
                    try session.catalog.versions(of: name, owner: owner),
                    try session.catalog.tags(of: name, owner: owner)
                )
            }
            var table = Table([
                .init(title: "VERSION", isNumber: true), .init(title: "HASH"), .init(title: "DEPTH", isNumber: true),
                .init(title: "TAGS"), .init(title: "CREATED", paint: .dim), .init(title: "BY", paint: .dim),
                .init(title: "WHY", paint: .dim),
            ])
            var items: [JSONValue] = []
            for version in versions.reversed() {
                let here = tags.filter { $0.target.hash == version.hash }.map {
                    String($0.name.dropFirst(name.count + 1))
                }
                table.add([
                    "\(version.number ?? 0)", VersionText.short(version.hash), "\(version.depth)",
                    here.joined(separator: " "), TimeText.date(version.createdAt), version.creator, version.note ?? "",
                ])
                var object = version.resource
                object["tags"] = .array(here.map { .string($0) })
                items.append(.object(object))
            }
            context.console.show(items, table)
            return .ok
        }
    }

    private static let show: CommandDescription = .init(
        name: "show",
        summary: "Write the document of a version",
        discussion:
            "Without --format it is the text as it was published, or YAML when the version came of a patch. With -o json it\n"
            + "is an object of the document and everything known about the version.",
        arguments: [CatalogOptions.version],
        options: [
            OptionDescription(
                name: "format",
                kind: .choice("FORMAT", ["source", "yaml", "json", "canonical", "graph"]),
                summary: "as published, rewritten, the bytes that the hash is made of, or the compiled graph"
            )
        ],
        examples: [
            .init(line: "baton workflow show order_check", comment: "what `baton run start order_check` runs"),
            .init(line: "baton workflow show order_check@3 --format yaml > old.yaml", comment: "an old version"),
        ],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() { return try ServerCatalog(server: server, context: context).show() }
        let reference = try context.reference("VERSION")
        let compiler = try context.makeCompiler()
        return try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            let (version, document, source) = try catalogCall(context) { () throws(CatalogError) in
                let version = try session.catalog.version(reference, owner: CatalogSession.owner)
                return (
                    version, try session.catalog.document(of: version), try session.catalog.source(of: version)
                )
            }
            let console = context.console
            let format = context.invocation.text("format")
            if console.settings.format != .table, format == nil {
                var object = version.resource
                object["document"] = document
                console.show(.object(object)) { "" }
                return .ok
            }
            switch format {
            case "json": console.write(document.prettyText + "\n")
            case "yaml": console.write(YAMLWriter.text(of: document))
            case "canonical": console.write(String(decoding: document.canonicalBytes(), as: UTF8.self))
            case "graph":
                guard let graph = version.graph else { throw .notFound("no graph is kept of \(reference)") }
                let bytes = try storeCall { () throws(StoreError) in try session.blobs.get(graph) }
                console.write(String(decoding: bytes, as: UTF8.self) + "\n")
            default:
                guard let source else {
                    if format == "source" { console.note("\(reference) came of a patch; this is its content") }
                    console.write(YAMLWriter.text(of: document))
                    break
                }
                console.write(String(decoding: source, as: UTF8.self))
            }
            return .ok
        }
    }
}
