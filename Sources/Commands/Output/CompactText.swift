// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// One thing on one line: `NAME=VALUE` of its plain members, with tabs between them.
enum CompactText {
    static func line(_ value: JSONValue) -> String {
        guard let object = value.objectValue else { return plain(value) ?? value.text }
        let fields = object.members.compactMap { member in
            plain(member.value).map { "\(TextWidth.oneLine(member.key))=\($0)" }
        }
        return fields.joined(separator: "\t")
    }

    /// Text as it is, on one line; numbers and words as JSON. `nil` for objects, lists and `null`.
    private static func plain(_ value: JSONValue) -> String? {
        if let text = value.stringValue { return TextWidth.oneLine(text) }
        return value == .null || value.objectValue != nil || value.arrayValue != nil ? nil : value.text
    }
}
