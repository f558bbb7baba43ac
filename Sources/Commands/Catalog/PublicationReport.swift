// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import JSON
import Model
import Store

/// What a verb that leads a tag to a version says.
struct PublicationReport {
    let publication: Publication
    /// The tag, without the name of the definition.
    let tag: String

    func show(_ context: CommandContext, fileName: String) {
        let console = context.console
        for diagnostic in publication.diagnostics where diagnostic.severity == .warning {
            console.note(diagnostic.text(fileName: fileName))
        }
        console.show(json) { text }
    }

    private var version: ArtifactRow { publication.version }

    private var json: JSONValue {
        var object = VersionJSON.object(version)
        object["is_new"] = .bool(publication.isNew)
        object["tag"] = .string(tag)
        object["is_moved"] = .bool(publication.isMoved)
        object["revision"] = .int(Int64(publication.tag.revision))
        object["diagnostics"] = .array(publication.diagnostics.map(\.json))
        return .object(object)
    }

    private var text: String {
        let name = "\(version.name)@\(version.number ?? 0)"
        let tail = publication.isMoved ? "`\(tag)` points to it" : "`\(tag)` pointed to it before"
        let head = publication.isNew ? "\(name) is new" : "\(name) has this content already, so there is no new version"
        return "\(head); \(tail)\n\(version.hash)\n"
    }
}

/// A version for programs.
enum VersionJSON {
    static func object(_ version: ArtifactRow) -> JSONObject {
        var object: JSONObject = ["name": .string(version.name)]
        object["version"] = version.number.map { .int(Int64($0)) }
        object["hash"] = .string(version.hash)
        object["graph"] = version.graph.map { .string("sha256:\($0.hash)") }
        object["kind"] = .string(version.kind.rawValue)
        object["depth"] = .int(Int64(version.depth))
        object["compacted_from"] = version.compactedFrom.map { .string($0.description) }
        object["artifact"] = .string(version.id.description)
        object["owner"] = .string(version.owner)
        object["creator"] = .string(version.creator)
        object["created_at"] = .string(version.createdAt.description)
        object["note"] = version.note.map { .string($0) }
        return object
    }

    /// Enough of a hash for people.
    static func short(_ hash: String) -> String { String(hash.prefix(19)) }
}
