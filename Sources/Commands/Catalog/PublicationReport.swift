// Baton
// SPDX-License-Identifier: Apache-2.0

import Catalog
import Definition
import JSON
import Model
import Server
import Store

/// What a verb that leads a tag to a version says.
struct PublicationReport {
    /// The version with `is_new`, `tag`, `is_moved`, `revision` and `diagnostics`, as the API has it.
    private let json: JSONValue

    init(_ answer: JSONValue) { json = answer }

    /// - Parameter tag: Without the name of the definition.
    init(_ publication: Publication, tag: String) {
        var object = publication.version.resource
        object["is_new"] = .bool(publication.isNew)
        object["tag"] = .string(tag)
        object["is_moved"] = .bool(publication.isMoved)
        object["revision"] = .int(Int64(publication.tag.revision))
        object["diagnostics"] = .array(publication.diagnostics.map(\.json))
        json = .object(object)
    }

    func show(_ context: CommandContext, fileName: String) -> ExitCode {
        for diagnostic in json["diagnostics"]?.arrayValue ?? [] where diagnostic["severity"] == "warning" {
            context.console.note(DiagnosticText.text(of: diagnostic, fileName))
        }
        context.console.show(json) { text }
        return .ok
    }

    private var text: String {
        let name = "\(json["name"]?.stringValue ?? "")@\(json["version"]?.intValue ?? 0)"
        let tag = json["tag"]?.stringValue ?? ""
        let tail = json["is_moved"] == true ? "`\(tag)` points to it" : "`\(tag)` pointed to it before"
        let isNew = json["is_new"] == true
        let head = isNew ? "\(name) is new" : "\(name) has this content already, so there is no new version"
        return "\(head); \(tail)\n\(json["hash"]?.stringValue ?? "")\n"
    }
}

/// Versions for people.
enum VersionText {
    /// Enough of a hash for people.
    static func short(_ hash: String) -> String { String(hash.prefix(19)) }
}
