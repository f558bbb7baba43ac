// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Glibc
import JSON
import Model
import Store

/// `baton workflow export` and `import`.
enum TransferCommands {
    static let all = [export, importArchive]

    private static let export: CommandDescription = .init(
        name: "export",
        summary: "Pack workflows with all versions and tags into a tar",
        discussion:
            "The tar holds `manifest.json` and one file for each content, named by its hash. The same workflows give the same\n"
            + "bytes. Secrets are not in it: documents only name them.",
        arguments: [.init(name: "NAME", summary: "names of published workflows; none for all", count: .any)],
        options: [
            OptionDescription(
                name: "out",
                kind: .path("FILE.tar"),
                summary: "the file; - is standard output",
                isRequired: true
            )
        ],
        examples: [
            .init(line: "baton workflow export order_check --out order_check.tar", comment: "one with its history"),
            .init(line: "baton workflow export --out all.tar", comment: "everything"),
        ],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let compiler = try context.makeCompiler()
        let out = context.invocation.text("out") ?? "-"
        let (names, bytes) = try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            try catalogCall(context) { () throws(CatalogError) in
                let given = context.invocation.words["NAME"] ?? []
                let all = try session.catalog.definitions(owner: CatalogSession.owner).map(\.name)
                let names = given.isEmpty ? all : given
                return (names, try session.catalog.export(names, owner: CatalogSession.owner))
            }
        }
        try OutputFile.write(bytes, to: out, context)
        if out != "-" {
            context.console.show([
                "file": .string(out), "definitions": .int(Int64(names.count)), "bytes": .int(Int64(bytes.count)),
            ]) {
                "\(out): \(names.count) \(names.count == 1 ? "workflow" : "workflows"), \(bytes.count) bytes\n"
            }
        }
        return .ok
    }

    private static let importArchive: CommandDescription = .init(
        name: "import",
        summary: "Take over the workflows of a tar that `export` made",
        discussion: """
            Every hash is checked first; when one is wrong, nothing is stored. A name that is taken gets a number behind it, which
            changes no hash, and what is here already is left alone. Tools that a workflow needs are looked for when it runs.
            """,
        arguments: [.init(name: "FILE", summary: "the tar; - reads standard input", completion: .files)],
        examples: [.init(line: "baton workflow import order_check.tar", comment: "with versions, tags and history")],
        exits: [.notFound, .unavailable]
    ) { context throws(CommandFailure) in
        let file = context.invocation.word("FILE")
        let bytes = try TextFile.bytes(file == "-" ? file : context.absolute(file), limit: 1 << 30)
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let report = try catalogCall(context) { () throws(CatalogError) in
                try session.catalog.importArchive(bytes, owner: CatalogSession.owner)
            }
            context.console.show(json(report)) { text(report) }
            return .ok
        }
    }

    private static func json(_ report: ImportReport) -> JSONValue {
        var ids = JSONObject()
        for (old, new) in report.renumbered.sorted(by: { $0.key < $1.key }) {
            ids[old.description] = .string(new.description)
        }
        return [
            "definitions": .array(
                report.definitions.map { definition in
                    [
                        "name": .string(definition.name), "imported_as": .string(definition.importedAs),
                        "versions": .int(Int64(definition.versions)), "is_known": .bool(definition.isKnown),
                    ]
                }
            ),
            "renumbered": .object(ids),
        ]
    }

    private static func text(_ report: ImportReport) -> String {
        var lines = report.definitions.map { definition in
            let count = "\(definition.versions) \(definition.versions == 1 ? "version" : "versions")"
            if definition.isKnown { return "\(definition.name): is here already, with \(count)" }
            let name =
                definition.name == definition.importedAs
                ? definition.name : "\(definition.name) as \(definition.importedAs), because the name is taken"
            return "\(name): \(count)"
        }
        if !report.renumbered.isEmpty {
            lines.append("\(report.renumbered.count) artifacts have new ids; -o json lists them")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Files that a command writes.
enum OutputFile {
    /// Writes a file as a whole: under another name first, so that what was there before stays until the end.
    static func write(_ bytes: [UInt8], to path: String, _ context: CommandContext) throws(CommandFailure) {
        if path == "-" {
            context.console.flush()
            let number = Console.writeAll(bytes, to: STDOUT_FILENO)
            guard number == 0 else { throw failure(path, number) }
            return
        }
        let whole = context.absolute(path)
        let temporary = whole + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path, errno) }
        let number = Console.writeAll(bytes, to: descriptor)
        close(descriptor)
        guard number == 0, rename(temporary, whole) == 0 else {
            let number = number == 0 ? errno : number
            unlink(temporary)
            throw failure(path, number)
        }
    }

    private static func failure(_ path: String, _ number: Int32) -> CommandFailure {
        CommandFailure(.unavailable, "storage.full", "\(path) cannot be written: \(String(cString: strerror(number)))")
    }
}
