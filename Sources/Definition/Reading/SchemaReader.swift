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

    /// Reads a schema whose `default` must satisfy it; whether the schema itself is one.
    ///
    /// - Parameter what: Whose default it is, for the message.
    func read(_ schema: JSONValue, at value: SourceValue, defaultOf what: @autoclosure () -> String) -> Bool {
        guard let checker = read(schema, at: value) else { return false }
        guard let initial = schema["default"], let place = value.member("default") else { return true }
        for violation in checker.validate(initial) {
            sink.report(
                .invalidSchema,
                at: place.descendant(violation.instancePointer),
                "the default of \(what()) does not satisfy its schema: \(violation)"
            )
        }
        return true
    }
}
