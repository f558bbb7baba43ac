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

    struct Entry: Sendable {
        let tool: any Tool
        let definition: ToolDefinition
        let input: JSONSchema
        let output: JSONSchema?

        /// Checks name and schemas.
        init(_ tool: any Tool) throws(Invalid) {
            let definition = tool.definition
            guard ToolRegistry.isName(definition.name) else {
                throw Invalid(description: "\"\(definition.name)\" is no name for a tool")
            }
            do throws(JSONSchemaError) {
                input = try JSONSchema(definition.inputSchema)
                output = try definition.outputSchema.map { schema throws(JSONSchemaError) in try JSONSchema(schema) }
            } catch {
                throw Invalid(description: "a schema of the tool \(definition.name) is wrong: \(error)")
            }
            (self.tool, self.definition) = (tool, definition)
        }
    }

    private let entries: [String: Entry]
    /// Tools that come and go; those with names of other tools are passed over.
    public var changing: ChangingTools?

    /// Checks every name and schema.
    public init(_ tools: [any Tool]) throws(Invalid) {
        var entries: [String: Entry] = [:]
        for tool in tools {
            let entry = try Entry(tool)
            guard entries.updateValue(entry, forKey: entry.definition.name) == nil else {
                throw Invalid(description: "two tools are called \(entry.definition.name)")
            }
        }
        self.entries = entries
    }

    /// The tools that come with Baton, and more.
    public static func builtIn(adding more: [any Tool] = []) throws(Invalid) -> ToolRegistry {
        try ToolRegistry(
            [
                ShellExec(), FileRead(), FileWrite(), FileList(), FileSearch(), GitLog(), GitStatus(), GitDiff(),
                HTTPRequestTool(), KnowledgeSearch(), RAGSearch(), SymbolLookup(),
            ] + NoteTool.all + more
        )
    }

    /// Sorted.
    public var names: [String] { Set(entries.keys).union(changing?.names ?? []).sorted() }

    /// Sorted by name.
    public var definitions: [ToolDefinition] { names.compactMap { entry($0)?.definition } }

    /// The definition of a tool; `nil` when there is none.
    public func definition(of name: String) -> ToolDefinition? { entry(name)?.definition }

    private func entry(_ name: String) -> Entry? { entries[name] ?? changing?.entry(name) }

    /// The name that a wrong one was probably meant to be.
    public func nearestName(to name: String) -> String? {
        var speller = Speller()
        return speller.nearest(to: name, among: names) ?? names.first { $0.hasSuffix(".\(name)") }
    }

    /// The arguments with the schema's defaults in them.
    ///
    /// - Throws: `tool.unavailable` for an unknown name, `validation.failed` with pointers for wrong arguments.
    public func checkedArguments(for name: String, _ arguments: JSONValue) throws(TaskError) -> JSONValue {
        guard let entry = entry(name) else { throw unknown(name) }
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
        guard let entry = entry(name) else { throw unknown(name) }
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

    /// Words of lower-case letters, digits, `_` and `-` that begin with a letter, joined by dots. What servers call their
    /// tools may also have upper-case letters, and begin with others.
    static func isName(_ name: String) -> Bool {
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        let foreign = words.first == "mcp" ? words.dropFirst(2) : []
        guard name.utf8.count <= 128, words.first != "mcp" || !foreign.isEmpty else { return false }
        return words.dropLast(foreign.count).allSatisfy { word in
            guard let first = word.utf8.first, (97...122).contains(first) || words.first == "mcp" else { return false }
            return word.utf8.allSatisfy { isSign($0) && !(65...90).contains($0) }
        } && foreign.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isSign) }
    }

    private static func isSign(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 95 || byte == 45
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
