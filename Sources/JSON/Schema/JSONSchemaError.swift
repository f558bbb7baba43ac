// Baton
// SPDX-License-Identifier: Apache-2.0

/// Why a value is not a schema that ``JSONSchema`` can check.
public struct JSONSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keyword at fault, within the schema.
    public let pointer: JSONPointer
    /// What is wrong with it.
    public let message: String
    /// The URI of the schema of the registry that is meant; empty for the one that was given.
    public let schemaURI: String

    init(pointer: JSONPointer, message: String, schemaURI: String = "") {
        self.pointer = pointer
        self.message = message
        self.schemaURI = schemaURI
    }

    /// Message and place.
    public var description: String {
        "\(message) (at \"\(pointer)\" in the schema\(schemaURI.isEmpty ? "" : " \(schemaURI)"))"
    }
}
