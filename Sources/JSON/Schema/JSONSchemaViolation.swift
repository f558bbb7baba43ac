// Baton
// SPDX-License-Identifier: Apache-2.0

/// One way in which a value does not satisfy a schema.
public struct JSONSchemaViolation: Hashable, Sendable, CustomStringConvertible {
    /// The kinds of violation.
    public enum Code: String, Sendable {
        /// The value breaks a rule.
        case unsatisfied
        /// Checking took more steps than allowed; nothing is known about the value.
        case tooManySteps
        /// Schema and value lead too deep; nothing is known about the value.
        case tooDeep
    }

    /// The kind of violation.
    public let code: Code
    /// The part of the value that is wrong.
    public let instancePointer: JSONPointer
    /// The keyword that it breaks, in its schema.
    public let schemaPointer: JSONPointer
    /// The URI of that schema when it comes from the registry; empty for the one that was given.
    public let schemaURI: String
    /// What that part must be and is, for people: `must be a string, is a number`.
    public let message: String

    /// Place and message; the whole value is called "the value".
    public var description: String {
        instancePointer.tokens.isEmpty ? "the value \(message)" : "\(instancePointer) \(message)"
    }
}
