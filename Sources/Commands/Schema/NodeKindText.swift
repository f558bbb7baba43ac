// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import Model

/// A kind of node for people.
struct NodeKindText {
    private let type: NodeType
    private let registry: Registry

    init(_ type: NodeType, _ registry: Registry) {
        self.type = type
        self.registry = registry
    }

    var text: String {
        let description = type.description
        var lines = ["\(type.rawValue): \(description.summary).", ""]
        if !description.aliases.isEmpty { lines.append("aliases: \(description.aliases.joined(separator: ", "))") }
        lines.append("timeout: \(description.timeout?.text ?? "none")")
        if let outputs = description.outputs {
            lines.append("output: \(outputs.map(\.name).joined(separator: ", "))")
        }
        switch type.status(in: registry) {
        case .available: lines.append("status: available")
        case .unavailable(let reason): lines.append("status: unavailable, \(reason)")
        }
        for group in description.groups {
            lines.append("\(group.isRequired ? "one of" : "at most one of"): \(group.keys.joined(separator: ", "))")
        }
        lines += ["", "config:"] + describe(description.fields, indent: 2, owner: type.rawValue)
        return lines.joined(separator: "\n") + "\n"
    }

    private func describe(_ fields: [FieldDescription], indent: Int, owner: String?) -> [String] {
        fields.flatMap { field -> [String] in
            var notes = [field.type]
            if let bounds = field.bounds { notes.append(bounds) }
            if field.isRequired { notes.append("required") }
            if let text = field.defaultText { notes.append("default \(text)") }
            if let owner, registry.unsupportedKeys.contains("\(owner).\(field.key)") {
                notes.append("not carried out here")
            }
            let space = String(repeating: " ", count: indent)
            return ["\(space)\(field.key) (\(notes.joined(separator: "; "))): \(field.summary)"]
                + describe(field.fields, indent: indent + 2, owner: nil)
        }
    }
}
