// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import JSON
import Server
import Store

/// `baton workflow publish`, `patch`, `clone` and `compact`: make versions.
enum PublishCommands {
    static let all = [publish, patch, clone, compact]

    private static let publish: CommandDescription = .init(
        name: "publish",
        summary: "Store a workflow under its name as a new version",
        discussion: """
            The name stands in the document. The version is named by the hash of its content, whatever its formatting; the same
            content again makes no new version. The tag `main`, or the one given, points to it afterwards.
            """,
        arguments: [
            .init(name: "FILE", summary: "a workflow in YAML or JSON; - reads standard input", completion: .files)
        ],
        options: [CatalogOptions.tag("the tag that points to it"), CatalogOptions.ifMatch, CatalogOptions.message],
        examples: [
            .init(line: "baton workflow publish order.yaml -m 'limit per customer'", comment: "publish it"),
            .init(line: "baton workflow publish order.yaml --tag next", comment: "without touching main"),
            .init(
                line: "baton workflow publish order.yaml --if-match 3",
                comment: "only if nobody published since version 3"
            ),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let file = context.invocation.word("FILE")
        let text = try TextFile.bytes(file == "-" ? file : context.absolute(file))
        let tag = context.invocation.text("tag") ?? VersionReference.defaultTag
        let expected = try context.expectation()
        if let server = try context.server() {
            let document = ServerDocument(server: server, context: context, name: file, text: text)
            let answer = try document.publish(tag: tag, ifMatch: context.invocation.text("if-match"))
            return PublicationReport(answer).show(context, fileName: file)
        }
        let actor = context.catalogActor(reason: context.invocation.text("message"))
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let publication = try catalogCall(context, fileName: file) { () throws(CatalogError) in
                try session.catalog.publish(text, fileName: file, tag: tag, expected: expected, by: actor)
            }
            return PublicationReport(publication, tag: tag).show(context, fileName: file)
        }
    }

    private static let patch: CommandDescription = .init(
        name: "patch",
        summary: "Make a new version by a patch",
        discussion: """
            A patch is RFC 6902 in JSON: a list of operations, or {"description": …, "ops": […]}. It may add, remove, replace
            and test; `/nodes/-` adds a node at the end, and `/nodes/@ID/…` names a node by its id.
            """,
        arguments: [CatalogOptions.name],
        options: [
            OptionDescription(
                name: "file",
                kind: .path("PATCH.json"),
                summary: "the patch; - reads standard input",
                isRequired: true
            ),
            CatalogOptions.tag("the tag whose version is changed, and which points to the new one"),
            CatalogOptions.ifMatch,
            OptionDescription(name: "description", kind: .text("TEXT"), summary: "what it is for, in one line"),
        ],
        examples: [
            .init(line: "baton workflow patch order_check --file limit.json", comment: "change what main points to"),
            .init(
                line: "baton workflow patch order_check --file limit.json --if-match sha256:1f8a",
                comment: "unless it was changed meanwhile"
            ),
        ],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let name = context.invocation.word("NAME")
        let file = context.invocation.text("file") ?? "-"
        let json = try parsed(try TextFile.bytes(file == "-" ? file : context.absolute(file)), file)
        let patch = try catalogCall(context) { () throws(CatalogError) in try DefinitionPatch(json) }
        let tag = context.invocation.text("tag") ?? VersionReference.defaultTag
        let expected = try context.expectation()
        if let server = try context.server() {
            var fields: JSONObject = ["ops": json["ops"] ?? json]
            fields["description"] = (context.invocation.text("description") ?? json["description"]?.stringValue)
                .map(JSONValue.string)
            var request = APIRequest(
                "PATCH",
                APIRequest.path("v1", "workflows", name),
                query: [("tag", tag)],
                json: .object(fields)
            )
            if let hash = context.invocation.text("if-match") { request.headers.append(("if-match", "\"\(hash)\"")) }
            return PublicationReport(try server.send(request)).show(context, fileName: name)
        }
        let actor = context.catalogActor(reason: context.invocation.text("description"))
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let publication = try catalogCall(context, fileName: name) { () throws(CatalogError) in
                try session.catalog.patch(name, patch, tag: tag, expected: expected, by: actor)
            }
            return PublicationReport(publication, tag: tag).show(context, fileName: name)
        }
    }

    private static func parsed(_ bytes: [UInt8], _ file: String) throws(CommandFailure) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw .invalid("\(file):\(error.line):\(error.column): \(error.message)")
        }
    }

    private static let clone: CommandDescription = .init(
        name: "clone",
        summary: "Copy one version to a new workflow, without history",
        arguments: [CatalogOptions.version, .init(name: "NEW", summary: "name of the new workflow")],
        examples: [.init(line: "baton workflow clone order_check@3 order_check_eu", comment: "begin with version 3")],
        exits: [.notFound, .conflict, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let reference = try context.reference("VERSION")
        let name = context.invocation.word("NEW")
        if let server = try context.server() {
            let fields: JSONObject = ["to": .string(name), "version": .string(reference.selectorText)]
            let answer = try server.post(APIRequest.path("v1", "workflows", reference.name, "clone"), fields)
            return PublicationReport(answer).show(context, fileName: name)
        }
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let publication = try catalogCall(context, fileName: name) { () throws(CatalogError) in
                try session.catalog.clone(reference, to: name, by: context.catalogActor())
            }
            return PublicationReport(publication, tag: VersionReference.defaultTag).show(context, fileName: name)
        }
    }

    private static let compact: CommandDescription = .init(
        name: "compact",
        summary: "Squash a long chain of patches into one document",
        discussion:
            "The version keeps its number and its hash, and every version before it stays. Only reading gets faster.",
        arguments: [CatalogOptions.version],
        options: [
            OptionDescription(
                name: "depth",
                kind: .number("N", 1...100_000),
                summary: "only chains of at least so many patches",
                defaultValue: "20"
            )
        ],
        examples: [.init(line: "baton workflow compact order_check", comment: "the chain of main")],
        exits: [.notFound, .unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let reference = try context.reference("VERSION")
        let depth = context.invocation.number("depth") ?? 20
        if let server = try context.server() {
            let fields: JSONObject = ["depth": .int(Int64(depth)), "version": .string(reference.selectorText)]
            let path = APIRequest.path("v1", "workflows", reference.name, "compact")
            return showCompacted(try server.post(path, fields), depth, context)
        }
        return try CatalogSession.writing(context) { session, _ throws(CommandFailure) in
            let (version, isNew) = try catalogCall(context) { () throws(CatalogError) in
                let version = try session.catalog.version(reference, owner: CatalogSession.owner)
                return try session.catalog.compact(version, atDepth: depth, by: context.catalogActor())
            }
            var json = version.resource
            json["is_new"] = .bool(isNew)
            return showCompacted(.object(json), depth, context)
        }
    }

    private static func showCompacted(_ version: JSONValue, _ depth: Int, _ context: CommandContext) -> ExitCode {
        context.console.show(version) {
            let name = "\(version["name"]?.stringValue ?? "")@\(version["version"]?.intValue ?? 0)"
            return version["is_new"] == true
                ? "\(name) is one document now\n\(version["hash"]?.stringValue ?? "")\n"
                : "\(name) has \(version["depth"]?.intValue ?? 0) patches; nothing to do below \(depth)\n"
        }
        return .ok
    }
}
