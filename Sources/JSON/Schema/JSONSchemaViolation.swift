// Baton
// SPDX-License-Identifier: Apache-2.0

/// One way in which a value does not satisfy a schema.
public struct JSONSchemaViolation: Hashable, Sendable, CustomStringConvertible {
    /// The part of the value that is wrong.
    public let instancePointer: JSONPointer
    /// What that part must be and is, for people: `must be a string, is a number`.
    public let message: String

    /// Place and message; the whole value is called "the value".
    public var description: String {
        instancePointer.tokens.isEmpty ? "the value \(message)" : "\(instancePointer) \(message)"
    }
}
