// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import JSON
import Server
import Model
import Store

/// `baton workflow tag …`.
enum TagCommands {
    static let group: CommandDescription = .init(
        name: "tag",
        summary: "Show and move the tags of workflows",
        discussion: """
            A tag is a name that points to a version, such as `main` or `release/2026.1`. Every move is kept, with who, when and
            why; undo and redo walk them. With --if-match a move happens only if the tag still points where you believe.
            """,
        examples: [.init(line: "baton workflow tag undo order_check", comment: "take the last publication back")],
        children: [list, set, history, undo, redo]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List the tags of a workflow",
        arguments: [CatalogOptions.name],
        examples: [.init(line: "baton workflow tag list order_check", comment: "all of them")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() { return try ServerCatalog(server: server, context: context).tags() }
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
                .init(title: "TAG"), .init(title: "VERSION", isNumber: true), .init(title: "HASH"),
                .init(title: "MOVED", paint: .dim),
            ])
            var items: [JSONValue] = []
            for tag in tags {
                let short = String(tag.name.dropFirst(name.count + 1))
                let number = versions.first { $0.hash == tag.target.hash }?.number
                let hash = VersionText.short(tag.target.hash)
                table.add([short, number.map(String.init) ?? "", hash, TimeText.date(tag.movedAt)])
                var object: JSONObject = [
                    "name": .string(name), "tag": .string(short), "hash": .string(tag.target.hash),
                ]
                object["version"] = number.map { .int(Int64($0)) }
                object["revision"] = .int(Int64(tag.revision))
                object["moved_at"] = .string(tag.movedAt.description)
                items.append(.object(object))
            }
            context.console.show(items, table)
            return .ok
        }
    }

    private static let set: CommandDescription = .init(
        name: "set",
        summary: "Point a tag to a version, or make it",
        arguments: [
            CatalogOptions.tagged, .init(name: "TO", summary: "a number, sha256:… or another tag of the workflow"),
        ],
        options: [CatalogOptions.ifMatch, CatalogOptions.message],
        examples: [
            .init(line: "baton workflow tag set order_check@stable main", comment: "stable is what main is now"),
            .init(line: "baton workflow tag set order_check@main 3 --if-match 5", comment: "from version 5 back to 3"),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, tag) = try context.taggedName("NAME[@TAG]")
        let to = context.invocation.word("TO")
        let selector = try catalogCall(context) { () throws(CatalogError) in try VersionReference.selector(to) }
        if let server = try context.server() {
            return try move(server, "PUT", [name, "tags", tag], JSONObject().with("to", to), context)
        }
        let expected = try context.expectation()
        let actor = context.catalogActor(reason: context.invocation.text("message"))
        return try move(context, tag) { catalog throws(CatalogError) in
            try catalog.setTag(tag, to: VersionReference(name: name, selector), expected: expected, by: actor)
        }
    }

    private static let undo: CommandDescription = .init(
        name: "undo",
        summary: "Move a tag back to where its last move came from",
        arguments: [CatalogOptions.tagged],
        options: [CatalogOptions.ifMatch, CatalogOptions.message],
        examples: [.init(line: "baton workflow tag undo order_check", comment: "main, one move back")],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, tag) = try context.taggedName("NAME[@TAG]")
        if let server = try context.server() {
            return try move(server, "POST", [name, "tags", tag, "undo"], [:], context)
        }
        let expected = try context.expectation()
        let actor = context.catalogActor(reason: context.invocation.text("message"))
        return try move(context, tag) { catalog throws(CatalogError) in
            try catalog.undo(tag, of: name, expected: expected, by: actor)
        }
    }

    private static let redo: CommandDescription = .init(
        name: "redo",
        summary: "Move a tag forward again after an undo",
        arguments: [CatalogOptions.tagged],
        options: [CatalogOptions.ifMatch, CatalogOptions.message],
        examples: [
            .init(line: "baton workflow tag redo order_check", comment: "unless something new was published since")
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, tag) = try context.taggedName("NAME[@TAG]")
        if let server = try context.server() {
            return try move(server, "POST", [name, "tags", tag, "redo"], [:], context)
        }
        let expected = try context.expectation()
        let actor = context.catalogActor(reason: context.invocation.text("message"))
        return try move(context, tag) { catalog throws(CatalogError) in
            try catalog.redo(tag, of: name, expected: expected, by: actor)
        }
    }

    private static func move(
        _ context: CommandContext,
        _ tag: String,
        _ body: (DefinitionCatalog) throws(CatalogError) -> Publication
    ) throws(CommandFailure) -> ExitCode {
        try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let result = try catalogCall(context) { () throws(CatalogError) in try body(session.catalog) }
            var json = result.version.resource
            json["tag"] = .string(tag)
            json["is_moved"] = .bool(result.isMoved)
            json["revision"] = .int(Int64(result.tag.revision))
            return show(.object(json), context)
        }
    }

    private static func move(
        _ server: RemoteServer,
        _ method: String,
        _ parts: [String],
        _ fields: JSONObject,
        _ context: CommandContext
    ) throws(CommandFailure) -> ExitCode {
        let path = "/v1/workflows" + parts.map { APIRequest.path($0) }.joined()
        let body = fields.with("reason", context.invocation.text("message"))
        var request = APIRequest(method, path, json: .object(body))
        if let hash = context.invocation.text("if-match") { request.headers.append(("if-match", "\"\(hash)\"")) }
        return show(try server.send(request), context)
    }

    private static func show(_ moved: JSONValue, _ context: CommandContext) -> ExitCode {
        context.console.show(moved) {
            let name = "\(moved["name"]?.stringValue ?? "")@\(moved["version"]?.intValue ?? 0)"
            let verb = moved["is_moved"] == true ? "points to" : "pointed before to"
            return "`\(moved["tag"]?.stringValue ?? "")` \(verb) \(name)\n\(moved["hash"]?.stringValue ?? "")\n"
        }
        return .ok
    }

    private static let history: CommandDescription = .init(
        name: "history",
        summary: "List every move of a tag, the newest first",
        arguments: [CatalogOptions.tagged],
        examples: [.init(line: "baton workflow tag history order_check", comment: "who moved main, when and why")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let (name, tag) = try context.taggedName("NAME[@TAG]")
        if let server = try context.server() {
            return try ServerCatalog(server: server, context: context).moves(of: tag, of: name)
        }
        let compiler = try context.makeCompiler()
        return try CatalogSession.reading(context, compiler) { session throws(CommandFailure) in
            let (versions, moves) = try catalogCall(context) { () throws(CatalogError) in
                let owner = try session.owner(of: name)
                return (
                    try session.catalog.versions(of: name, owner: owner),
                    try session.catalog.moves(of: tag, of: name, owner: owner)
                )
            }
            func number(_ target: TagTarget?) -> String {
                versions.first { $0.hash == target?.hash }?.number.map(String.init) ?? ""
            }
            var table = Table([
                .init(title: "MOVE", isNumber: true), .init(title: "KIND"), .init(title: "FROM", isNumber: true),
                .init(title: "TO", isNumber: true), .init(title: "AT", paint: .dim), .init(title: "BY", paint: .dim),
                .init(title: "WHY", paint: .dim),
            ])
            for move in moves.reversed() {
                table.add([
                    "\(move.number)", move.kind.rawValue, number(move.from), number(move.to), TimeText.date(move.at),
                    move.actor, move.reason ?? "",
                ])
            }
            context.console.show(moves.reversed().map(\.json), table)
            return .ok
        }
    }
}
