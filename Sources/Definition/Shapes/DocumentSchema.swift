// Baton
// SPDX-License-Identifier: Apache-2.0

public import JSON

/// The JSON Schemas of documents and of their parts, made from the shapes that documents are read by.
public enum DocumentSchema {
    /// The kinds of documents that have a schema.
    public static let kinds: [DocumentKind] = DocumentKind.allCases.filter { DocumentShapes.shape(of: $0) != nil }

    /// Where a server publishes the schema of a kind of document; it is also its `$id`.
    public static func path(for kind: DocumentKind) -> String { "/v1/schemas/\(kind.rawValue).json" }

    /// The schema (draft 2020-12) of documents of a kind, complete in itself; `nil` for kinds without one.
    ///
    /// What it refuses, the compiler refuses. The compiler refuses more: whether names exist, whether nodes form a
    /// graph, what expressions mean and bounds of durations are beyond a schema.
    public static func schema(for kind: DocumentKind) -> JSONValue? {
        guard let shape = DocumentShapes.shape(of: kind) else { return nil }
        var writer = SchemaWriter(document: inner(kind))
        var body = writer.schema(of: shape, named: kind.rawValue)
        body["allOf"] = .array((body["allOf"]?.arrayValue ?? []) + DocumentShapes.rules(of: kind))
        if body["allOf"] == [] { body["allOf"] = nil }
        var result: JSONObject = [
            "$schema": .string(draft), "$id": .string(path(for: kind)), "title": .string("Baton \(kind.rawValue)"),
        ]
        for member in body { result.append(member.key, member.value) }
        if !writer.definitions.isEmpty { result["$defs"] = .object(writer.definitions) }
        return .object(result)
    }

    static let draft = "https://json-schema.org/draft/2020-12/schema"

    /// A workflow may hold a document of any kind; the others hold none.
    private static func inner(_ kind: DocumentKind) -> JSONValue {
        guard kind == .workflow else { return ["type": "object"] }
        let others = DocumentKind.allCases.filter { $0 != .workflow }
        return [
            "type": "object", "if": ["anyOf": .array(others.map { ["required": [.string($0.rawValue)]] })],
            "then": true, "else": ["$ref": "#"],
        ]
    }
}

extension NodeType {
    /// The JSON Schema (draft 2020-12) of the `config` of nodes of this kind, complete in itself.
    public var configSchema: JSONValue {
        var writer = SchemaWriter(document: ["type": "object"])
        let body = writer.schema(of: description.config, named: rawValue)
        var result: JSONObject = [
            "$schema": .string(DocumentSchema.draft), "title": .string("\(description.label) node"),
            "description": .string(description.summary),
        ]
        for member in body { result.append(member.key, member.value) }
        if !writer.definitions.isEmpty { result["$defs"] = .object(writer.definitions) }
        return .object(result)
    }
}

/// The shapes of documents, by kind.
enum DocumentShapes {
    static func shape(of kind: DocumentKind) -> Shape? {
        switch kind {
        case .workflow: WorkflowShapes.document
        case .workstack: WorkstackShapes.document
        case .plan: PlanShapes.document
        }
    }

    /// What a schema says beside the shape.
    static func rules(of kind: DocumentKind) -> [JSONValue] {
        switch kind {
        case .workflow:
            // The name.
            [
                [
                    "anyOf": [
                        ["required": ["workflow"]],
                        ["required": ["metadata"], "properties": ["metadata": ["required": ["name"]]]],
                    ]
                ]
            ]
        case .workstack, .plan: []
        }
    }
}
