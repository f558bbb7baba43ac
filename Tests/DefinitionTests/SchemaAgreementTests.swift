// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import FoundationEssentials
import JSON
import Testing

/// The published schemas and the reader are made from the same shapes; these tests compare what they accept.
@Suite struct SchemaAgreementTests {
    private let schemas: [DocumentKind: JSONSchema]

    init() throws {
        schemas = try Dictionary(
            uniqueKeysWithValues: DocumentSchema.kinds.map { kind in
                (kind, try JSONSchema(try #require(DocumentSchema.schema(for: kind))))
            }
        )
    }

    /// What the schema of its kind says about a document.
    private func violations(_ document: JSONValue) throws -> [JSONSchemaViolation] {
        let kind = DocumentKind.allCases.first { document[$0.rawValue] != nil } ?? .workflow
        return try #require(schemas[kind], "\(kind)").validate(document)
    }

    @Test
    func `schemas follow the draft`() throws {
        let draft: JSONValue = ["$ref": "https://json-schema.org/draft/2020-12/schema"]
        let metaschema = try JSONSchema(draft)
        for kind in DocumentSchema.kinds {
            let schema = try #require(DocumentSchema.schema(for: kind))
            #expect(metaschema.validate(schema).isEmpty, "\(kind)")
            #expect(schema["$id"]?.stringValue == DocumentSchema.path(for: kind), "\(kind)")
            _ = try JSONSchema(schema)
        }
        for type in NodeType.allCases {
            #expect(metaschema.validate(type.configSchema).isEmpty, "\(type)")
            _ = try JSONSchema(type.configSchema)
        }
        #expect(DocumentSchema.kinds.contains(.workflow))
    }

    @Test
    func `what the compiler accepts satisfies the schema`() throws {
        for (name, text) in try SampleDocuments.valid() {
            let result = Compiler(registry: .full, purpose: .check).compile(text: text, fileName: name)
            #expect(result.graph != nil, "\(name): \(result.errors)")
            let document = try #require(result.document, "\(name)")
            #expect(try violations(document) == [], "\(name)")
        }
    }

    @Test
    func `configurations satisfy the schema of their kind, and those that are refused do not`() throws {
        let schemas = try Dictionary(
            uniqueKeysWithValues: NodeType.allCases.map { ($0, try JSONSchema($0.configSchema)) }
        )
        var seen: Set<NodeType> = []
        for (name, text) in try SampleDocuments.valid() + SampleDocuments.page() {
            let document = Compiler(registry: .full).compile(text: text, fileName: name).document
            for node in document?["nodes"]?.arrayValue ?? [] {
                guard let type = node["type"]?.stringValue.flatMap(NodeType.init(spelling:)) else { continue }
                seen.insert(type)
                #expect(schemas[type]?.validate(node["config"] ?? [:]) == [], "\(name): \(node)")
                let wrong: JSONValue = .object((node["config"]?.objectValue ?? [:]).adding("surprise", true))
                #expect(schemas[type]?.isValid(wrong) == false, "\(name): \(node)")
            }
        }
        #expect(seen == Set(NodeType.allCases))
    }

    @Test
    func `the examples on the page of definitions are well formed`() throws {
        for (name, text) in try SampleDocuments.page() {
            let result = Compiler(registry: .full, purpose: .check).compile(text: text, fileName: name)
            let document = try #require(result.document, "\(name): \(result.diagnostics)")
            #expect(try violations(document) == [], "\(name)")
            let wrong = result.errors.filter { ["E1", "E403", "E404"].contains(where: $0.code.rawValue.hasPrefix) }
            #expect(wrong.isEmpty, "\(name): \(wrong)")
        }
    }

    /// Mistakes that a schema cannot see: a wait may be a template, and arguments follow the schema of their tool.
    private static let unseen = ["E109 raises a point in time", "E403 raises arguments"]

    @Test
    func `mistakes of form are refused by the schema too`() throws {
        let codes: Set<String> = ["E104", "E105", "E106", "E107", "E109", "E403", "E208"]
        for entry in try DiagnosticTable.entries() where entry.raises && codes.contains(entry.code) {
            let document = try #require(entry.compile().document, "\(entry.name)")
            let isSeen = try !violations(document).isEmpty
            let isExcused = Self.unseen.contains { entry.name.hasPrefix($0) }
            #expect(isSeen != isExcused, "\(entry.name)")
        }
    }

    @Test
    func `each broken document is refused at the place of each mistake of form`() throws {
        let codes: Set<Diagnostic.Code> = [.unknownKey, .invalidValue, .missingKey, .invalidName, .invalidConfig]
        var compared = 0
        for (name, text) in try SampleDocuments.broken() {
            let result = Compiler(registry: .sample).compile(text: text, fileName: name)
            guard let document = result.document else { continue }
            let places = try violations(document).map(\.instancePointer.description)
            for diagnostic in result.diagnostics where codes.contains(diagnostic.code) {
                let isSeen = places.contains { Self.isNear($0, diagnostic.path) }
                #expect(
                    isSeen || SampleDocuments.isBeyondSchemas(diagnostic),
                    "\(name) \(diagnostic.path): \(diagnostic.message) \(places)"
                )
                compared += 1
            }
        }
        #expect(compared > 60)
    }

    /// The same place, the mapping around it, or something in it.
    private static func isNear(_ place: String, _ path: String) -> Bool {
        place == path || path.hasPrefix(place + "/") && !path.dropFirst(place.count + 1).contains("/")
            || place.hasPrefix(path + "/")
    }

    @Test
    func `schema and compiler refuse the same mutations of documents, but for what no schema can say`() throws {
        var random = SplitMix(state: 44)
        let compiler = Compiler(registry: .full, purpose: .check)
        let documents = try SampleDocuments.valid().filter { $0.text.count < 8000 }.compactMap { name, text in
            compiler.compile(text: text, fileName: name).document
        }
        var refused = 0
        for round in 0..<1500 {
            let original = documents[Int(random.next() % UInt64(documents.count))]
            let document = DocumentMutation.mutate(original, &random)
            let result = compiler.compile(text: document.bytes(), fileName: "a.json")
            let violations = try violations(document)
            if !violations.isEmpty {
                refused += 1
                #expect(result.graph == nil, "round \(round): \(violations) in \(document)")
            } else {
                for error in result.errors
                where DocumentMutation.isAboutForm(error) && !SampleDocuments.isBeyondSchemas(error) {
                    Issue.record("round \(round): the schema accepts what is refused: \(error.text(fileName: ""))")
                }
            }
        }
        #expect(refused > 400)
    }
}

extension JSONObject {
    fileprivate func adding(_ key: String, _ value: JSONValue) -> JSONObject {
        var result = self
        result[key] = value
        return result
    }
}
