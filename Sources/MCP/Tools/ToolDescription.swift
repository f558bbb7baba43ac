// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Hashing
public import JSON

/// What a server says about one of its tools, as far as it matters to those who call it.
public struct ToolDescription: Sendable, Equatable {
    /// Larger ones are not taken.
    static let byteLimit = 256 << 10

    /// As the server knows it.
    public let name: String
    /// For people; `nil` for none.
    public let title: String?
    /// For models and people; text of somebody else.
    public let description: String
    /// JSON Schema of the arguments.
    public let inputSchema: JSONValue
    /// JSON Schema of `structuredContent`; `nil` for none.
    public let outputSchema: JSONValue?
    /// What it says about its effects. Nobody has checked that.
    public let annotations: JSONObject

    private static let hints = ["title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"]

    /// Reads an item of a list, or what ``json`` gave.
    ///
    /// - Throws: Why it cannot be used.
    public init(_ json: JSONValue) throws(MCPFailure) {
        guard let name = json["name"]?.stringValue, !name.isEmpty else { throw MCPFailure("a tool has no name") }
        guard name.utf8.count <= 128 else {
            throw MCPFailure("`\(name.prefix(40))…` has a name of more than 128 bytes")
        }
        guard let schema = json["inputSchema"], schema.objectValue != nil else {
            throw MCPFailure("`\(name)` has no schema of its arguments")
        }
        self.name = name
        title = json["title"]?.stringValue
        description = json["description"]?.stringValue ?? ""
        inputSchema = schema
        outputSchema = json["outputSchema"].flatMap { $0.objectValue == nil ? nil : $0 }
        var annotations = JSONObject()
        for hint in Self.hints {
            if let value = json["annotations"]?[hint], !value.isNull { annotations[hint] = value }
        }
        self.annotations = annotations
        guard self.json.bytes().count <= Self.byteLimit else {
            throw MCPFailure("`\(name)` has a description of more than \(Self.byteLimit) bytes")
        }
    }

    /// What the hash covers.
    public var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "description": .string(description), "inputSchema": inputSchema,
        ]
        object["title"] = title.map(JSONValue.string)
        object["outputSchema"] = outputSchema
        if !annotations.isEmpty { object["annotations"] = .object(annotations) }
        return .object(object)
    }

    /// SHA-256 of the canonical form of ``json``, in hexadecimal digits.
    public var hash: String { SHA256.hex(json.canonicalBytes()) }

    /// It says that it changes nothing.
    public var isRead: Bool { annotations["readOnlyHint"] == true }

    /// It says that it may destroy.
    public var isDestructive: Bool { !isRead && annotations["destructiveHint"] == true }

    /// It says that a repeat does no more; what changes nothing may be repeated too.
    public var isIdempotent: Bool { isRead || annotations["idempotentHint"] == true }
}
