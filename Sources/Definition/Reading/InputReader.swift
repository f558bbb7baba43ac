// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Reads the declared inputs: a JSON Schema for each name.
struct InputReader {
    let sink: DiagnosticSink

    func read(_ value: SourceValue, named reader: MappingReader) -> [Graph.Input] {
        guard let members = value.members else {
            reader.refuse(value, "`inputs` must be a mapping, not \(value.node.kindName)")
            return []
        }
        return members.map { entry, value in
            if !Name.isID(entry.key) {
                sink.report(
                    .invalidName,
                    at: value,
                    position: entry.keyPosition,
                    "`\(entry.key)` is no valid input name; \(Name.idRule)"
                )
            }
            let schema = value.node.json
            checkDefault(of: entry.key, schema, value)
            return Graph.Input(name: entry.key, schema: schema, defaultValue: schema["default"])
        }
    }

    private func checkDefault(of name: String, _ schema: JSONValue, _ value: SourceValue) {
        guard let checker = SchemaReader(sink: sink).read(schema, at: value), let initial = schema["default"],
            let place = value.member("default")
        else { return }
        for violation in checker.validate(initial) {
            sink.report(
                .invalidSchema,
                at: place.descendant(violation.instancePointer),
                "the default of input `\(name)` does not satisfy its schema: \(violation)"
            )
        }
    }
}

/// Compiles JSON Schemas that stand in a document.
struct SchemaReader {
    let sink: DiagnosticSink

    func read(_ schema: JSONValue, at value: SourceValue) -> JSONSchema? {
        do {
            return try JSONSchema(schema)
        } catch {
            sink.report(.invalidSchema, at: value.descendant(error.pointer), "no valid JSON Schema: \(error.message)")
            return nil
        }
    }
}
