// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// A diagnostic of the API for people, as the compiler writes its own.
enum DiagnosticText {
    /// `file:line:column: severity CODE: message`, and below it what it has to do with.
    static func text(of diagnostic: JSONValue, _ file: String) -> String {
        func string(_ key: String) -> String { diagnostic[key]?.stringValue ?? "" }
        let first = "\(place(of: diagnostic, file)): \(string("severity")) \(string("code")): \(string("message"))"
        let rest = (diagnostic["related"]?.arrayValue ?? []).map { related in
            "  \(place(of: related, file)): \(related["message"]?.stringValue ?? "")"
        }
        return ([first] + rest).joined(separator: "\n")
    }

    private static func place(of diagnostic: JSONValue, _ file: String) -> String {
        file + ["line", "column"].compactMap { diagnostic[$0]?.intValue }.map { ":\($0)" }.joined()
    }
}
