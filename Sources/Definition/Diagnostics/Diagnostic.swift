// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// Something a person should know about a document, with its place (spec 4.2).
public struct Diagnostic: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable {
        /// The document is refused.
        case error
        /// Likely a mistake.
        case warning
        /// Could be better.
        case hint
    }

    /// Another place that has to do with it.
    public struct Related: Sendable, Equatable {
        /// JSON Pointer into the document.
        public let path: String
        /// What is there.
        public let message: String
        /// The line, from 1.
        public let line: Int
        /// The column, from 1, in Unicode scalars.
        public let column: Int
    }

    /// What kind of thing it is.
    public let code: Code
    /// How bad it is.
    public let severity: Severity
    /// Names the thing and says what to do.
    public let message: String
    /// JSON Pointer into the document as it was written.
    public let path: String
    /// The line, from 1.
    public let line: Int
    /// The column, from 1, in Unicode scalars.
    public let column: Int
    /// Other places that have to do with it.
    public let related: [Related]
    /// JSON Patch operations (RFC 6902: `add`, `remove`, `replace`) on the document as it was written that take the
    /// diagnostic away; `nil` when there is no single right change. Fixes of several diagnostics are each meant for
    /// the document as it is: apply one, then compile again.
    public let fix: JSONValue?

    /// One line for people: `order.yaml:3:5: error E104: …`, and one more for each related place.
    public func text(fileName: String) -> String {
        let first = "\(fileName):\(line):\(column): \(severity.rawValue) \(code.rawValue): \(message)"
        let rest = related.map { "  \(fileName):\($0.line):\($0.column): \($0.message)" }
        return ([first] + rest).joined(separator: "\n")
    }

    /// The form for programs; `related` and `fix` only when there are any.
    public var json: JSONValue {
        var object: JSONObject = [
            "code": .string(code.rawValue), "severity": .string(severity.rawValue), "message": .string(message),
            "path": .string(path), "line": .int(Int64(line)), "column": .int(Int64(column)),
        ]
        if !related.isEmpty { object["related"] = .array(related.map(\.json)) }
        if let fix { object["fix"] = fix }
        return .object(object)
    }
}

extension Diagnostic.Related {
    fileprivate var json: JSONValue {
        [
            "path": .string(path), "message": .string(message), "line": .int(Int64(line)),
            "column": .int(Int64(column)),
        ]
    }
}
