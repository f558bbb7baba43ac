// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Catalog
import JSON

/// `baton workflow versions`, `tag list`, `tag history` and `show` on a server.
struct ServerCatalog {
    let server: RemoteServer
    let context: CommandContext

    private var console: Console { context.console }

    /// The newest first, with the tags that point to them.
    func versions() throws(CommandFailure) -> ExitCode {
        let path = APIRequest.path("v1", "workflows", context.invocation.word("NAME"))
        let (versions, tags) = (try server.items(path + "/versions"), try server.items(path + "/tags"))
        var table = Table([
            .init(title: "VERSION", isNumber: true), .init(title: "HASH"), .init(title: "DEPTH", isNumber: true),
            .init(title: "TAGS"), .init(title: "CREATED", paint: .dim), .init(title: "BY", paint: .dim),
            .init(title: "WHY", paint: .dim),
        ])
        var items: [JSONValue] = []
        for version in versions.reversed() {
            let here = tags.filter { $0["hash"] == version["hash"] }.compactMap { $0["tag"]?.stringValue }
            table.add([
                version["version"]?.text ?? "", VersionText.short(version["hash"]?.stringValue ?? ""),
                version["depth"]?.text ?? "", here.joined(separator: " "), RunDetails.date(version["created_at"]),
                version["creator"]?.stringValue ?? "", version["note"]?.stringValue ?? "",
            ])
            var object = version.objectValue ?? [:]
            object["tags"] = .array(here.map { .string($0) })
            items.append(.object(object))
        }
        console.show(items, table)
        return .ok
    }

    func tags() throws(CommandFailure) -> ExitCode {
        let name = context.invocation.word("NAME")
        let path = APIRequest.path("v1", "workflows", name)
        let (versions, tags) = (try server.items(path + "/versions"), try server.items(path + "/tags"))
        var table = Table([
            .init(title: "TAG"), .init(title: "VERSION", isNumber: true), .init(title: "HASH"),
            .init(title: "MOVED", paint: .dim),
        ])
        var items: [JSONValue] = []
        for tag in tags {
            let version = versions.first { $0["hash"] == tag["hash"] }?["version"]
            let hash = tag["hash"]?.stringValue ?? ""
            table.add([
                tag["tag"]?.stringValue ?? "", version?.text ?? "", VersionText.short(hash),
                RunDetails.date(tag["moved_at"]),
            ])
            var object: JSONObject = ["name": .string(name), "tag": tag["tag"] ?? .null, "hash": .string(hash)]
            object["version"] = version
            object["revision"] = tag["revision"]
            object["moved_at"] = tag["moved_at"]
            items.append(.object(object))
        }
        console.show(items, table)
        return .ok
    }

    /// The newest first.
    func moves(of tag: String, of name: String) throws(CommandFailure) -> ExitCode {
        let path = APIRequest.path("v1", "workflows", name)
        let versions = try server.items(path + "/versions")
        let moves = try server.items(path + APIRequest.path("tags", tag, "history"))
        func number(_ hash: JSONValue?) -> String {
            versions.first { $0["hash"] == hash }?["version"]?.text ?? ""
        }
        var table = Table([
            .init(title: "MOVE", isNumber: true), .init(title: "KIND"), .init(title: "FROM", isNumber: true),
            .init(title: "TO", isNumber: true), .init(title: "AT", paint: .dim), .init(title: "BY", paint: .dim),
            .init(title: "WHY", paint: .dim),
        ])
        for move in moves {
            table.add([
                move["number"]?.text ?? "", move["kind"]?.stringValue ?? "", number(move["from"]?["hash"]),
                number(move["to"]?["hash"]),
                RunDetails.date(move["at"]), move["actor"]?.stringValue ?? "", move["reason"]?.stringValue ?? "",
            ])
        }
        console.show(moves, table)
        return .ok
    }

    func show() throws(CommandFailure) -> ExitCode {
        let word = context.invocation.word("VERSION")
        let reference = try context.reference("VERSION")
        let selector = word.contains("@") ? String(word.drop { $0 != "@" }.dropFirst()) : VersionReference.defaultTag
        let path = APIRequest.path("v1", "workflows", reference.name, "versions", selector)
        let format = context.invocation.text("format")
        if console.settings.format == .table, format == nil || format == "source" {
            let source = try server.ask { client async throws(ClientError) in
                try await client.send(APIRequest("GET", path + "/source")).body
            }
            console.write(String(decoding: source, as: UTF8.self))
            return .ok
        }
        let version = try server.get(path)
        guard let format else {
            console.show(version) { "" }
            return .ok
        }
        let document = version["document"] ?? .null
        switch format {
        case "json": console.write(document.prettyText + "\n")
        case "yaml": console.write(YAMLWriter.text(of: document))
        case "canonical": console.write(String(decoding: document.canonicalBytes(), as: UTF8.self))
        default:
            throw .usage("a server does not give `--format \(format)`", hint: "yaml, json and canonical can be had")
        }
        return .ok
    }
}
