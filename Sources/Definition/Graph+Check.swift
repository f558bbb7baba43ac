// Baton
// SPDX-License-Identifier: Apache-2.0

public import CEL
public import JSON
import Model

extension Graph {
    /// Something that the output of a node must satisfy before it counts (spec 9.7).
    public struct Check: Sendable {
        /// How it is found out.
        public enum Kind: String, Sendable, CaseIterable {
            /// A program in the sandbox ends with 0.
            case command
            /// A file of the workspace is there, perhaps with a hash, a size or a content.
            case file
            /// A request gives a status, perhaps a body.
            case http
            /// The output satisfies a JSON Schema.
            case schema
            /// An expression over the output is true.
            case expr
            /// What changed in the workspace is within some paths, and something did.
            case diff
            /// A model finds that the output meets criteria.
            case judge
            /// A person approves.
            case human
        }

        /// How it is found out.
        public let kind: Kind
        /// Shown to people; `nil` when the document gives none.
        public let name: String?
        /// Evaluates to an object of what may hold expressions: `run`, `path`, `url`, `headers`, `body`, `criteria`,
        /// `message`, as far as they are given. Sees `output`.
        public let template: ValueTemplate
        /// Of `expr`: over `output`. Of `http`: over `status`, `headers` and `body`.
        public let condition: CELExpression?
        /// The check as it is stored.
        public let source: JSONValue
        /// How long it may take.
        public let timeout: Duration?

        /// What people call it: its name, or what it does.
        public var title: String {
            if let name { return name }
            switch kind {
            case .command:
                let words = (source["run"]?.arrayValue ?? []).compactMap(\.stringValue)
                return String(words.joined(separator: " ").prefix(100))
            case .file: return "file \(source["path"]?.stringValue ?? "")"
            case .http: return "\(source["method"]?.stringValue ?? "GET") \(source["url"]?.stringValue ?? "")"
            case .expr: return String((condition?.source ?? "expr").prefix(100))
            case .schema, .diff, .judge, .human: return kind.rawValue
            }
        }

        private static let templates = ["run", "path", "url", "headers", "body", "criteria", "message"]

        init(_ stored: StoredObject) throws(GraphCodecError) {
            kind = try stored.choice("kind")
            name = try stored.optionalText("name")
            template = try stored.template(of: Self.templates)
            let expectation = try stored.optionalObject("expect")
            if let expectation {
                condition = try expectation.optionalExpression("expr")
            } else {
                condition = try stored.optionalExpression("expr")
            }
            source = stored.json
            timeout = try stored.optionalDuration("timeout_ms")
        }
    }
}
