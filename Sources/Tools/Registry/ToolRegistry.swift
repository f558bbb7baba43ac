// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
public import JSON
public import Model
import Text
import Threads

/// All tools by name.
public struct ToolRegistry: Sendable {
    /// A tool that cannot be registered.
    public struct Invalid: Error, CustomStringConvertible {
        /// One sentence with the tool's name.
        public let description: String
    }

    private struct Entry {
        let tool: any Tool
        let definition: ToolDefinition
        let input: JSONSchema
        let output: JSONSchema?
    }

    private let entries: [String: Entry]

    /// Checks every name and schema.
    public init(_ tools: [any Tool]) throws(Invalid) {
        var entries: [String: Entry] = [:]
        for tool in tools {
            let definition = tool.definition
            guard Self.isName(definition.name) else {
                throw Invalid(description: "\"\(definition.name)\" is no name for a tool")
            }
            guard entries[definition.name] == nil else {
                throw Invalid(description: "two tools are called \(definition.name)")
            }
            do throws(JSONSchemaError) {
                let output = try definition.outputSchema.map { schema throws(JSONSchemaError) in try JSONSchema(schema)
                }
                entries[definition.name] = Entry(
                    tool: tool,
                    definition: definition,
                    input: try JSONSchema(definition.inputSchema),
                    output: output
                )
            } catch {
                throw Invalid(description: "a schema of the tool \(definition.name) is wrong: \(error)")
            }
        }
        self.entries = entries
    }

    /// The tools that come with Baton, and more.
    public static func builtIn(adding more: [any Tool] = []) throws(Invalid) -> ToolRegistry {
        try ToolRegistry(
            [
                ShellExec(), FileRead(), FileWrite(), FileList(), FileSearch(), GitLog(), GitStatus(), GitDiff(),
                HTTPRequestTool(),
            ] + more
        )
    }

    /// Sorted.
    public var names: [String] { entries.keys.sorted() }

    /// Sorted by name.
    public var definitions: [ToolDefinition] { names.compactMap { entries[$0]?.definition } }

    /// The definition of a tool; `nil` when there is none.
    public func definition(of name: String) -> ToolDefinition? { entries[name]?.definition }

    /// The name that a wrong one was probably meant to be.
    public func nearestName(to name: String) -> String? {
        var speller = Speller()
        return speller.nearest(to: name, among: names) ?? names.first { $0.hasSuffix(".\(name)") }
    }

    /// The arguments with the schema's defaults in them.
    ///
    /// - Throws: `tool.unavailable` for an unknown name, `validation.failed` with pointers for wrong arguments.
    public func checkedArguments(for name: String, _ arguments: JSONValue) throws(TaskError) -> JSONValue {
        guard let entry = entries[name] else { throw unknown(name) }
        let given = arguments.isNull ? .object(JSONObject()) : arguments
        let filled = given.fillingDefaults(from: entry.definition.inputSchema)
        let violations = entry.input.validate(filled)
        guard violations.isEmpty else {
            throw .violations(violations, code: "validation.failed", what: "the arguments of \(name)")
        }
        return filled
    }

    /// Calls a tool with checked arguments and checks its result (`output.invalid`).
    public func call(_ name: String, _ arguments: JSONValue, context: ToolContext) async throws(TaskError) -> ToolResult
    {
        let checked = try checkedArguments(for: name, arguments)
        guard let entry = entries[name] else { throw unknown(name) }
        if context.cancellation.isCancelled { throw .cancelled }
        let result = try await entry.tool.call(checked, context: context)
        if let violations = entry.output?.validate(result.output), !violations.isEmpty {
            throw .violations(violations, code: "output.invalid", what: "the result of \(name)")
        }
        return result
    }

    private func unknown(_ name: String) -> TaskError {
        let hint = nearestName(to: name).map { "; did you mean \($0)?" } ?? ""
        return TaskError(
            code: "tool.unavailable",
            errorClass: .permanent,
            message: "there is no tool \"\(name)\"\(hint)"
        )
    }

    private static func isName(_ name: String) -> Bool {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        return name.utf8.count <= 128
            && words.allSatisfy { word in
                guard let first = word.utf8.first, first >= 97, first <= 122 else { return false }
                return word.utf8.allSatisfy {
                    ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 || $0 == 45
                }
            }
    }
}

extension TaskError {
    /// `details.violations` is a list of `{pointer, message}`.
    public static func violations(_ violations: [JSONSchemaViolation], code: String, what: String) -> TaskError {
        let list = violations.prefix(20).map { violation -> JSONValue in
            ["pointer": .string(violation.instancePointer.description), "message": .string(violation.message)]
        }
        let first = violations.first.map { violation in
            let pointer = violation.instancePointer.description
            return pointer.isEmpty ? violation.message : "\(pointer): \(violation.message)"
        }
        return TaskError(
            code: code,
            errorClass: .permanent,
            message: "\(what) does not satisfy the schema: \(first ?? "")",
            details: ["violations": .array(list)]
        )
    }
}

extension JSONValue {
    /// Adds the `default` of every missing property, in objects that are there, as deep as `properties` go.
    public func fillingDefaults(from schema: JSONValue) -> JSONValue {
        guard var object = objectValue, let properties = schema["properties"]?.objectValue else { return self }
        for (name, property) in properties.members.map({ ($0.key, $0.value) }) {
            if let value = object[name] {
                object[name] = value.fillingDefaults(from: property)
            } else if let value = property["default"] {
                object[name] = value
            }
        }
        return .object(object)
    }
}
