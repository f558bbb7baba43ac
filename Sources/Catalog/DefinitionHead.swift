// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// What a document says about itself: its kind and its name (spec 3.1).
struct DefinitionHead: Hashable {
    /// `workflow`, `workstack` or `plan`.
    let kind: String
    let name: String

    private static let kinds = ["workflow", "workstack", "plan"]

    /// `nil` when the document has no name.
    init?(_ document: JSONValue) {
        let kind = Self.kind(of: document)
        guard let name = (kind.flatMap { document[$0] } ?? document["metadata"]?["name"])?.stringValue else {
            return nil
        }
        self.kind = kind ?? "workflow"
        self.name = name
    }

    /// The document under another name.
    static func renamed(_ document: JSONValue, to name: String) -> JSONValue {
        guard var object = document.objectValue else { return document }
        if let kind = kind(of: document) {
            object[kind] = .string(name)
        } else if var metadata = object["metadata"]?.objectValue {
            metadata["name"] = .string(name)
            object["metadata"] = .object(metadata)
        }
        return .object(object)
    }

    private static func kind(of document: JSONValue) -> String? {
        kinds.first { document[$0] != nil }
    }
}
