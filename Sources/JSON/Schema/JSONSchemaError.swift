// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a value is not a schema that ``JSONSchema`` can check.
public struct JSONSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keyword at fault, within the schema.
    public let pointer: JSONPointer
    /// What is wrong with it.
    public let message: String

    /// Message and place.
    public var description: String { "\(message) (at \"\(pointer)\" in the schema)" }
}
