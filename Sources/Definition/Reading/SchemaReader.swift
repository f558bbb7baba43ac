// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON

/// Compiles JSON Schemas that stand in a document.
struct SchemaReader {
    let sink: DiagnosticSink

    func read(_ schema: JSONValue, at value: SourceValue) -> JSONSchema? {
        do {
            return try JSONSchema(schema, options: .strict)
        } catch {
            sink.report(.invalidSchema, at: value.descendant(error.pointer), "no valid JSON Schema: \(error.message)")
            return nil
        }
    }

    /// Reports a `default` that does not satisfy its own schema.
    func checkDefault(of what: String, _ schema: JSONValue, _ value: SourceValue) {
        guard let initial = schema["default"], let place = value.member("default"),
            let checker = try? JSONSchema(schema, options: .strict)  // Reported when the schema was read.
        else { return }
        for violation in checker.validate(initial) {
            sink.report(
                .invalidSchema,
                at: place.descendant(violation.instancePointer),
                "the default of \(what) does not satisfy its schema: \(violation)"
            )
        }
    }
}
