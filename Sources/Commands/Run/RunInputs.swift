// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON

/// Makes the inputs of a run from what was typed.
struct RunInputs {
    let graph: Graph
    let context: CommandContext

    /// Inputs checked against their schemas, defaults filled in.
    func read() throws(CommandFailure) -> JSONObject { resolved(try check(try typed())) }

    /// Inputs checked in the same way, but only those that were given: defaults are filled in when a run starts.
    func readGiven() throws(CommandFailure) -> JSONObject {
        let given = try typed()
        _ = try check(given)
        return resolved(given)
    }

    private func typed() throws(CommandFailure) -> JSONObject {
        var given = try fromFile()
        for pair in context.invocation.pairs("input") { given[pair.name] = value(pair.value, of: pair.name) }
        return given
    }

    private func check(_ given: JSONObject) throws(CommandFailure) -> JSONObject {
        do throws(InputError) {
            return try graph.checkInputs(given).objectValue ?? [:]
        } catch {
            let message = error.violations.map(\.message).joined(separator: "\n  ")
            throw .invalid(message, hint: hint)
        }
    }

    /// Paths are relative to the person, not to the workspace in which tasks run.
    private func resolved(_ inputs: JSONObject) -> JSONObject {
        var inputs = inputs
        for input in graph.inputs where input.schema["format"]?.stringValue == "path" {
            if let path = inputs[input.name]?.stringValue { inputs[input.name] = .string(context.absolute(path)) }
        }
        return inputs
    }

    private var hint: String {
        guard !graph.inputs.isEmpty else { return "`\(graph.name)` takes no inputs" }
        let inputs = graph.inputs.map { input in
            let type = input.schema["type"].map { $0.stringValue ?? $0.text } ?? "any"
            return "\(input.name) (\(type)\(input.defaultValue.map { ", default \($0.text)" } ?? ""))"
        }
        return "`\(graph.name)` takes: \(inputs.joined(separator: ", "))"
    }

    private func fromFile() throws(CommandFailure) -> JSONObject { try Self.fromFile(context) }

    /// What `--inputs-file` holds.
    static func fromFile(_ context: CommandContext) throws(CommandFailure) -> JSONObject {
        guard let path = context.invocation.text("inputs-file") else { return [:] }
        let bytes = try TextFile.bytes(path == "-" ? path : context.absolute(path))
        do throws(JSONError) {
            guard let object = try JSONValue(parsing: bytes).objectValue else {
                throw JSONError(code: .syntax, message: "an object is expected", line: 1, column: 1, offset: 0)
            }
            return object
        } catch {
            throw .invalid("\(path):\(error.line):\(error.column): \(error.message)")
        }
    }

    /// Text for inputs that are text, JSON for others; what is no JSON is left to the schema to refuse.
    private func value(_ text: String, of name: String) -> JSONValue {
        let schema = graph.inputs.first { $0.name == name }?.schema
        return Self.value(text, schema: schema)
    }

    /// Reads a typed value by the schema it has to satisfy; without one, what is JSON counts as JSON.
    static func value(_ text: String, schema: JSONValue?) -> JSONValue {
        let types =
            schema?["type"]?.arrayValue?.compactMap(\.stringValue) ?? schema?["type"]?.stringValue.map { [$0] } ?? []
        if types == ["string"] { return .string(text) }
        return (try? JSONValue(parsing: text)) ?? .string(text)
    }
}

/// What the inputs of a workflow of a server may be.
struct InputSchemas {
    private var schemas: [String: JSONValue] = [:]

    /// - Parameter graph: A compiled graph: `inputs` is a list of `{name, schema}`.
    init(graph: JSONValue) {
        for input in graph["inputs"]?.arrayValue ?? [] {
            if let name = input["name"]?.stringValue { schemas[name] = input["schema"] }
        }
    }

    /// - Parameter document: A document: `inputs` is an object of schemas.
    init(document: JSONValue) {
        for member in document["inputs"]?.objectValue?.members ?? [] { schemas[member.key] = member.value }
    }

    /// The values of `--input`, and of `--inputs-file` those that it does not give; the server checks them.
    func read(_ context: CommandContext) throws(CommandFailure) -> JSONObject {
        var inputs = try RunInputs.fromFile(context)
        for member in typed(context).members { inputs[member.key] = member.value }
        return inputs
    }

    /// The values of `--input`. Paths are relative to the person.
    func typed(_ context: CommandContext) -> JSONObject {
        var inputs: JSONObject = [:]
        for pair in context.invocation.pairs("input") {
            let schema = schemas[pair.name]
            var value = RunInputs.value(pair.value, schema: schema)
            if schema?["format"]?.stringValue == "path", let path = value.stringValue {
                value = .string(context.absolute(path))
            }
            inputs[pair.name] = value
        }
        return inputs
    }
}
